// Covers native/os/uring_kernel.cc on the real ring with real sockets: whatever becomes of a write, it is what a plain send
// would have met. Where the system has no io_uring, these tests say so and pass; send_ring_test.cc needs none.
// Owner: the test. Thread: one for each kernel, since a thread keeps its ring.
#include "native/os/uring_kernel.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "test/native/os/fake_ring.h"
#include "test/native/os/loopback.h"
#include "test/native/doctest_last.h"

using os::IoOutcome;

namespace {

bool has_ring() {
  if (os::UringKernel::available()) return true;
  MESSAGE("skipped: this system does not let this process use io_uring");
  return false;
}

/// What becomes of a write on a socket of that kind.
enum class Kind { idle, full, nearly_full, peer_closed, peer_deaf, our_end_shut, kinds };

/// Two connected sockets; `ours` does not block.
class Pair {
 public:
  explicit Pair(Kind kind) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_.data()) == 0);
    const int bytes = 16 * 1024;
    REQUIRE(::setsockopt(ours(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0);
    REQUIRE(::fcntl(ours(), F_SETFL, O_NONBLOCK) == 0);
    if (kind == Kind::full || kind == Kind::nearly_full) fill();
    // Room for some of what was sent in pieces of 4096 bytes, but not for 60,000.
    if (kind == Kind::nearly_full) REQUIRE(read_some(8192) == 8192);
    if (kind == Kind::peer_closed) close(1);
    if (kind == Kind::peer_deaf) ::shutdown(fds_[1], SHUT_RD);
    if (kind == Kind::our_end_shut) ::shutdown(ours(), SHUT_WR);
  }
  ~Pair() {
    close(0);
    close(1);
  }
  Pair(Pair&& other) noexcept : fds_(std::exchange(other.fds_, {-1, -1})) {}

  int ours() const { return fds_[0]; }
  /// All that has arrived.
  std::string arrived() {
    if (fds_[1] < 0) return {};
    ::fcntl(fds_[1], F_SETFL, O_NONBLOCK);
    std::string text;
    std::array<char, 65536> buffer;
    for (ssize_t got; (got = ::recv(fds_[1], buffer.data(), buffer.size(), 0)) > 0;) text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
  }

 private:
  void fill() {
    const std::string chunk(4096, 'f');
    while (::send(ours(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {}
  }
  std::size_t read_some(std::size_t bytes) {
    std::string into(bytes, '\0');
    return static_cast<std::size_t>(::recv(fds_[1], into.data(), bytes, MSG_WAITALL));
  }
  void close(std::size_t which) {
    if (fds_[which] >= 0) ::close(std::exchange(fds_[which], -1));
  }

  std::array<int, 2> fds_ = {-1, -1};
};

struct Outcome {
  IoOutcome outcome;
  std::size_t bytes;
  int error;
  std::string arrived;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

os::SendOp write_of(int fd, base::Bytes bytes) {
  os::SendOp op;
  op.fd = fd;
  op.bytes = bytes.data();
  op.length = static_cast<std::uint32_t>(bytes.size());
  return op;
}

/// One batch of `count` writes of different lengths, the sockets of all kinds in turn.
std::vector<Outcome> outcomes(os::Kernel& kernel, std::size_t count) {
  std::vector<std::uint8_t> bytes(60'000 + count);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
  std::vector<Pair> pairs;
  std::vector<os::SendOp> ops;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.emplace_back(static_cast<Kind>(i % static_cast<std::size_t>(Kind::kinds)));
    const std::uint32_t lengths[] = {1, 125, 4000, 60'000, 60'000};
    ops.push_back(write_of(pairs.back().ours(), base::Bytes(bytes).subspan(i, lengths[i % 5])));
  }
  kernel.send_batch(ops);
  std::vector<Outcome> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({ops[i].result.outcome, ops[i].result.bytes, ops[i].result.error, pairs[i].arrived()});
  }
  return all;
}

std::size_t count_of(const std::vector<Outcome>& all, IoOutcome outcome) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [=](const Outcome& each) { return each.outcome == outcome; }));
}

/// The calling thread cannot make a ring from now on: io_uring_setup fails with `error`.
bool deny_setup(unsigned error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(program), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) return true;
  MESSAGE("skipped: this system has no seccomp filters");
  return false;
}

