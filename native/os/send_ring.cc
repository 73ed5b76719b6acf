#include "native/os/send_ring.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>
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

int result_or_errno(long result) { return result < 0 ? -errno : static_cast<int>(result); }

IoResult result_of(int result) {
  if (result >= 0) return {IoOutcome::ok, static_cast<std::size_t>(result), 0};
  if (result == -EINTR) return {IoOutcome::ok, 0, 0};  // nothing was sent; the next pass tries again
  if (result == -EAGAIN) return {IoOutcome::would_block, 0, 0};
  return {IoOutcome::failed, 0, -result};
}

/// Errors of io_uring_enter(2) that may be over with the next call: a signal, no memory for requests, completions to be reaped.
bool may_pass(int error) { return error == EINTR || error == EAGAIN || error == EBUSY; }

}  // namespace

int RingCalls::setup(unsigned entries, io_uring_params& params) {
  return result_or_errno(::syscall(__NR_io_uring_setup, entries, &params));
}

void* RingCalls::map(int fd, std::size_t bytes, std::uint64_t offset) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, static_cast<off_t>(offset));
  return at == MAP_FAILED ? nullptr : at;
}

int RingCalls::enter(int fd, unsigned to_submit, unsigned wanted, unsigned wait_ms) {
  __kernel_timespec most{0, static_cast<long long>(wait_ms) * 1'000'000};
  io_uring_getevents_arg argument{};
  argument.ts = reinterpret_cast<std::uintptr_t>(&most);
  constexpr unsigned flags = IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG;
  return result_or_errno(::syscall(__NR_io_uring_enter, fd, to_submit, wanted, flags, &argument, sizeof argument));
}

RingCalls& system_ring_calls() {
  static RingCalls calls;
  return calls;
}

SendRing::SendRing(RingCalls& calls) : calls_(calls) {
  io_uring_params params{};
  // One thread submits and reaps, so completions need neither interrupts nor locks.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
  fd_ = calls_.setup(entries, params);
  if (fd_ < 0) return;
  constexpr unsigned features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_EXT_ARG;
  if ((params.features & features) != features || !map(params)) close();
}

void SendRing::send(std::span<SendOp> ops, Kernel& plain) {
  CHECK(usable() && ops.size() <= entries);
  answered_.reset();
  // We are the only writer of the tail, so it may be read plainly.
  unsigned tail = *submission_tail_;
  for (std::size_t i = 0; i < ops.size(); ++i, ++tail) prepare(ops[i], i, tail & submission_mask_);
  // Release: pairs with the kernel's acquire of the tail; the entries are written before it.
  __atomic_store_n(submission_tail_, tail, __ATOMIC_RELEASE);
  const unsigned taken = submit_and_reap(ops);
  if (answered_.count() < ops.size()) finish_plainly(ops, taken, plain);
}

void SendRing::prepare(const SendOp& op, std::size_t user_data, unsigned slot) {
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

/// Returns how many entries the kernel took: the first ones, in their order. Ends when all are answered, or with an error that
/// will not pass, or without progress.
unsigned SendRing::submit_and_reap(std::span<SendOp> ops) {
  const auto all = static_cast<unsigned>(ops.size());
  unsigned taken = 0;
  unsigned reaped = 0;
  for (unsigned idle = 0; idle <= idle_calls_max;) {
    const int submitted = calls_.enter(fd_, all - taken, all - reaped, wait_ms);
    if (submitted > 0) taken += static_cast<unsigned>(submitted);
    CHECK(taken <= all);
    const auto brought = static_cast<unsigned>(reap(ops));
    reaped += brought;
    if (reaped == all) break;
    if (submitted < 0 && submitted != -ETIME && !may_pass(-submitted)) break;
    idle = submitted > 0 || brought > 0 ? 0 : idle + 1;
  }
  return taken;
}

std::size_t SendRing::reap(std::span<SendOp> ops) {
  unsigned head = *completion_head_;  // ours alone
  // Acquire: pairs with the kernel's release of the tail; completions below it are written.
  const unsigned tail = __atomic_load_n(completion_tail_, __ATOMIC_ACQUIRE);
  const std::size_t count = tail - head;
  for (; head != tail; ++head) {
    const io_uring_cqe& completion = completions_[head & completion_mask_];
    CHECK(completion.user_data < ops.size() && !answered_[completion.user_data]);
    answered_.set(completion.user_data);
    ops[completion.user_data].result = result_of(completion.res);
  }
  // Release: the completions were read before the kernel may use their places again.
  __atomic_store_n(completion_head_, head, __ATOMIC_RELEASE);
  return count;
}

/// Gives the ring up: entries that were not taken are still in it, and completions may yet come. How much of a write left whose
/// completion is lost nobody knows, so its connection has failed.
void SendRing::finish_plainly(std::span<SendOp> ops, unsigned taken, Kernel& plain) {
  close();
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (answered_[i]) continue;
    SendOp& op = ops[i];
    op.result = i < taken ? IoResult{IoOutcome::failed, 0, EIO} : plain.send(op.fd, {op.bytes, op.length});
  }
}

bool SendRing::map(const io_uring_params& params) {
  ring_bytes_ = std::max<std::size_t>(params.sq_off.array + params.sq_entries * sizeof(unsigned),
                                      params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe));
  entries_bytes_ = params.sq_entries * sizeof(io_uring_sqe);
  ring_ = static_cast<std::uint8_t*>(calls_.map(fd_, ring_bytes_, IORING_OFF_SQ_RING));
  if (ring_ == nullptr) return false;
  entries_ = static_cast<io_uring_sqe*>(calls_.map(fd_, entries_bytes_, IORING_OFF_SQES));
  if (entries_ == nullptr) return false;
  submission_tail_ = reinterpret_cast<unsigned*>(ring_ + params.sq_off.tail);
  submission_mask_ = *reinterpret_cast<unsigned*>(ring_ + params.sq_off.ring_mask);
  slots_ = reinterpret_cast<unsigned*>(ring_ + params.sq_off.array);
  completion_head_ = reinterpret_cast<unsigned*>(ring_ + params.cq_off.head);
  completion_tail_ = reinterpret_cast<unsigned*>(ring_ + params.cq_off.tail);
  completion_mask_ = *reinterpret_cast<unsigned*>(ring_ + params.cq_off.ring_mask);
  completions_ = reinterpret_cast<io_uring_cqe*>(ring_ + params.cq_off.cqes);
  return true;
}

void SendRing::close() {
  if (entries_ != nullptr) ::munmap(entries_, entries_bytes_);
  if (ring_ != nullptr) ::munmap(ring_, ring_bytes_);
  if (fd_ >= 0) ::close(fd_);
  entries_ = nullptr;
  ring_ = nullptr;
  fd_ = -1;
}

}  // namespace os
