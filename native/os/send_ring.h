// One io_uring (io_uring(7)) for batches of sends: submitted and reaped within one call, so that nothing is in flight between
// calls. Whatever the ring cannot do is done by plain sends: a kernel that has no memory for it costs time, never a message.
// Owner: the thread that made it. Thread: that one only.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "native/os/kernel.h"

struct io_uring_params;
struct io_uring_sqe;
struct io_uring_cqe;

namespace os {

/// The system calls that a ring is made of, so that tests can let them fail. Errors are negative errno values.
class RingCalls {
 public:
  virtual ~RingCalls() = default;
  /// A descriptor, and `params` filled in.
  virtual int setup(unsigned entries, io_uring_params& params);
  /// A part of the ring's memory, for munmap; null when the system refuses.
  virtual void* map(int fd, std::size_t bytes, std::uint64_t offset);
  /// How many entries were taken. Waits for `wanted` completions, at most `wait_ms`.
  virtual int enter(int fd, unsigned to_submit, unsigned wanted, unsigned wait_ms);

 protected:
  RingCalls() = default;
  friend RingCalls& system_ring_calls();
};

RingCalls& system_ring_calls();

class SendRing {
 public:
  /// The largest batch.
  static constexpr unsigned entries = 128;
  /// Calls for one batch that neither take an entry nor bring a completion; one more and the ring is given up.
  static constexpr unsigned idle_calls_max = 8;
  /// What each of these waits at most. Nothing waits in fact: a send with DONTWAIT is over when it was submitted.
  static constexpr unsigned wait_ms = 10;

  explicit SendRing(RingCalls& calls);
  ~SendRing() { close(); }
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  /// False from the start where the system has no such ring, and for good after it was given up.
  bool usable() const { return fd_ >= 0; }

  /// Sends every op, at most `entries` of them, and fills in its result. What the ring did not take goes through `plain.send`.
  /// The ring is usable.
  void send(std::span<SendOp> ops, Kernel& plain);

 private:
  void prepare(const SendOp& op, std::size_t user_data, unsigned slot);
  unsigned submit_and_reap(std::span<SendOp> ops);
  std::size_t reap(std::span<SendOp> ops);
  void finish_plainly(std::span<SendOp> ops, unsigned taken, Kernel& plain);
  bool map(const io_uring_params& params);
  void close();

  RingCalls& calls_;
  std::bitset<entries> answered_;  // ops of this batch that have their result
  int fd_ = -1;
  std::uint8_t* ring_ = nullptr;
  std::size_t ring_bytes_ = 0;
  io_uring_sqe* entries_ = nullptr;
  std::size_t entries_bytes_ = 0;
  unsigned* submission_tail_ = nullptr;
  unsigned submission_mask_ = 0;
  unsigned* slots_ = nullptr;
  unsigned* completion_head_ = nullptr;
  unsigned* completion_tail_ = nullptr;
  unsigned completion_mask_ = 0;
  io_uring_cqe* completions_ = nullptr;
};

}  // namespace os
