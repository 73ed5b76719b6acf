// Covers native/os/send_ring.cc on a ring whose system calls fail as the test says: each write leaves once, by the ring or by a
// plain send, and no failure of the ring is waited for without a bound.
// Owner: the test. Thread: main.
#include "native/os/send_ring.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "test/native/os/fake_ring.h"
#include "test/native/doctest_last.h"

using fake_ring::Step;
using os::IoOutcome;
using os::SendRing;

namespace {

constexpr std::uint32_t length = 10;

struct Fixture {
  Fixture() {
    static const std::uint8_t bytes[length] = {};
    ops.resize(8);
    for (int i = 0; i < 8; ++i) {
      ops[i].fd = 100 + i;
      ops[i].bytes = bytes;
      ops[i].length = length;
    }
  }
  void send() {
    REQUIRE(ring().usable());
    ring().send(ops, plain);
  }
  SendRing& ring() {
    if (!ring_) ring_ = std::make_unique<SendRing>(calls);
    return *ring_;
  }
  bool all_sent() const {
    return std::all_of(ops.begin(), ops.end(), [](const os::SendOp& op) { return op.result.outcome == IoOutcome::ok && op.result.bytes == length; });
  }
  std::vector<int> descriptors(std::size_t from = 0) const {
    std::vector<int> all;
    for (std::size_t i = from; i < ops.size(); ++i) all.push_back(ops[i].fd);
    return all;
  }

  fake_ring::Calls calls;
  fake_ring::Plain plain;
  std::vector<os::SendOp> ops;

