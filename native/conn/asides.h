// What a connection is to be told between its topics' publications, each at its place: a gap where publications were skipped, and that a replay has
// caught up. Only of connections that begin with a replay, or whose encoding says such things; and only while something is to be said.
// Owner: a shard's FanOut, by the connection's slot. Thread: that shard.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "native/conn/connection.h"

namespace conn {

/// Where live delivery of a subscription begins. Topics of one connection go live one by one: nothing is written of those behind it before.
struct Seam {
  std::size_t subscription = 0;
  std::uint64_t position = 0;
  std::string text;  // frames that are written there; may be empty
};

class Asides {
 public:
  bool empty() const { return seams_.empty() && gaps_.empty(); }

  /// The connection's newest subscription goes live at `position`.
  void add_seam(Seam seam) { seams_.push_back(std::move(seam)); }
  /// Null: all are live.
  const Seam* next_seam() const { return seams_.empty() ? nullptr : &seams_.front(); }
  /// Publications from `first` to before `resume` were skipped, of which `skipped` had a frame. What was skipped of that subscription right before
  /// and is not told yet becomes one gap with it, so that a subscriber that never reads has one that waits.
  void add_gap(std::size_t subscription, std::uint64_t first, std::uint64_t resume, std::uint64_t skipped);

  /// Before a write: what is to be said where the connection stands becomes private bytes of it.
  void say_gaps(Connection& connection);
  /// The same of seams that were reached. Gaps first: one may reach over a seam.
  void pass_seams(Connection& connection);

 private:
  struct Skip {
    std::size_t subscription = 0;
    std::uint64_t first = 0;
    std::uint64_t resume = 0;
    std::uint64_t skipped = 0;
  };

  std::deque<Seam> seams_;  // by subscription
  std::vector<Skip> gaps_;
};

}  // namespace conn
