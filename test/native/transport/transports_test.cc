// The contract that every row of native/transport/transports.def keeps: what one end is given comes out at the other.
// Owner: the test. Thread: main.
#include "native/transport/transports.h"

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "native/os/linux_kernel.h"
#include "test/native/os/loopback.h"
#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using os::IoOutcome;
using transport::TransportId;

namespace {

constexpr TransportId all_transports[] = {
#define TRANSPORT(id, type) TransportId::id,
#include "native/transport/transports.def"
#undef TRANSPORT
};

/// A socket of ours, ready, and its peer, which speaks the same transport.
struct Fixture {
  explicit Fixture(TransportId of) : id(of) {
    os::ListenOptions options;
    options.address = *os::Address::parse("127.0.0.1", 0);
    listening = kernel.listen(options);
    peer = std::make_unique<loopback::Client>(listening.port);
    fd = loopback::accept_one(kernel, listening.fd);
    if (id == TransportId::tls) client.emplace();
    CHECK(transports.begin(id, fd, {0, "http/1.1"}));
    while (!transports.is_ready(id, fd)) {
      push();
      CHECK(receive().outcome == IoOutcome::would_block);
      if (!transports.is_ready(id, fd)) client->feed(peer->read());
    }
  }
  ~Fixture() { kernel.close_listener(listening.fd, os::Endpoint()); }

  void push() {
    if (client) peer->write(client->take_out());
  }
  void peer_writes(const std::string& text) {
    if (!client) return void(peer->write(text));
    client->say(text);
    push();
  }
  std::string peer_reads(std::size_t length) {
    if (!client) return peer->read_exactly(length);
    std::string heard;
    while (heard.size() < length && !client->failed() && !client->ended()) {
      heard += client->take_heard();
      if (heard.size() < length) client->feed(peer->read());
    }
    return heard;
  }
  bool peer_hears_end() {
    if (!client) return peer->read().empty();
    while (!client->ended() && !client->failed()) {
      const std::string bytes = peer->read();
      if (bytes.empty()) return false;
      client->feed(bytes);
    }
    return client->ended() && peer->read().empty();
  }
  /// Whatever comes first.
  os::IoResult receive() {
    pollfd wanted{fd, POLLIN, 0};
    ::poll(&wanted, 1, 10'000);
    return transports.receive(id, fd, into);
  }

  const TransportId id;
  tls_link::Server server;
  os::LinuxKernel kernel;
  metrics::Block block;
  transport::Transports transports{{kernel, block, &server.contexts}};
  os::Listening listening;
  std::unique_ptr<loopback::Client> peer;
  std::optional<tls_client::TlsClient> client;
  int fd = -1;
  std::array<std::uint8_t, 100> into{};
};

}  // namespace

TEST_CASE("transports: a connection's bytes arrive as they were given, whole or in pieces") {
  for (const TransportId id : all_transports) {
    Fixture on(id);
    const std::string first = "first", second = "second";
    CHECK(on.transports.send(id, on.fd, base::bytes_of(first)).bytes == first.size());
    const std::array<os::Piece, 2> pieces = {{{first.data(), first.size()}, {second.data(), second.size()}}};
    CHECK(on.transports.send_gather(id, on.fd, pieces).bytes == first.size() + second.size());
    CHECK(on.peer_reads(16) == "firstfirstsecond");
    on.peer_writes("answer");
    const os::IoResult result = on.receive();
    CHECK(result.outcome == IoOutcome::ok);
    CHECK(base::text_of(base::Bytes(on.into).first(result.bytes)) == "answer");
    CHECK(on.transports.receive(id, on.fd, on.into).outcome == IoOutcome::would_block);
    CHECK(!on.transports.wants_write(id, on.fd));
    CHECK(!on.transports.has_more(id, on.fd));
    CHECK(on.transports.failure(id, on.fd).empty());
    CHECK(!on.transports.identity(id, on.fd).has_value());
    on.transports.close(id, on.fd);
  }
}

TEST_CASE("transports: each end may end") {
  for (const TransportId id : all_transports) {
    Fixture on(id);
    on.transports.shutdown_send(id, on.fd);
    CHECK(on.peer_hears_end());
    on.peer->close();
    CHECK(on.receive().outcome == IoOutcome::end);
    on.transports.close(id, on.fd);
    Fixture closed(id);
    closed.transports.close(id, closed.fd);
    CHECK(closed.peer_hears_end());
    Fixture another(id);
    another.transports.abort(id, another.fd);
    CHECK(another.peer_hears_end() == (id == TransportId::plain));  // no close_notify
  }
}

TEST_CASE("transports: plain shares bytes, what is encrypted is nobody else's") {
  CHECK(transport::shares_bytes(TransportId::plain));
  CHECK(!transport::shares_bytes(TransportId::tls));
}
