// A ring whose system calls are played by the test: it takes as many entries, completes as many and fails as the script says.
// What it sends it only records, and so does the kernel for plain sends beside it.
// Owner: the test. Thread: the one that sends.
#pragma once

#include <linux/io_uring.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "native/os/linux_kernel.h"
#include "native/os/send_ring.h"

namespace fake_ring {

/// One io_uring_enter: what it does, and then what it returns.
struct Step {
  unsigned take = UINT32_MAX;      // at most so many of the entries offered
  unsigned complete = UINT32_MAX;  // at most so many completions of entries taken, now or before, appear
  int error = 0;                   // returned, but for entries taken: as the kernel does, their number counts more
};

class Calls final : public os::RingCalls {
 public:
  int setup(unsigned entries, io_uring_params& params) override {
    if (setup_error != 0) return -setup_error;
    params.features = features;
    params.sq_entries = entries;
    params.cq_entries = 2 * entries;
    params.sq_off.tail = 4;
    params.sq_off.ring_mask = 8;
    params.sq_off.array = 64;
    params.cq_off.head = 12;
    params.cq_off.tail = 16;
    params.cq_off.ring_mask = 20;
    params.cq_off.cqes = 64 + entries * sizeof(unsigned);
    entries_ = entries;
    return ::eventfd(0, EFD_CLOEXEC);
  }

  void* map(int, std::size_t bytes, std::uint64_t offset) override {
    if (maps_allowed-- == 0) return nullptr;
    auto* const at = static_cast<std::uint8_t*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (offset == IORING_OFF_SQES) {
      sqes_ = reinterpret_cast<io_uring_sqe*>(at);
    } else {
      ring_ = at;
      word(8) = entries_ - 1;
      word(20) = 2 * entries_ - 1;
      taken_ = 0;
    }
    return at;
  }

  int enter(int, unsigned to_submit, unsigned, unsigned wait_ms) override {
    ++enters;
    waited_ms += wait_ms;
    const Step step = script.empty() ? after : script.front();
    if (!script.empty()) script.pop_front();
    const unsigned take = std::min({step.take, to_submit, word(4) - taken_});
    for (unsigned i = 0; i < take; ++i) take_entry();
    for (unsigned i = 0; i < step.complete && !held_.empty(); ++i) complete_one();
    return step.error != 0 && take == 0 ? -step.error : static_cast<int>(take);
  }

  int setup_error = 0;
  unsigned features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_EXT_ARG;
  int maps_allowed = 2;
  std::deque<Step> script;
  Step after;                          // every call behind the script
  std::map<int, int> results;          // by descriptor; else all of it is sent
  std::vector<int> sent;               // descriptors of entries taken, in their order
  unsigned enters = 0;
  unsigned waited_ms = 0;

 private:
  unsigned& word(std::size_t at) { return *reinterpret_cast<unsigned*>(ring_ + at); }

  void take_entry() {
    const unsigned slot = *reinterpret_cast<unsigned*>(ring_ + 64 + (taken_++ & (entries_ - 1)) * sizeof(unsigned));
    const io_uring_sqe& entry = sqes_[slot];
    sent.push_back(entry.fd);
    const auto found = results.find(entry.fd);
    io_uring_cqe completion{};
    completion.user_data = entry.user_data;
    completion.res = found == results.end() ? static_cast<int>(entry.len) : found->second;
    held_.push_back(completion);
  }

  void complete_one() {
    auto* const completions = reinterpret_cast<io_uring_cqe*>(ring_ + 64 + entries_ * sizeof(unsigned));
    completions[word(16)++ & (2 * entries_ - 1)] = held_.front();
    held_.pop_front();
  }

  unsigned entries_ = 0;
  std::uint8_t* ring_ = nullptr;
  io_uring_sqe* sqes_ = nullptr;
  unsigned taken_ = 0;
  std::deque<io_uring_cqe> held_;  // of entries taken
};

class Plain final : public os::LinuxKernel {
 public:
  os::IoResult send(int fd, base::Bytes bytes) override {
    sent.push_back(fd);
    return {os::IoOutcome::ok, bytes.size(), 0};
  }
  std::vector<int> sent;
};

}  // namespace fake_ring
