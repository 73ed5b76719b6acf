#include "native/os/uring_kernel.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "native/base/check.h"

namespace os {

namespace {

constexpr unsigned entries = 128;

/// One submission and completion ring (io_uring(7)), used by one thread, submitted and reaped within one call.
class Ring {
 public:
  Ring() {
    io_uring_params params{};
    // One thread submits and reaps, so completions need neither interrupts nor locks.
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
    fd_ = static_cast<int>(::syscall(__NR_io_uring_setup, entries, &params));
    if (fd_ < 0) return;
    if ((params.features & IORING_FEAT_SINGLE_MMAP) == 0 || !map(params)) close_ring();
  }
  ~Ring() { close_ring(); }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  bool usable() const { return fd_ >= 0; }

  /// Sends every op and fills in its result; at most `entries` of them. False when the kernel took none: nothing was sent.
  bool send(std::span<SendOp> ops) {
    CHECK(ops.size() <= entries);
    // We are the only writer of the tail, so it may be read plainly.
    unsigned tail = *submission_tail_;
    for (std::size_t i = 0; i < ops.size(); ++i, ++tail) prepare(ops[i], i, tail & submission_mask_);
    // Release: pairs with the kernel's acquire of the tail; the entries are written before it.
    __atomic_store_n(submission_tail_, tail, __ATOMIC_RELEASE);
    return submit_and_reap(ops);
  }

 private:
  void prepare(const SendOp& op, std::size_t user_data, unsigned slot) {
    io_uring_sqe& entry = entries_[slot];
    std::memset(&entry, 0, sizeof entry);
    entry.opcode = IORING_OP_SEND;
    entry.fd = op.fd;
    entry.addr = reinterpret_cast<std::uintptr_t>(op.bytes);
    entry.len = op.length;
    entry.msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    entry.user_data = user_data;
    slots_[slot] = slot;
  }

  bool submit_and_reap(std::span<SendOp> ops) {
    auto to_submit = static_cast<unsigned>(ops.size());
    std::size_t reaped = 0;
    while (reaped < ops.size()) {
      const auto wanted = static_cast<unsigned>(ops.size() - reaped);
      const long submitted = ::syscall(__NR_io_uring_enter, fd_, to_submit, wanted, IORING_ENTER_GETEVENTS, nullptr, 0);
      if (submitted < 0) {
        if (errno == EINTR || errno == EAGAIN || errno == EBUSY) {
          reaped += reap(ops);
          continue;
        }
        // With DONTWAIT nothing of a batch stays in flight, so an error can only come before the first entry was taken. The
        // entries are still in the ring: it must not be used again.
        CHECK(reaped == 0 && to_submit == ops.size());
        close_ring();
        return false;
      }
      to_submit -= static_cast<unsigned>(submitted);
      reaped += reap(ops);
    }
    return true;
  }

  std::size_t reap(std::span<SendOp> ops) {
    unsigned head = *completion_head_;  // ours alone
    // Acquire: pairs with the kernel's release of the tail; completions below it are written.
    const unsigned tail = __atomic_load_n(completion_tail_, __ATOMIC_ACQUIRE);
    const std::size_t count = tail - head;
    for (; head != tail; ++head) {
      const io_uring_cqe& completion = completions_[head & completion_mask_];
      CHECK(completion.user_data < ops.size());
      ops[completion.user_data].result = result_of(completion.res);
    }
    // Release: the completions were read before the kernel may use their places again.
    __atomic_store_n(completion_head_, head, __ATOMIC_RELEASE);
    return count;
  }

  static IoResult result_of(int result) {
    if (result >= 0) return {IoOutcome::ok, static_cast<std::size_t>(result), 0};
    if (result == -EINTR) return {IoOutcome::ok, 0, 0};  // nothing was sent; the next pass tries again
    if (result == -EAGAIN) return {IoOutcome::would_block, 0, 0};
    return {IoOutcome::failed, 0, -result};
  }

  bool map(const io_uring_params& params) {
    ring_bytes_ = std::max<std::size_t>(params.sq_off.array + params.sq_entries * sizeof(unsigned),
                                        params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe));
    entries_bytes_ = params.sq_entries * sizeof(io_uring_sqe);
    void* const ring = ::mmap(nullptr, ring_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, IORING_OFF_SQ_RING);
    if (ring == MAP_FAILED) return false;
    ring_ = static_cast<std::uint8_t*>(ring);
    void* const sqes = ::mmap(nullptr, entries_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, IORING_OFF_SQES);
    if (sqes == MAP_FAILED) return false;
    entries_ = static_cast<io_uring_sqe*>(sqes);
    submission_tail_ = reinterpret_cast<unsigned*>(ring_ + params.sq_off.tail);
    submission_mask_ = *reinterpret_cast<unsigned*>(ring_ + params.sq_off.ring_mask);
    slots_ = reinterpret_cast<unsigned*>(ring_ + params.sq_off.array);
    completion_head_ = reinterpret_cast<unsigned*>(ring_ + params.cq_off.head);
    completion_tail_ = reinterpret_cast<unsigned*>(ring_ + params.cq_off.tail);
    completion_mask_ = *reinterpret_cast<unsigned*>(ring_ + params.cq_off.ring_mask);
    completions_ = reinterpret_cast<io_uring_cqe*>(ring_ + params.cq_off.cqes);
    return true;
  }

  void close_ring() {
    if (entries_ != nullptr) ::munmap(entries_, entries_bytes_);
    if (ring_ != nullptr) ::munmap(ring_, ring_bytes_);
    if (fd_ >= 0) ::close(fd_);
    entries_ = nullptr;
    ring_ = nullptr;
    fd_ = -1;
  }

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

Ring& ring_of_this_thread() {
  thread_local Ring ring;
  return ring;
}

}  // namespace

bool UringKernel::available() { return Ring().usable(); }

void UringKernel::send_batch(std::span<SendOp> ops) {
  const bool by_file = std::any_of(ops.begin(), ops.end(), [](const SendOp& op) { return op.file >= 0; });
  // One or two sends are cheaper as plain calls.
  if (by_file || ops.size() < 3 || !ring_of_this_thread().usable()) {
    LinuxKernel::send_batch(ops);
    return;
  }
  for (std::size_t begin = 0; begin < ops.size(); begin += entries) {
    const auto part = ops.subspan(begin, std::min<std::size_t>(entries, ops.size() - begin));
    if (!ring_of_this_thread().send(part)) LinuxKernel::send_batch(part);
  }
}

}  // namespace os
