// A kernel that fails on purpose, as a plan says (faults.def), and otherwise is the one below. For debug builds: nothing includes this file
// without -DBROKER_FAULTS.
// Owner: the engine. Thread: any.
#pragma once

#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "native/base/check.h"
#include "native/os/faults.h"
#include "native/os/kernel.h"

namespace os {

template <typename Below>
class FaultyKernel final : public Below {
 public:
  explicit FaultyKernel(const FaultPlan& plan) : faults_(plan) {}

  Accepted accept(int listener) override {
    if (faults_.is_due(Fault::emfile)) return {AcceptOutcome::exhausted, -1, EMFILE, {}};
    return Below::accept(listener);
  }
  IoResult send(int fd, base::Bytes bytes) override {
    if (refuses(fd)) return {IoOutcome::would_block, 0, 0};
    return Below::send(fd, is_shorter(bytes.size()) ? bytes.first(1) : bytes);
  }
  IoResult send_gather(int fd, std::span<const Piece> pieces) override {
    if (refuses(fd)) return {IoOutcome::would_block, 0, 0};
    const Piece shorter{pieces[0].bytes, 1};
    return Below::send_gather(fd, is_shorter(pieces[0].length) ? std::span(&shorter, 1) : pieces);
  }
  void send_batch(std::span<SendOp> ops) override {
    for (SendOp& op : ops) {
      if (refuses(op.fd)) {
        op.result = {IoOutcome::would_block, 0, 0};
        continue;
      }
      const std::uint32_t length = op.length;
      if (is_shorter(length)) op.length = 1;
      Below::send_batch({&op, 1});
      op.length = length;
    }
  }
  Mapping map(std::size_t bytes) override { return faults_.is_due(Fault::enomem) ? Mapping() : Below::map(bytes); }
  Mapping map_private(std::size_t bytes) override { return faults_.is_due(Fault::enomem) ? Mapping() : Below::map_private(bytes); }

  bool watch(int poller, int fd, std::uint64_t token, Watch how) override {
    remember(fd, {poller, token, how});
    return Below::watch(poller, fd, token, how);
  }
  void watch_as(int poller, int fd, std::uint64_t token, Watch how) override {
    remember(fd, {poller, token, how});
    Below::watch_as(poller, fd, token, how);
  }
  std::size_t wait(int poller, std::span<Ready> into, int timeout_ms) override {
    CHECK(!faults_.is_due(Fault::failed_check));
    if (faults_.is_due(Fault::slow_turn)) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return Below::wait(poller, into, timeout_ms);
  }

 private:
  struct Watched {
    int poller = -1;
    std::uint64_t token = 0;
    Watch how{};
  };

  void remember(int fd, const Watched& watched) {
    const std::lock_guard lock(mutex_);
    watched_[fd] = watched;
  }
  /// The edge that follows a refusal is made by watching anew: what is ready then is reported.
  bool refuses(int fd) {
    if (!faults_.is_due(Fault::would_block)) return false;
    Watched watched;
    {
      const std::lock_guard lock(mutex_);
      const auto found = watched_.find(fd);
      if (found == watched_.end() || found->second.how != Watch::edge_in_out) return false;
      watched = found->second;
    }
    Below::watch_as(watched.poller, fd, watched.token, watched.how);
    return true;
  }
  bool is_shorter(std::size_t length) { return length > 1 && faults_.is_due(Fault::short_write); }

  FaultSchedule faults_;
  std::mutex mutex_;
  std::unordered_map<int, Watched> watched_;  // by descriptor; of one that is closed until it is watched again
};

}  // namespace os
