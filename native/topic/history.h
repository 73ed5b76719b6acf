// The history of one topic: its newest publications without a hole, bounded by their number, their bytes and their age.
// Owner: its topic. Thread: every call under that topic's lock, except `rule`, `used`, `use` and `list`.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "native/topic/kept.h"

namespace topic {

/// What histories of topics of a pattern (pattern.h) may hold; whichever bound comes first counts.
struct HistoryRule {
  std::string topics;
  std::size_t messages_max = 0;   // at least 1
  std::size_t bytes_max = 0;      // Kept::held_bytes, all together
  std::uint32_t seconds_max = 0;  // at most 1,000,000, which the wrapping clock can tell
};

/// What all histories hold together. Relaxed, all: figures and bounds that carry nothing else.
struct HistoryAccount {
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> messages{0};
  std::atomic<std::uint64_t> evicted{0};  // because all together were over their bound
  std::atomic<std::uint64_t> clock{0};    // of uses
};

class History {
 public:
  /// Both outlive it. `next_offset`: of the topic's next publication.
  History(const HistoryRule& rule, HistoryAccount& account, std::uint64_t next_offset = 0)
      : rule_(rule), account_(account), next_offset_(next_offset) {}
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  const HistoryRule& rule() const { return rule_; }

  /// Adds the publication of that offset, which is the next one, and drops what is then over a bound. Its bytes are in the account
  /// already. One that alone is over the bound of bytes is not kept, nor is anything before it: there is never a hole.
  void append(KeptRef kept, std::uint64_t offset, std::uint32_t now_ms, std::vector<KeptRef>& garbage);
  /// The publication of that offset, which is the next one, is not kept; nor is anything before it from here on.
  void pass_over(std::uint64_t offset, std::vector<KeptRef>& garbage);
  /// Drops what is too old.
  void expire(std::uint32_t now_ms, std::vector<KeptRef>& garbage);
  /// Drops the oldest ones until `bytes` are free or nothing is left; returns how many bytes are.
  std::size_t evict(std::size_t bytes, std::vector<KeptRef>& garbage);

  bool empty() const { return kept_.empty(); }
  std::size_t size() const { return kept_.size(); }
  std::size_t bytes() const { return bytes_; }
  /// Of the oldest one kept; `next_offset` when nothing is.
  std::uint64_t first_offset() const { return next_offset_ - kept_.size(); }
  std::uint64_t next_offset() const { return next_offset_; }
  /// `offset` is one that is kept.
  const KeptRef& at(std::uint64_t offset) const { return kept_[offset - first_offset()]; }

  // Of all histories those are let go of first that were used longest ago: published to, or replayed.
  void use() { used_.store(account_.clock.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  /// True once until `unlist`: whoever asked is to list the topic among those that have a history.
  bool list() { return !listed_.exchange(true, std::memory_order_relaxed); }
  void unlist() { listed_.store(false, std::memory_order_relaxed); }

 private:
  void drop_oldest(std::vector<KeptRef>& garbage);

  const HistoryRule& rule_;
  HistoryAccount& account_;
  std::uint64_t next_offset_;
  std::deque<KeptRef> kept_;
  std::size_t bytes_ = 0;
  std::atomic<std::uint64_t> used_{0};
  std::atomic<bool> listed_{false};
};

}  // namespace topic
