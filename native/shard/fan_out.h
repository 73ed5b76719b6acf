// Fan out: brings the new bytes of topics to the sockets of one shard's subscribers, evenly. Ready subscribers are written
// to in rotating passes; those with several topics or private bytes get one gathered write; blocked ones wait aside.
// Owner: a shard. Thread: that shard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "native/conn/connection_table.h"
#include "native/conn/gathered_write.h"
#include "native/conn/stream_write.h"
#include "native/conn/topic_slice.h"
#include "native/metrics/metrics.h"
#include "native/os/kernel.h"
#include "native/shard/audience.h"
#include "native/shard/fan_out_owner.h"
#include "native/shard/lanes.h"
#include "native/shard/slow_watch.h"
#include "native/topic/topic.h"

namespace shard {

enum class WriteOutcome : std::uint8_t {
  drained,      // nothing is pending
  partial,      // a quantum has left, more is pending
  would_block,  // the kernel refused; an edge will follow
  failed,       // the connection is dead
};

class FanOut {
 public:
  FanOut(unsigned shard, os::Kernel& kernel, transport::Transports& transports, topic::LogMemory& memory, conn::ConnectionTable& connections,
         metrics::Block& metrics, const std::vector<conn::SlowRule>& slow_rules, FanOutOwner& owner);

  /// Who is subscribed.
  Audience& audience() { return audience_; }
  /// Who takes it too slowly.
  SlowWatch& slow_watch() { return slow_watch_; }

  /// What time it is, for everything until the next call.
  void set_now(std::uint32_t now_ms) {
    audience_.set_now(now_ms);
    slow_watch_.set_now(now_ms);
  }

  /// The topic's log has a new head.
  void log_ready(const topic::TopicRef& topic, codec::EncodingId encoding);
  /// Sends private bytes (already appended) as soon as the frame order allows: now, if the kernel takes them.
  void flush_private(conn::Connection& connection);
  /// The same, but in the next `run`.
  void flush_soon(conn::Connection& connection);
  /// See StreamSink::on_stream_window. `flush_private` then sends what waited for it.
  void on_stream_window(conn::Connection& connection, codec::StreamKey stream);
  /// The kernel takes bytes again.
  void on_writable(conn::Connection& connection);

  /// One turn's worth of writing: passes of dirty topics, those first whose subscribers were served least and want least, until the turn's
  /// writes or bytes are used up; then the side lane, one quantum each.
  void run();
  /// True when the next `run` has something to do, whatever happens until then.
  bool has_work() const { return lanes_.has_work() || slow_watch_.has_work(); }

 private:
  struct Batch;
  /// What is left of a turn. The last write may take more bytes than there are.
  struct Budget {
    std::uint32_t writes = 0;
    std::uint64_t bytes = 0;

    bool is_spent() const { return writes == 0 || bytes == 0; }
    void take(std::uint32_t length) {
      --writes;
      bytes -= std::min<std::uint64_t>(bytes, length);
    }
  };
  void charge(conn::TopicSlice& slice);
  void serve(std::size_t from, std::size_t to, Budget& budget);
  void note_lag(conn::TopicSlice& slice);
  void note_held(conn::TopicSlice& slice);
  bool run_pass(conn::TopicSlice& slice, Budget& budget);
  void visit(conn::TopicSlice& slice, std::uint32_t index, Batch& batch);
  void visit_aside(conn::TopicSlice& slice, const conn::Subscriber& subscriber);
  void visit_ready(conn::TopicSlice& slice, std::uint32_t index, Batch& batch);
  void prepare(const conn::TopicSlice& slice, std::uint64_t cursor, Batch& batch);
  std::uint32_t length_until_excluded(const conn::Subscriber& subscriber, std::uint32_t length) const;
  void submit(conn::TopicSlice& slice, Batch& batch);
  void apply(conn::TopicSlice& slice, std::uint32_t index, const os::SendOp& op);
  void finish_pass(conn::TopicSlice& slice, Budget& budget);
  void tell_ears(conn::TopicSlice& slice, Budget& budget);
  void tell(conn::TopicSlice& slice, std::uint64_t begin, std::uint64_t end);
  void act_on_pass_findings();

  WriteOutcome write(conn::Connection& connection);
  WriteOutcome write_gathered(conn::Connection& connection);
  WriteOutcome write_streams(conn::Connection& connection);
  void settle_write(conn::Connection& connection, WriteOutcome outcome);
  void run_side_lane(std::uint32_t writes_left);

  const unsigned shard_;
  os::Kernel& kernel_;                // of the pass, for transports that share bytes
  transport::Transports& transports_;  // of all other writes
  conn::ConnectionTable& connections_;
  metrics::Block& metrics_;
  FanOutOwner& owner_;
  Lanes lanes_;
  Audience audience_;
  SlowWatch slow_watch_;

  std::vector<std::uint64_t> side_turn_;
  std::vector<std::optional<WriteOutcome>> side_outcomes_;  // of those
  std::vector<std::uint64_t> newly_blocked_;  // found within a pass, acted on after it: acting moves subscribers
  conn::StreamWrite stream_write_;
  std::vector<topic::SegmentRef> garbage_;
  std::vector<topic::Exclusion> exclusions_;  // in the range that the batch has prepared
};

}  // namespace shard
