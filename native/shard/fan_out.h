// Fan out: brings the new bytes of topics to the sockets of one shard's subscribers, evenly. Ready subscribers are written
// to in rotating passes; those with several topics or private bytes get one gathered write; blocked ones wait aside.
// Owner: a shard. Thread: that shard.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "native/conn/connection_table.h"
#include "native/conn/gathered_write.h"
#include "native/conn/slot_set.h"
#include "native/conn/stream_write.h"
#include "native/conn/topic_slice.h"
#include "native/metrics/metrics.h"
#include "native/os/kernel.h"
#include "native/topic/topic.h"

namespace shard {

enum class WriteOutcome : std::uint8_t {
  drained,      // nothing is pending
  partial,      // a quantum has left, more is pending
  would_block,  // the kernel refused; an edge will follow
  failed,       // the connection is dead
};

/// What a policy was applied to, for the record.
struct SlowReport {
  conn::Connection& connection;
  const topic::Topic& topic;
  codec::StreamKey stream;  // on connections with streams: the one that is slow
  conn::SlowPolicyId policy{};
  std::uint64_t bytes_behind = 0;
  std::uint32_t age_ms = 0;
  std::uint64_t skipped = 0;
};

/// What fan out leaves to the shard. Called only from `FanOut`'s own turn functions, never within a pass.
class FanOutOwner {
 public:
  /// A connection has joined a topic, perhaps again: its greeting is to be queued (fan out sends it). False when it must end instead.
  virtual bool on_joined(conn::Connection& connection, const topic::TopicRef& topic, topic::Join& join) = 0;
  virtual void on_write_failed(conn::Connection& connection) = 0;
  /// The logs are full, and it does not read the rest of one frame: it must be doomed. What is lost by it has been told of.
  virtual void on_rest_unread(conn::Connection& connection) = 0;
  /// The kernel refuses its bytes, or the peer has no window for a stream of it.
  virtual void on_blocked(conn::Connection& connection) = 0;
  /// Everything that was pending for a connection that is not simply open, or that answers requests, has left.
  virtual void on_drained(conn::Connection& connection) = 0;
  /// The kernel was offered what a connection with streams has to send.
  virtual void on_streams_written(conn::Connection& connection) = 0;
  virtual void on_slow(const SlowReport& report, conn::SlowAction action) = 0;
  /// It is about to end with this unsent (on_rest_unread).
  virtual void on_unsent(const SlowReport& report) = 0;
  /// What an ear has heard waits to be taken; told once until it is.
  virtual void on_heard(std::uint64_t ear) = 0;

 protected:
  ~FanOutOwner() = default;
};

/// A relief of full logs that is under way: first a walk to find the worst, then another to let go of those.
struct Relief {
  enum class Walk : std::uint8_t { none, measuring, letting_go };
  Walk walk = Walk::none;
  std::size_t left = 0;             // places still to be visited in this walk, from the back
  std::uint64_t lag_max = 0;        // in bytes
  std::uint32_t unread_ms_max = 0;  // for which somebody has not read the rest of a frame
};

class FanOut {
 public:
  FanOut(unsigned shard, os::Kernel& kernel, const topic::LogMemory& memory, conn::ConnectionTable& connections,
         metrics::Block& metrics, const std::vector<conn::SlowRule>& slow_rules, FanOutOwner& owner);

  /// What time it is, for everything until the next call.
  void set_now(std::uint32_t now_ms) { now_ms_ = now_ms; }

  /// Adds the connection to the topic's subscribers from the present head on: call it before acknowledging.
  void subscribe(conn::Connection& connection, const topic::TopicRef& topic, codec::EncodingId encoding);
  /// The same for one stream of a connection that has streams. Returns the topic's last publication before it; null when the topic
  /// retains none.
  topic::LastValueRef subscribe_stream(conn::Connection& connection, codec::StreamKey stream, const topic::TopicRef& topic,
                                       codec::EncodingId encoding);
  /// Brings in the connections that joined the topic from other threads, up to the join of that number (Topic::join).
  void bring_in_joins(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t number);
  /// Ends an ear's part in a topic; passed over when it has none.
  void unlisten(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t ear);
  /// Ends one subscription; false when there is none. A frame that is partly on the wire is completed.
  bool unsubscribe(conn::Connection& connection, std::string_view topic);
  /// Ends a stream's; passed over when it has none. A frame that is partly on the wire is completed.
  void unsubscribe_stream(conn::Connection& connection, codec::StreamKey stream);
  /// Ends all subscriptions. A frame that is partly on the wire is completed through the connection's private bytes.
  void unsubscribe_all(conn::Connection& connection);

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
  bool has_work() const { return !dirty_.empty() || !side_lane_.empty() || !over_limit_.empty() || relief_.walk != Relief::Walk::none; }

