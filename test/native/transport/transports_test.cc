// The contract that every row of native/transport/transports.def keeps: what one end is given comes out at the other.
// Owner: the test. Thread: main.
#include "native/transport/transports.h"

#include <array>
#include <memory>
#include <string>

#include "native/os/linux_kernel.h"
#include "test/native/os/loopback.h"
#include "test/native/doctest_last.h"

using os::IoOutcome;
using transport::TransportId;

namespace {

constexpr TransportId all_transports[] = {
#define TRANSPORT(id, type) TransportId::id,
#include "native/transport/transports.def"
#undef TRANSPORT
};

/// A socket of ours, and its peer.
struct Fixture {
  Fixture() {
    os::ListenOptions options;
    options.address = *os::Address::parse("127.0.0.1", 0);
    listening = kernel.listen(options);
    peer = std::make_unique<loopback::Client>(listening.port);
    fd = loopback::accept_one(kernel, listening.fd);
  }
  ~Fixture() { kernel.close_listener(listening.fd, os::Endpoint()); }
  /// Whatever comes first.
  os::IoResult receive(TransportId id) {
    for (;;) {
      pollfd wanted{fd, POLLIN, 0};
      ::poll(&wanted, 1, 10'000);
      const os::IoResult result = transports.receive(id, fd, into);
      if (result.outcome != IoOutcome::would_block) return result;
    }
  }

  os::LinuxKernel kernel;
  transport::Transports transports{kernel};
  os::Listening listening;
  std::unique_ptr<loopback::Client> peer;
  int fd = -1;
  std::array<std::uint8_t, 100> into{};
};

}  // namespace

TEST_CASE("transports: a connection's bytes arrive as they were given, whole or in pieces") {
  for (const TransportId id : all_transports) {
    Fixture on;
    const std::string first = "first", second = "second";
    CHECK(on.transports.send(id, on.fd, base::bytes_of(first)).bytes == first.size());
    const std::array<os::Piece, 2> pieces = {{{first.data(), first.size()}, {second.data(), second.size()}}};
    CHECK(on.transports.send_gather(id, on.fd, pieces).bytes == first.size() + second.size());
    CHECK(on.peer->read_exactly(16) == "firstfirstsecond");
    on.peer->write("answer");
    const os::IoResult result = on.receive(id);
    CHECK(result.outcome == IoOutcome::ok);
    CHECK(base::text_of(base::Bytes(on.into).first(result.bytes)) == "answer");
    CHECK(on.transports.receive(id, on.fd, on.into).outcome == IoOutcome::would_block);
    CHECK(!on.transports.wants_write(id, on.fd));
    on.transports.close(id, on.fd);
  }
}

TEST_CASE("transports: each end may end") {
  for (const TransportId id : all_transports) {
    Fixture on;
    on.transports.shutdown_send(id, on.fd);
    CHECK(on.peer->read().empty());
    on.peer->close();
    CHECK(on.receive(id).outcome == IoOutcome::end);
    on.transports.close(id, on.fd);
    Fixture another;
    another.transports.abort(id, another.fd);
    CHECK(another.peer->read().empty());
  }
}

TEST_CASE("transports: plain shares bytes") { CHECK(transport::shares_bytes(TransportId::plain)); }
