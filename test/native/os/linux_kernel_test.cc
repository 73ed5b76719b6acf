// Covers native/os/linux_kernel.cc with real sockets on loopback.
// Owner: the test. Thread: main; where SIGPIPE may come, one that blocks it, as shards do.
#include "native/os/linux_kernel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <vector>

#include "test/native/os/loopback.h"
#include "test/native/doctest_last.h"

using os::AcceptOutcome;
using os::IoOutcome;
using os::Ready;

namespace {

/// A listener and, at will, one accepted connection with its client.
struct Fixture {
  ~Fixture() {
    if (fd >= 0) kernel.close(fd);
    kernel.close(listening.fd);
  }
  loopback::Client connect(int receive_buffer_bytes = 0) {
    loopback::Client client(listening.port, receive_buffer_bytes);
    fd = loopback::accept_one(kernel, listening.fd);
    return client;
  }
  os::ListenOptions options() const { return {*os::Address::parse("127.0.0.1", 0), 16, 64 * 1024, false}; }
  os::IoResult send(const std::string& text) { return kernel.send(fd, base::bytes_of(text)); }
  /// Waits for the poller's news, at most 10 s.
  std::vector<Ready> wait(int poller) {
    std::array<Ready, 8> ready;
    const std::size_t count = kernel.wait(poller, ready, 10'000);
    return {ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  os::LinuxKernel kernel;
  os::Listening listening = kernel.listen(options());
  int fd = -1;
};

bool closes_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

/// Sends until the kernel refuses; returns how much it took.
std::size_t fill(os::Kernel& kernel, int fd) {
  const std::vector<std::uint8_t> chunk(16 * 1024, 'f');
  std::size_t total = 0;
  for (;;) {
    const os::IoResult result = kernel.send(fd, chunk);
    if (result.outcome == IoOutcome::would_block) return total;
    REQUIRE(result.outcome == IoOutcome::ok);
    total += result.bytes;
  }
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "linux kernel: accepted sockets are ready for what they are for") {
  const loopback::Client client = connect();
  REQUIRE(fd >= 0);
  int value = 0;
  socklen_t length = sizeof value;
  CHECK(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length) == 0);
  CHECK(value == 1);
  char congestion[16] = {};
  length = sizeof congestion;
  CHECK(::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &length) == 0);
  CHECK(std::string(congestion) != "bbr");
  length = sizeof value;
  CHECK(::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &length) == 0);
  CHECK(value <= 128 * 1024);  // the kernel doubles what it is asked for
  CHECK(is_non_blocking(fd));
  CHECK(is_non_blocking(listening.fd));
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: no descriptor of any kind survives exec") {
  const loopback::Client client = connect();
  const int poller = kernel.open_poller();
  const int wake = kernel.open_wake();
  const os::Mapping mapping = kernel.map(4096);
  for (const int each : {listening.fd, fd, poller, wake, mapping.file}) {
    CHECK(each >= 0);
    CHECK(closes_on_exec(each));
  }
  kernel.unmap(mapping);
  kernel.close(wake);
  kernel.close(poller);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: an empty accept queue, and who is at the other end") {
  CHECK(kernel.accept(listening.fd).outcome == AcceptOutcome::would_block);
  const loopback::Client client(listening.port);
  const os::Accepted accepted = kernel.accept(listening.fd);
  REQUIRE(accepted.outcome == AcceptOutcome::ok);
  CHECK(accepted.peer.host() == "127.0.0.1");
  sockaddr_in local{};
  socklen_t length = sizeof local;
  ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&local), &length);
  CHECK(accepted.peer.port == ntohs(local.sin_port));
  kernel.close(accepted.fd);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: a port in use and an absent address are errors with their number") {
  os::ListenOptions again = options();
  again.address.port = listening.port;
  CHECK(kernel.listen(again).error == EADDRINUSE);
  os::ListenOptions absent = options();
  absent.address = *os::Address::parse("192.0.2.1", 0);
  CHECK(kernel.listen(absent).error == EADDRNOTAVAIL);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: bytes both ways, gathered and in batches, then the end") {
  loopback::Client client = connect();
  CHECK(send("one ").bytes == 4);
  const os::Piece pieces[] = {{"two ", 4}, {"three ", 6}};
  CHECK(kernel.send_gather(fd, pieces).bytes == 10);
  const std::string text = "four ";
  std::array<os::SendOp, 2> ops;
  for (os::SendOp& op : ops) {
    op.fd = fd;
    op.bytes = base::bytes_of(text).data();
    op.length = 5;
  }
  kernel.send_batch(ops);
  CHECK(ops[0].result.bytes == 5);
  CHECK(ops[1].result.outcome == IoOutcome::ok);
  CHECK(client.read_exactly(24) == "one two three four four ");

  std::array<std::uint8_t, 100> buffer;
  CHECK(kernel.receive(fd, buffer).outcome == IoOutcome::would_block);
  const int poller = kernel.open_poller();
  REQUIRE(kernel.watch(poller, fd, 1, os::Watch::edge_in_out));
  client.write("hello");
  client.close();
  std::string got;
  for (os::IoOutcome outcome = IoOutcome::ok; outcome != IoOutcome::end;) {
    const os::IoResult result = kernel.receive(fd, buffer);
    outcome = result.outcome;
    REQUIRE(outcome != IoOutcome::failed);
    got.append(reinterpret_cast<const char*>(buffer.data()), result.bytes);
    if (outcome == IoOutcome::would_block) REQUIRE(!wait(poller).empty());
  }
  CHECK(got == "hello");
  kernel.close(poller);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: shutting our direction is the end for the peer, who may still talk") {
  loopback::Client client = connect();
  kernel.shutdown_send(fd);
  CHECK(client.read().empty());
  CHECK(client.write("still here"));
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: a full buffer refuses, costs at most 256 KiB, and reports room once") {
  loopback::Client client = connect(4096);
  const int poller = kernel.open_poller();
  REQUIRE(kernel.watch(poller, fd, 42, os::Watch::edge_in_out));
  const std::vector<Ready> first = wait(poller);
  REQUIRE(first.size() == 1);
  CHECK(first[0].token == 42);
  CHECK(first[0].writable);
  CHECK(!first[0].readable);
  std::size_t taken = fill(kernel, fd);
  CHECK(taken <= 256 * 1024);
  CHECK(client.read_exactly(taken).size() == taken);
  const std::vector<Ready> second = wait(poller);
  REQUIRE(second.size() == 1);
  CHECK(second[0].writable);
  CHECK(send("more").bytes == 4);
  CHECK(client.read_exactly(4) == "more");
  kernel.close(poller);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: ranges of a mapped segment leave by sendfile") {
  loopback::Client client = connect();
  const os::Mapping mapping = kernel.map(64 * 1024);
  REQUIRE(mapping.bytes != nullptr);
  for (std::size_t i = 0; i < mapping.length; ++i) mapping.bytes[i] = static_cast<std::uint8_t>(i * 7);
  std::string got;
  for (std::size_t at = 1000; at < 50'000;) {
    std::array<os::SendOp, 1> ops;
    ops[0] = {fd, static_cast<std::uint32_t>(50'000 - at), mapping.bytes + at, mapping.file, at, {}};
    kernel.send_batch(ops);
    REQUIRE(ops[0].result.outcome != IoOutcome::failed);
    got += client.read_exactly(ops[0].result.bytes);
    at += ops[0].result.bytes;
  }
  kernel.unmap(mapping);
  REQUIRE(got.size() == 49'000);
  bool same = true;
  for (std::size_t i = 0; i < got.size(); ++i) {
    same = same && static_cast<std::uint8_t>(got[i]) == static_cast<std::uint8_t>((i + 1000) * 7);
  }
  CHECK(same);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: a reset is an error on every call, never a signal") {
  std::thread([this] {
    os::prepare_thread("test");
    loopback::Client client = connect();
    const int poller = kernel.open_poller();
    REQUIRE(kernel.watch(poller, fd, 1, os::Watch::edge_in_out));
    wait(poller);
    client.reset();
    const std::vector<Ready> ready = wait(poller);
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].hang_up);
    CHECK(ready[0].readable);
    std::array<std::uint8_t, 10> buffer;
    const os::IoResult received = kernel.receive(fd, buffer);
    CHECK(received.outcome == IoOutcome::failed);
    CHECK(received.error == ECONNRESET);
    CHECK(send("x").error == EPIPE);
    const os::Piece piece{"x", 1};
    CHECK(kernel.send_gather(fd, {&piece, 1}).error == EPIPE);
    const os::Mapping mapping = kernel.map(4096);
    std::array<os::SendOp, 1> ops;
    ops[0] = {fd, 100, mapping.bytes, mapping.file, 0, {}};
    kernel.send_batch(ops);
    CHECK(ops[0].result.outcome == IoOutcome::failed);
    kernel.unmap(mapping);
    kernel.close(poller);
  }).join();
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: abort makes the peer see a reset, whatever was unsent") {
  loopback::Client client = connect(4096);
  fill(kernel, fd);
  kernel.abort(std::exchange(fd, -1));
  std::array<char, 1 << 16> buffer;
  ssize_t got;
  do {
    got = ::recv(client.fd(), buffer.data(), buffer.size(), 0);
  } while (got > 0);
  CHECK(got == -1);
  CHECK(errno == ECONNRESET);
}