  /// When the oldest unsent publication of a blocked connection (or stream) passes its age limit at the earliest: milliseconds
  /// from now, 0 when it has. What is published from now on counts too, so that who is refused already is looked at in time;
  /// `TimerWheel::no_deadline_ms` when nothing is subscribed that is blocked.
  std::uint32_t age_due_in_ms(conn::Connection& connection);
  /// Applies the policy of each topic in which the blocked connection (or a blocked stream of it) is over a limit.
  void judge(conn::Connection& connection);
  /// The logs are full: applies the policies as if bytes_behind_max were half of the largest lag of a blocked subscriber, and
  /// disconnects where skipping would free nothing. Spares whoever was refused only for a moment.
  /// Begun here, unless it is under way, and done by `relieve_some`, a bounded step a turn.
  void begin_relief();
  void relieve_some();
  /// True when the connection has topic bytes to be sent.
  bool is_behind(conn::Connection& connection);

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
  using SliceKey = std::pair<const topic::Topic*, codec::EncodingId>;
  struct SliceKeyHash {
    std::size_t operator()(const SliceKey& key) const {
      return std::hash<const void*>{}(key.first) ^ static_cast<std::size_t>(key.second);
    }
  };

  conn::TopicSlice& slice_for(const topic::TopicRef& topic, codec::EncodingId encoding);
  void mark_dirty(conn::TopicSlice& slice);
  conn::Subscriber& add_subscriber(conn::TopicSlice& slice, conn::Connection& connection, std::uint64_t position);
  void leave(const conn::Subscription& subscription);
  void remove_subscriber(conn::TopicSlice& slice, std::uint32_t index);
  conn::Subscription& subscription_at(conn::TopicSlice& slice, std::uint32_t index);
  void forget(conn::TopicSlice& slice);
  void complete_frame(conn::Connection& connection);

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
  void add_ear(conn::TopicSlice& slice, topic::Join& join);
  void tell_ears(conn::TopicSlice& slice, Budget& budget);
  void tell(conn::TopicSlice& slice, std::uint64_t begin, std::uint64_t end);
  void act_on_pass_findings();

  WriteOutcome write(conn::Connection& connection);
  WriteOutcome write_gathered(conn::Connection& connection);
  WriteOutcome write_streams(conn::Connection& connection);
  void settle_write(conn::Connection& connection, WriteOutcome outcome);
  void set_lanes(conn::Connection& connection);
  void enqueue_side(conn::Connection& connection);
  void run_side_lane(std::uint32_t writes_left);
  bool is_held(const conn::Connection& connection, const conn::Subscriber& subscriber) const;
  struct Behind {
    std::uint64_t bytes = 0;
    std::uint32_t age_ms = 0;
  };
  Behind measure(const conn::TopicSlice& slice, const conn::Subscriber& subscriber) const;
  void count_skipped(topic::Topic& topic, conn::SlowPolicyId policy, std::uint64_t publications);
  void block(conn::Connection& connection);

  bool go_on_relieving();
  std::uint32_t measure_held(std::size_t place);
  std::uint32_t let_go_of_held(std::size_t place);
  std::uint32_t refused_ms(const conn::Connection& connection) const;
  std::uint32_t cut(conn::Connection& connection);
  void tell_unsent(conn::Connection& connection, topic::Topic& topic, codec::StreamKey stream, const Behind& behind, std::uint64_t publications);
  std::uint64_t relievable_lag(const conn::TopicSlice& slice, const conn::Subscriber& subscriber) const;
  void look_at_lag(conn::Connection& connection);
  void note_over_limit(const conn::Connection& connection);
  bool judge_one(conn::Connection& connection, std::size_t subscription, const conn::SlowRule& rule);

  const unsigned shard_;
  os::Kernel& kernel_;
  const topic::LogMemory& memory_;
  conn::ConnectionTable& connections_;
  metrics::Block& metrics_;
  const std::vector<conn::SlowRule>& slow_rules_;
  FanOutOwner& owner_;
  std::uint32_t now_ms_ = 0;

  std::unordered_map<SliceKey, std::unique_ptr<conn::TopicSlice>, SliceKeyHash> slices_;
  std::vector<conn::TopicSlice*> dirty_;
  std::uint64_t served_ = 0;  // TopicSlice::served of whoever had the last turn: who comes anew begins there
  std::vector<std::uint64_t> side_lane_;  // connection tokens
  std::vector<std::uint64_t> side_turn_;
  // Found within a pass, acted on after it: acting moves subscribers.
  std::vector<std::uint64_t> failed_;
  std::vector<std::uint64_t> newly_blocked_;
  std::vector<std::uint64_t> over_limit_;
  /// Who may be held, by the kernel or by windows: whoever is, and some who are no more, until the next relief.
  conn::SlotSet held_;
  Relief relief_;
  conn::StreamWrite stream_write_;
  std::vector<topic::SegmentRef> garbage_;
  std::vector<topic::Join> joins_;
  std::vector<topic::Exclusion> exclusions_;  // in the range that the batch has prepared
};

}  // namespace shard