 private:
  std::unique_ptr<SendRing> ring_;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "send ring: a batch is one call, and each op gets the result of its own write") {
  calls.results = {{101, 3}, {102, -EAGAIN}, {103, -EPIPE}, {104, -EINTR}, {105, 0}};
  send();
  CHECK(calls.enters == 1);
  CHECK(plain.sent.empty());
  CHECK(ops[0].result.bytes == length);
  CHECK(ops[1].result.bytes == 3);
  CHECK(ops[2].result.outcome == IoOutcome::would_block);
  CHECK(ops[3].result.outcome == IoOutcome::failed);
  CHECK(ops[3].result.error == EPIPE);
  CHECK(ops[4].result.outcome == IoOutcome::ok);
  CHECK(ops[4].result.bytes == 0);
  CHECK(ops[5].result.outcome == IoOutcome::ok);
  CHECK(ops[7].result.bytes == length);
  CHECK(ring().usable());
}

TEST_CASE_FIXTURE(Fixture, "send ring: places in the ring are used again, batch after batch") {
  for (int round = 0; round < 100; ++round) {
    calls.sent.clear();
    send();
    CHECK(all_sent());
    CHECK(calls.sent == descriptors());
  }
  CHECK(calls.enters == 100);
}

TEST_CASE_FIXTURE(Fixture, "send ring: errors that pass are tried again, and what was taken is not offered twice") {
  for (const int error : {EINTR, EAGAIN, EBUSY}) {
    CAPTURE(error);
    calls.sent.clear();
    calls.script = {{0, 0, error}, {3, 1, 0}, {0, 0, error}, {2, 3, 0}, {0, 1, error}};
    send();
    CHECK(all_sent());
    CHECK(calls.sent == descriptors());
    CHECK(plain.sent.empty());
    CHECK(ring().usable());
  }
}

TEST_CASE_FIXTURE(Fixture, "send ring: errors for ever have a bound; then every write is a plain one, in its order") {
  for (const int error : {EINTR, EAGAIN, EBUSY, ETIME}) {
    CAPTURE(error);
    Fixture fresh;
    fresh.calls.after = {0, 0, error};
    fresh.send();
    CHECK(fresh.calls.enters == SendRing::idle_calls_max + 1);
    CHECK(fresh.calls.waited_ms <= 100);
    CHECK(fresh.all_sent());
    CHECK(fresh.calls.sent.empty());
    CHECK(fresh.plain.sent == fresh.descriptors());
    CHECK(!fresh.ring().usable());
  }
}

TEST_CASE_FIXTURE(Fixture, "send ring: an error that does not pass is believed at once") {
  for (const int error : {ENOMEM, EPERM, ENOSYS, EBADF, EBADR, EINVAL, EEXIST}) {
    CAPTURE(error);
    Fixture fresh;
    fresh.calls.after = {0, 0, error};
    fresh.send();
    CHECK(fresh.calls.enters == 1);
    CHECK(fresh.all_sent());
    CHECK(fresh.plain.sent == fresh.descriptors());
    CHECK(!fresh.ring().usable());
  }
}

TEST_CASE_FIXTURE(Fixture, "send ring: an error after a part was taken: the rest is sent plainly, nothing twice") {
  for (const int error : {ENOMEM, EAGAIN}) {
    CAPTURE(error);
    Fixture fresh;
    fresh.calls.script = {{3, 3, 0}};
    fresh.calls.after = {0, 0, error};
    fresh.send();
    CHECK(fresh.all_sent());
    CHECK(fresh.calls.sent == std::vector<int>{100, 101, 102});
    CHECK(fresh.plain.sent == fresh.descriptors(3));
    CHECK(!fresh.ring().usable());
  }
}

TEST_CASE_FIXTURE(Fixture, "send ring: completions that come late are waited for") {
  calls.script = {{8, 0, 0}, {0, 1, ETIME}, {0, 0, ETIME}, {0, 2, EBUSY}, {0, 5, 0}};
  send();
  CHECK(calls.enters == 5);
  CHECK(all_sent());
  CHECK(ring().usable());
}

TEST_CASE_FIXTURE(Fixture, "send ring: a write whose completion is lost has failed; it is not sent again") {
  calls.script = {{6, 4, 0}};
  calls.after = {0, 0, EBADR};
  send();
  CHECK(ops[3].result.bytes == length);
  for (const std::size_t lost : {4, 5}) {
    CHECK(ops[lost].result.outcome == IoOutcome::failed);
    CHECK(ops[lost].result.error == EIO);
  }
  CHECK(plain.sent == std::vector<int>{106, 107});
  CHECK(ops[7].result.bytes == length);
  CHECK(!ring().usable());
}

TEST_CASE("send ring: no ring when the system refuses a part of it") {
  fake_ring::Plain plain;
  for (const int error : {EPERM, ENOSYS, ENOMEM, EMFILE, EINVAL}) {
    fake_ring::Calls calls;
    calls.setup_error = error;
    CHECK(!SendRing(calls).usable());
  }
  for (const int maps : {0, 1}) {
    fake_ring::Calls calls;
    calls.maps_allowed = maps;
    CHECK(!SendRing(calls).usable());
  }
  for (const unsigned features : {0u, unsigned{IORING_FEAT_SINGLE_MMAP}, unsigned{IORING_FEAT_EXT_ARG}}) {
    fake_ring::Calls calls;
    calls.features = features;
    CHECK(!SendRing(calls).usable());
  }
}

TEST_CASE("send ring: whatever the calls do, each write leaves at most once and its result is true") {
  std::mt19937 random(1);
  const int errors[] = {EINTR, EAGAIN, EBUSY, ETIME, ENOMEM, EBADR};
  for (int run = 0; run < 2000; ++run) {
    CAPTURE(run);
    Fixture fixture;
    const std::size_t count = 1 + random() % 8;
    fixture.ops.resize(count);
    for (unsigned steps = random() % 12; steps > 0; --steps) {
      const int error = random() % 3 == 0 ? errors[random() % std::size(errors)] : 0;
      fixture.calls.script.push_back({static_cast<unsigned>(random() % 4), static_cast<unsigned>(random() % 4), error});
    }
    if (random() % 2 == 0) fixture.calls.after = {0, 0, errors[random() % std::size(errors)]};
    fixture.send();
    CHECK(fixture.calls.enters <= 12 + 8 + SendRing::idle_calls_max + 2);
    for (const os::SendOp& op : fixture.ops) {
      const auto by_ring = std::count(fixture.calls.sent.begin(), fixture.calls.sent.end(), op.fd);
      const auto by_plain = std::count(fixture.plain.sent.begin(), fixture.plain.sent.end(), op.fd);
      CHECK(by_ring + by_plain == 1);
      const bool whole = op.result.outcome == IoOutcome::ok && op.result.bytes == length;
      const bool lost = op.result.outcome == IoOutcome::failed && op.result.error == EIO && by_ring == 1;
      CHECK((whole || lost));
    }
  }
}