TEST_CASE_FIXTURE(Fixture, "linux kernel: listeners and wake-ups are reported as long as there is something") {
  const int poller = kernel.open_poller();
  const int wake = kernel.open_wake();
  REQUIRE(kernel.watch(poller, wake, 7, os::Watch::level_in));
  std::array<Ready, 4> ready;
  CHECK(kernel.wait(poller, ready, 0) == 0);
  kernel.signal_wake(wake);
  kernel.signal_wake(wake);
  CHECK(kernel.wait(poller, ready, 0) == 1);
  CHECK(kernel.wait(poller, ready, 0) == 1);
  CHECK(ready[0].token == 7);
  kernel.clear_wake(wake);
  kernel.clear_wake(wake);
  CHECK(kernel.wait(poller, ready, 0) == 0);
  kernel.signal_wake(wake);
  kernel.unwatch(poller, wake);
  CHECK(kernel.wait(poller, ready, 0) == 0);
  kernel.close(wake);
  kernel.close(poller);
}

namespace {
std::size_t resident_pages(base::MutableBytes pages) {
  std::vector<unsigned char> resident(pages.size() / 4096);
  REQUIRE(::mincore(pages.data(), pages.size(), resident.data()) == 0);
  return static_cast<std::size_t>(std::count_if(resident.begin(), resident.end(), [](unsigned char page) { return (page & 1) != 0; }));
}
}  // namespace

