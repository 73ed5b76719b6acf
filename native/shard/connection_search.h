// Answers questions about the connections of one shard, a bounded part in each turn: whoever asks has time, and those that are served have
// not. What the answer needs is mostly there already: a subscriber's cursor says how much it got, the kernel how many bytes.
// Owner: a shard. Thread: that shard's.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "native/conn/connection_table.h"
#include "native/os/kernel.h"
#include "native/shard/connection_list.h"
#include "native/shard/events.h"

namespace shard {

class ConnectionSearch {
 public:
  /// Of one turn: slots looked at, and how many of a connection's subscriptions are looked into, for its figures and its topics.
  static constexpr std::uint32_t slots_per_turn = 512;
  static constexpr std::uint32_t steps_per_turn = 4096;
  static constexpr std::size_t subscriptions_looked_at = 1024;
  static constexpr std::size_t topics_told = 20;

  /// Both outlive it.
  ConnectionSearch(conn::ConnectionTable& connections, os::Kernel& kernel) : connections_(connections), kernel_(kernel) {}

  void ask(std::uint64_t number, std::shared_ptr<const ConnectionQuery> query);
  bool has_work() const { return !waiting_.empty(); }
  /// One turn's part. True when `found` is the answer to the oldest question.
  bool run_some(std::uint32_t now_ms, ConnectionsListed& found);

 private:
  struct Question {
    std::uint64_t number = 0;
    std::shared_ptr<const ConnectionQuery> query;
    std::uint32_t next_slot = 0;
    std::size_t next_row = 0;
    std::uint64_t matches = 0;
    std::vector<ConnectionPlace> best;  // a heap while slots are looked at, the last of them on top; then in order
    bool sorted = false;
    std::vector<ConnectionRow> rows;
  };

  void look_at_slots(Question& question, std::uint32_t now_ms);
  void consider(Question& question, conn::Connection& connection, std::uint32_t now_ms);
  void tell_rows(Question& question, std::uint32_t now_ms);
  bool matches(const ConnectionQuery& query, conn::Connection& connection) const;
  std::uint64_t value_of(ConnectionOrder order, conn::Connection& connection, std::uint32_t now_ms) const;
  ConnectionRow row_of(conn::Connection& connection, const ConnectionPlace& place, std::uint32_t now_ms) const;

  conn::ConnectionTable& connections_;
  os::Kernel& kernel_;
  std::deque<Question> waiting_;
  std::uint32_t steps_left_ = 0;
};

}  // namespace shard
