// The TLS transport: what comes in pieces, what leaves in pieces, how it ends.
// Owner: the test. Thread: main.
#include "native/transport/tls.h"

#include <openssl/ssl.h>

#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using os::IoOutcome;
using tls_client::Setup;
using tls_link::Link;
using tls_link::Server;
using transport::Tls;

namespace {

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

Setup setup_of(int version) {
  Setup setup;
  setup.version_max = version;
  return setup;
}

std::string text_of_length(std::size_t length) {
  std::string text;
  while (text.size() < length) text += std::to_string(text.size()) + ',';
  text.resize(length);
  return text;
}

/// Everything the client has to say arrives in steps of so many bytes.
void settle_in_steps(Link& link, std::size_t step) {
  link.kernel.brings_max = step;
  link.settle();
  link.kernel.brings_max = SIZE_MAX;
}

}  // namespace

TEST_CASE("tls: a byte at a time, the handshake and what follows") {
  Server server;
  for (const int version : versions) {
    Link link(server, setup_of(version));
    settle_in_steps(link, 1);
    CHECK(link.is_ready());
    link.client.say("hello");
    link.client.say("world");
    settle_in_steps(link, 1);
    CHECK(link.heard == "helloworld");
  }
}

TEST_CASE("tls: a record that is split at any boundary is one") {
  Server server;
  for (const int version : versions) {
    Link link(server, setup_of(version));
    link.settle();
    link.client.say("0123456789");
    const std::size_t length = link.client.take_out().size();
    link.client.say("0123456789");
    link.client.take_out();
    Link again(server, setup_of(version));
    again.settle();
    for (std::size_t cut = 1; cut < length; ++cut) {
      again.client.say("0123456789");
      const std::string record = again.client.take_out();
      REQUIRE(record.size() == length);
      again.kernel.to_server = record.substr(0, cut);
      CHECK(again.receive().outcome == IoOutcome::would_block);
      CHECK(!again.has_more());
      again.kernel.to_server = record.substr(cut);
      CHECK(again.receive().bytes == 10);
    }
  }
}

TEST_CASE("tls: what the client says with the end of its handshake is heard in the same read") {
  Server server;
  Link link(server);
  link.kernel.to_server = link.client.take_out();
  CHECK(link.receive().outcome == IoOutcome::would_block);
  CHECK(!link.is_ready());
  link.client.feed(std::exchange(link.kernel.to_client, {}));
  link.client.say("first words");
  link.kernel.to_server = link.client.take_out();
  CHECK(link.receive().bytes == 11);
  CHECK(link.is_ready());
  CHECK(link.heard == "first words");
}