/// Counts what the real ring is asked.
class Counted final : public os::RingCalls {
 public:
  int enter(int fd, unsigned to_submit, unsigned wanted, unsigned wait_ms) override {
    ++enters;
    return RingCalls::enter(fd, to_submit, wanted, wait_ms);
  }
  unsigned enters = 0;
};

}  // namespace

TEST_CASE("uring kernel: batches of 3 to 300 meet what plain sends meet, in one call for each 128") {
  if (!has_ring()) return;
  os::raise_file_limit();
  os::LinuxKernel plain;
  for (const std::size_t count : {3u, 4u, 5u, 6u, 17u, 64u, 127u, 128u, 129u, 131u, 256u, 259u, 300u}) {
    CAPTURE(count);
    const std::vector<Outcome> expected = outcomes(plain, count);
    std::thread([&] {
      Counted calls;
      os::UringKernel kernel(calls);
      CHECK(outcomes(kernel, count) == expected);
      CHECK(calls.enters == (count + 127) / 128);
    }).join();
    if (count < 64) continue;
    CHECK(count_of(expected, IoOutcome::would_block) >= count / 7);
    CHECK(count_of(expected, IoOutcome::failed) >= count / 3);
    CHECK(std::count_if(expected.begin(), expected.end(), [](const Outcome& each) { return each.bytes > 0 && each.bytes % 1000 != 0 && each.bytes > 125; }) > 0);
  }
}

TEST_CASE("uring kernel: many batches on one ring; a pair of writes is a plain one") {
  if (!has_ring()) return;
  std::thread([] {
    Counted calls;
    os::UringKernel kernel(calls);
    os::LinuxKernel plain;
    for (std::size_t round = 0; round < 200; ++round) {
      CAPTURE(round);
      const std::size_t count = 3 + round % 30;
      CHECK(outcomes(kernel, count) == outcomes(plain, count));
    }
    CHECK(calls.enters == 200);
    outcomes(kernel, 2);
    CHECK(calls.enters == 200);
  }).join();
}

TEST_CASE("uring kernel: writes to one socket keep their order, and a reset of the network is an error") {
  if (!has_ring()) return;
  std::thread([] {
    os::prepare_thread("test");
    os::UringKernel kernel;
    const os::Listening listening = kernel.listen({*os::Address::parse("127.0.0.1", 0), 16, 64 * 1024, false});
    loopback::Client client(listening.port);
    const int open = loopback::accept_one(kernel, listening.fd);
    loopback::Client gone(listening.port);
    const int reset = loopback::accept_one(kernel, listening.fd);
    const int poller = kernel.open_poller();
    REQUIRE(kernel.watch(poller, reset, 1, os::Watch::edge_in));
    gone.reset();
    std::array<os::Ready, 1> ready;
    REQUIRE(kernel.wait(poller, ready, 10'000) == 1);
    const std::string text = "abcdefgh";
    std::vector<os::SendOp> ops;
    for (std::size_t i = 0; i < text.size(); ++i) {
      ops.push_back(write_of(i == 4 ? reset : open, base::bytes_of(text).subspan(i, 1)));
    }
    kernel.send_batch(ops);
    CHECK(ops[4].result.outcome == IoOutcome::failed);
    CHECK(ops[4].result.error == ECONNRESET);
    CHECK(client.read_exactly(7) == "abcdfgh");
    for (const int fd : {poller, open, reset, listening.fd}) kernel.close(fd);
  }).join();
}

TEST_CASE("uring kernel: a filter that denies io_uring_setup means plain sends, for EPERM and ENOSYS") {
  os::LinuxKernel plain;
  for (const unsigned error : {EPERM, ENOSYS}) {
    CAPTURE(error);
    std::thread([&] {
      if (!deny_setup(error)) return;
      CHECK(!os::UringKernel::available());
      os::UringKernel kernel;
      CHECK(outcomes(kernel, 130) == outcomes(plain, 130));
    }).join();
  }
}

TEST_CASE("uring kernel: when the ring is given up, the batch and those after it leave by plain sends") {
  os::LinuxKernel plain;
  std::thread([&] {
    fake_ring::Calls calls;
    calls.after = {0, 0, ENOMEM};
    os::UringKernel kernel(calls);
    for (int round = 0; round < 3; ++round) CHECK(outcomes(kernel, 300) == outcomes(plain, 300));
    CHECK(calls.enters == 1);
  }).join();
}