TEST_CASE("linux kernel: pages become memory without being touched, and keep what they hold") {
  os::LinuxKernel kernel;
  for (const bool with_file : {false, true}) {
    for (const bool old_kernel : {false, true}) {
      CAPTURE(with_file);
      CAPTURE(old_kernel);
      const os::Mapping mapping = with_file ? kernel.map(16 * 4096) : kernel.map_private(16 * 4096);
      REQUIRE(mapping.bytes != nullptr);
      const base::MutableBytes all(mapping.bytes, mapping.length);
      mapping.bytes[3 * 4096] = 7;
      CHECK(resident_pages(all) == 1);
      // Refused as an unknown advice is, where it is not of whole pages.
      kernel.populate(old_kernel ? all.subspan(2 * 4096 + 1, 6 * 4096 - 1) : all.subspan(2 * 4096, 6 * 4096));
      CHECK(resident_pages(all) == 6);
      CHECK(mapping.bytes[3 * 4096] == 7);
      CHECK(std::count(all.begin() + 4096 * 4, all.begin() + 4096 * 8, 0) == 4096 * 4);
      kernel.unmap(mapping);
    }
  }
}

TEST_CASE("linux kernel: the clock does not go back") {
  os::LinuxKernel kernel;
  std::int64_t last = kernel.now_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t now = kernel.now_ns();
    CHECK(now >= last);
    last = now;
  }
}

TEST_CASE("linux kernel: the file limit can be raised to the hard limit") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(os::raise_file_limit() == limit.rlim_max);
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(limit.rlim_cur == limit.rlim_max);
}