TEST_CASE("tls: a reader with little room gets it all, and is told that there is more") {
  Server server;
  for (const std::size_t room : {std::size_t{1}, std::size_t{1000}, std::size_t{16'384}, std::size_t{64 * 1024}}) {
    const std::string text = text_of_length(std::min<std::size_t>(room * 100 + 1000, 100'000));
    Link link(server);
    link.settle();
    link.client.say(text);
    link.kernel.to_server = link.client.take_out();
    std::size_t reads = 0;
    for (;; ++reads) {
      const os::IoResult result = link.receive(room);
      if (result.outcome == IoOutcome::would_block) break;
      REQUIRE(result.outcome == IoOutcome::ok);
      CHECK((result.bytes <= room && result.bytes > 0));
      if (result.bytes < room && !link.has_more()) break;
    }
    CHECK(link.kernel.to_server.empty());
    CHECK(link.heard == text);
  }
}

TEST_CASE("tls: bytes that were read before the transport began are its first") {
  Server server;
  Link link(server);
  const std::string hello = link.client.take_out();
  for (const std::size_t given : {std::size_t{1}, std::size_t{100}, hello.size()}) {
    Link early(server);
    const std::string own = early.client.take_out();
    early.transports.give(transport::TransportId::tls, tls_link::LinkKernel::fd, base::bytes_of(std::string_view(own).substr(0, given)));
    early.kernel.to_server = own.substr(std::min(given, own.size()));
    CHECK(early.receive().outcome == IoOutcome::would_block);
    CHECK(!early.kernel.to_client.empty());
  }
}

TEST_CASE("tls: a write is one record of 16 KiB at most, however many pieces it has") {
  Server server;
  Link link(server);
  link.settle();
  link.kernel.sends = 0;
  const std::string text = text_of_length(100'000);
  std::vector<os::Piece> pieces;
  for (std::size_t at = 0; at < text.size(); at += 777) pieces.push_back({text.data() + at, std::min<std::size_t>(777, text.size() - at)});
  CHECK(link.transports.send_gather(transport::TransportId::tls, tls_link::LinkKernel::fd, pieces).bytes == Tls::plain_bytes_max);
  CHECK(link.kernel.sends == 1);
  CHECK(link.client_hears() == text.substr(0, Tls::plain_bytes_max));
  CHECK(link.send(text).bytes == Tls::plain_bytes_max);
  CHECK(link.kernel.sends == 2);
  CHECK(link.client_hears() == text.substr(0, Tls::plain_bytes_max));
}

TEST_CASE("tls: what the kernel refuses of a record is kept, and nothing else is taken before it has left") {
  Server server;
  const std::string text = text_of_length(300);
  Link measure(server);
  measure.settle();
  measure.send(text);
  const std::size_t record = measure.kernel.to_client.size();
  Link link(server);
  link.settle();
  for (std::size_t taken = 0; taken < record; ++taken) {
    link.kernel.takes_left = taken;
    CHECK(link.send(text).bytes == text.size());
    CHECK(link.wants_write());
    CHECK(link.send("more").outcome == IoOutcome::would_block);
    CHECK(link.send_nothing().outcome == IoOutcome::would_block);
    link.kernel.takes_left = SIZE_MAX;
    link.kernel.takes_max = 100;
    CHECK(link.send_nothing().outcome == IoOutcome::ok);
    link.kernel.takes_max = SIZE_MAX;
    CHECK(!link.wants_write());
    CHECK(link.client_hears() == text);
  }
}

TEST_CASE("tls: what is held leaves when it is released, and what the kernel refuses of it waits") {
  Server server;
  const std::string text = text_of_length(300);
  for (const int version : versions) {
    Link link(server, setup_of(version));
    link.settle();
    link.kernel.sends = 0;
    link.transports.hold();
    CHECK(link.send(text).bytes == text.size());
    CHECK(!link.wants_write());
    link.transports.release();
    CHECK(link.kernel.sends == 1);
    CHECK(link.client_hears() == text);
    link.kernel.takes_left = 100;
    link.transports.hold();
    CHECK(link.send(text).bytes == text.size());
    link.transports.release();
    CHECK(link.wants_write());
    link.kernel.takes_left = SIZE_MAX;
    CHECK(link.send_nothing().outcome == IoOutcome::ok);
    CHECK(!link.wants_write());
    CHECK(link.client_hears() == text);
  }
}

TEST_CASE("tls: what is held leaves before anything else of its connection") {
  Server server;
  const std::string text = text_of_length(300);
  Link twice(server);
  twice.settle();
  twice.transports.hold();
  CHECK(twice.send(text).bytes == text.size());
  CHECK(twice.send("behind it").bytes == 9);
  twice.transports.release();
  CHECK(twice.client_hears() == text + "behind it");
  Link refused(server);
  refused.settle();
  refused.kernel.takes_left = 10;
  refused.transports.hold();
  CHECK(refused.send(text).bytes == text.size());
  CHECK(refused.send("behind it").outcome == IoOutcome::would_block);
  refused.transports.release();
  Link closed(server);
  closed.settle();
  closed.transports.hold();
  CHECK(closed.send(text).bytes == text.size());
  closed.transports.close(transport::TransportId::tls, tls_link::LinkKernel::fd);
  CHECK(closed.client_hears() == text);
  CHECK(closed.client.ended());
  closed.transports.release();
  Link asked(server);
  asked.settle();
  asked.transports.hold();
  CHECK(asked.send(text).bytes == text.size());
  asked.client.update_key();
  asked.client.say("x");
  asked.kernel.to_server = asked.client.take_out();
  CHECK(asked.receive().bytes == 1);
  asked.transports.release();
  CHECK(asked.client_hears() == text);
  CHECK(!asked.client.failed());
}

TEST_CASE("tls: more than a batch may hold leaves in several, in order") {
  Server server;
  Link link(server);
  link.settle();
  std::string all;
  for (int round = 0; round < 3; ++round) {
    link.transports.hold();
    for (int i = 0; i < 30; ++i) {
      const std::string text = text_of_length(Tls::plain_bytes_max - static_cast<std::size_t>(i));
      CHECK(link.send(text).bytes == text.size());
      all += text;
    }
    link.transports.release();
  }
  CHECK(link.client_hears() == all);
}

TEST_CASE("tls: a socket that fails under what was held is said to want a write, which fails") {
  Server server;
  Link link(server);
  link.settle();
  link.kernel.broken = true;
  link.transports.hold();
  CHECK(link.send("lost").bytes == 4);
  link.transports.release();
  CHECK(link.wants_write());
  CHECK(link.send_nothing().outcome == IoOutcome::failed);
}

TEST_CASE("tls: a handshake whose answer the kernel takes byte by byte") {
  Server server;
  Link link(server);
  link.kernel.takes_max = 1;
  link.settle();
  CHECK(link.is_ready());
}

TEST_CASE("tls: close_notify ends the stream, its absence too, and is counted") {
  Server server;
  for (const int version : versions) {
    Link polite(server, setup_of(version));
    polite.settle();
    polite.client.say("last");
    polite.client.say_end();
    polite.settle();
    CHECK(polite.heard == "last");
    CHECK(polite.last.outcome == IoOutcome::end);
    CHECK(polite.count(Metric::tls_failed_early_close) == 0);
    Link rude(server, setup_of(version));
    rude.settle();
    rude.kernel.client_gone = true;
    CHECK(rude.receive().outcome == IoOutcome::end);
    CHECK(rude.count(Metric::tls_failed_early_close) == 1);
    Link answered(server, setup_of(version));
    answered.settle();
    answered.transports.shutdown_send(transport::TransportId::tls, tls_link::LinkKernel::fd);
    CHECK(answered.kernel.shut);
    answered.client_hears();
    CHECK(answered.client.ended());
    answered.kernel.client_gone = true;
    CHECK(answered.receive().outcome == IoOutcome::end);
    CHECK(answered.count(Metric::tls_failed_early_close) == 0);
  }
}

TEST_CASE("tls: a client that leaves within its handshake is counted, one that has said nothing is not") {
  Server server;
  Link begun(server);
  begun.kernel.to_server = begun.client.take_out().substr(0, 50);
  begun.receive();
  begun.kernel.client_gone = true;
  CHECK(begun.receive().outcome == IoOutcome::end);
  CHECK(begun.count(Metric::tls_failed_early_close) == 1);
  Link probe(server);
  probe.kernel.client_gone = true;
  CHECK(probe.receive().outcome == IoOutcome::end);
  CHECK(probe.count(Metric::tls_failed_early_close) == 0);
}

TEST_CASE("tls: close says close_notify, abort says nothing") {
  Server server;
  Link link(server);
  link.settle();
  link.transports.close(transport::TransportId::tls, tls_link::LinkKernel::fd);
  CHECK(link.kernel.closed);
  link.client_hears();
  CHECK(link.client.ended());
  Link cut(server);
  cut.settle();
  cut.transports.abort(transport::TransportId::tls, tls_link::LinkKernel::fd);
  CHECK(cut.kernel.aborted);
  CHECK(cut.kernel.to_client.empty());
}

TEST_CASE("tls: contexts that are replaced leave connections and handshakes as they are") {
  Server server;
  Link there(server), within(server);
  there.settle();
  within.kernel.to_server = within.client.take_out();
  within.receive();
  server.replace(tls_link::options_of(certificates::make({"next"})));
  there.client.say("still there");
  there.settle();
  CHECK(there.heard == "still there");
  within.settle();
  CHECK(within.is_ready());
  CHECK(within.client.server_common_name() == "localhost");
  Link next(server);
  next.settle();
  CHECK(next.client.server_common_name() == "next");
}

TEST_CASE("tls: keys are updated when the client asks for it") {
  Server server;
  Link link(server);
  link.settle();
  for (int i = 0; i < 3; ++i) {
    link.client.update_key();
    link.client.say("after it");
    link.settle();
    CHECK(link.send("answer").bytes == 6);
    CHECK(link.client_hears() == "answer");
  }
  CHECK(link.heard == "after itafter itafter it");
}
