// What a client should not do: it ends that connection only, and is counted by its reason.
// Owner: the test. Thread: main.
#include <openssl/ssl.h>

#include "native/transport/tls.h"
#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using os::IoOutcome;
using tls_client::Setup;
using tls_link::Link;
using tls_link::Server;

namespace {

constexpr Metric failures[] = {
#define TLS_REASON(id, text) Metric::tls_failed_##id,
#include "native/transport/tls_reasons.def"
#undef TLS_REASON
};

/// It has failed for that reason, once, and for no other.
bool failed_only_for(Link& link, Metric reason) {
  std::int64_t sum = 0;
  for (const Metric each : failures) sum += link.count(each);
  return sum == 1 && link.count(reason) == 1 && link.last.outcome == IoOutcome::failed && !link.failure().empty();
}

void send_raw(Link& link, const std::string& bytes) {
  link.kernel.to_server = bytes;
  while (!link.over() && (!link.kernel.to_server.empty() || link.has_more())) link.last = link.receive();
}

std::string hex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

}  // namespace

TEST_CASE("tls attacks: HTTP in plain text is answered by one 400") {
  Server server;
  for (const char* request : {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x HTTP/1.0\n\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    for (const std::size_t step : {std::size_t{1}, SIZE_MAX}) {
      Link link(server);
      link.kernel.brings_max = step;
      send_raw(link, request);
      CHECK(failed_only_for(link, Metric::tls_failed_plain_text));
      CHECK(link.kernel.to_client.starts_with("HTTP/1.1 400 Bad Request\r\n"));
      CHECK(link.kernel.to_client.find("400", 12) == std::string::npos);
    }
  }
}

TEST_CASE("tls attacks: a request that never ends is answered when it is long, other text at once and by nothing") {
  Server server;
  Link endless(server);
  send_raw(endless, "GET /" + std::string(60'000, 'a'));
  CHECK(failed_only_for(endless, Metric::tls_failed_plain_text));
  CHECK(endless.kernel.to_client.starts_with("HTTP/1.1 400 "));
  for (const char* text : {"hola", "HELLO\r\n", "{}", "\r\n\r\n", "THISISNOMETHODOFHTTPATALL /"}) {
    Link link(server);
    send_raw(link, text);
    CHECK(failed_only_for(link, Metric::tls_failed_plain_text));
    CHECK(link.kernel.to_client.empty());
  }
  Link undecided(server);
  send_raw(undecided, "GET");
  CHECK(!undecided.over());
  undecided.kernel.client_gone = true;
  CHECK(undecided.receive().outcome == IoOutcome::end);
  CHECK(undecided.count(Metric::tls_failed_plain_text) == 1);
}

TEST_CASE("tls attacks: text that came before the transport began, more than a record of it") {
  Server server;
  Link link(server);
  const std::string text = "GET /" + std::string(60'000, '\x01');
  link.transports.give(transport::TransportId::tls, tls_link::LinkKernel::fd, base::bytes_of(text));
  link.last = link.receive();
  CHECK(failed_only_for(link, Metric::tls_failed_plain_text));
}

TEST_CASE("tls attacks: garbage, at the beginning and instead of a handshake") {
  Server server;
  for (const char* bytes : {"00", "ff000000", "80 2e 01 03 01", "1503010002020a", "1403010001011603", "170303000548656c6c6f"}) {
    Link link(server);
    std::string packed;
    for (const char* at = bytes; *at != 0; ++at) packed += *at == ' ' ? "" : std::string(1, *at);
    send_raw(link, hex(packed));
    CHECK(failed_only_for(link, Metric::tls_failed_garbage));
  }
  for (const char* bytes : {"1602000005", "160301000401000000", "16030100050100000100", "1603030005aaaaaaaaaa"}) {
    CAPTURE(bytes);
    Link link(server);
    send_raw(link, hex(bytes));
    link.kernel.client_gone = true;
    if (!link.over()) link.last = link.receive();
    CHECK(link.over());
    CHECK(!link.is_ready());
  }
}

TEST_CASE("tls attacks: one flipped bit in a record") {
  Server server;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Setup setup;
    setup.version_max = version;
    Link measure(server, setup);
    measure.settle();
    measure.client.say("0123456789");
    const std::size_t length = measure.client.take_out().size();
    for (std::size_t at = 5; at < length; ++at) {
      Link link(server, setup);
      link.settle();
      link.client.say("0123456789");
      std::string record = link.client.take_out();
      record[at] = static_cast<char>(record[at] ^ 0x10);
      send_raw(link, record);
      CHECK(failed_only_for(link, Metric::tls_failed_garbage));
      CHECK(link.heard.empty());
      CHECK(!link.kernel.to_client.empty());  // an alert
    }
  }
}

TEST_CASE("tls attacks: a record that claims too much is refused by its head") {
  Server server;
  for (const char* head : {"160301ffff", "1603014801", "1603034900"}) {
    Link link(server);
    send_raw(link, hex(head));
    CHECK(failed_only_for(link, Metric::tls_failed_oversized));
  }
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Setup setup;
    setup.version_max = version;
    Link link(server, setup);
    link.settle();
    send_raw(link, hex("170303ffff"));
    CHECK(failed_only_for(link, Metric::tls_failed_oversized));
  }
  Link just(server);
  just.settle();
  send_raw(just, hex("1703034101") + std::string(0x4101, 'x'));
  CHECK(failed_only_for(just, Metric::tls_failed_oversized));
}

TEST_CASE("tls attacks: renegotiation ends the connection") {
  Server server;
  Setup setup;
  setup.version_max = TLS1_2_VERSION;
  Link link(server, setup);
  link.settle();
  CHECK(link.client.renegotiate() == 1);
  link.client.say("x");
  link.settle();
  CHECK(failed_only_for(link, Metric::tls_failed_renegotiation));
}

TEST_CASE("tls attacks: who asks for new keys without reading the answers is kept within a bound") {
  Server server;
  Link link(server);
  link.settle();
  link.kernel.takes_left = 0;
  std::size_t updates = 0;
  for (; !link.over() && updates < 100'000; ++updates) {
    link.client.update_key();
    link.client.say("x");
    link.kernel.to_server = link.client.take_out();
    while (!link.over() && !link.kernel.to_server.empty()) link.last = link.receive();
  }
  CHECK(link.over());
  CHECK(updates < 10'000);
}

TEST_CASE("tls attacks: a client that does not trust us says so by alert") {
  Server server;
  Setup setup;
  setup.authority = certificates::make({"Another Root", "", "", true}).chain;
  Link link(server, setup);
  link.settle();
  CHECK(!link.is_ready());
  CHECK(failed_only_for(link, Metric::tls_failed_alert));
}

TEST_CASE("tls attacks: no group in common") {
  Server server;
  Setup setup;
  setup.groups = "secp224r1";
  setup.version_max = TLS1_2_VERSION;
  Link link(server, setup);
  link.settle();
  CHECK(failed_only_for(link, Metric::tls_failed_cipher));
}
