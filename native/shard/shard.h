// A shard: one event loop that owns its connections, their subscriptions and timers. `turn` does everything once and never
// starts a thread, so that tests step shards in any order; `run` turns until it is told to stop.
// Owner: the engine. Thread: its own, except `post`, `load`, `metrics` and `recorder`.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/conn/connection_table.h"
#include "native/metrics/metrics.h"
#include "native/shard/acceptor.h"
#include "native/shard/engine_context.h"
#include "native/shard/fan_out.h"
#include "native/shard/flight_recorder.h"
#include "native/shard/inbox.h"
#include "native/shard/publishing.h"
#include "native/shard/timer_wheel.h"

namespace shard {

/// What one connection may say in one turn. As much as a pass brings to a subscriber: more would only wait in the logs.
inline constexpr std::size_t read_quantum_bytes = 64 * 1024;
/// What all who say much are read together in one turn, as much as is written in one. (Who is read before they are known to costs beside that
/// what is little, for each of the turn's events.)
inline constexpr std::size_t read_bytes_per_turn = 16 * 1024 * 1024;

class Shard final : private FanOutOwner, private codec::MessageSink, private codec::SessionSink, private codec::StreamSink, private codec::RequestSink {
 public:
  /// `engine` outlives the shard. Only shard 0 gets listeners.
  Shard(unsigned index, EngineContext& engine);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// False when the system had no descriptor for the shard's poller or wake-up: it must not turn then.
  bool usable() const { return poller_ >= 0 && wake_ >= 0; }
  /// False when the poller has no room for the listeners; they are the shard's either way.
  bool listen(std::vector<Listener> listeners);
  /// Turns until a stop message; then every socket is closed.
  void run();
  /// One turn: waits at most `timeout_ms` (-1: until something happens), and less when there is work. False after a stop message.
  bool turn(int timeout_ms);

  /// From any thread.
  void post(Message&& message);
  /// Connections dealt to this shard and not yet closed. Read by the acceptor only as a hint.
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  void add_load() { load_.fetch_add(1, std::memory_order_relaxed); }
  const metrics::Block& metrics() const { return metrics_; }
  const FlightRecorder& recorder() const { return recorder_; }

  /// From any thread: milliseconds for which the shard has owed a sign of life since an earlier call; asks for the next one.
  std::uint32_t silent_ms();

  /// On the shard's thread: takes an accepted socket over.
  void adopt(const Message& message);

 private:
  // The turn (shard.cc).
  int idle_ms(int timeout_ms) const;
  std::size_t wait(int timeout_ms);
  std::size_t take_messages();
  void handle(Message& message);
  void handle_session(Message& message);
  void dispatch(const os::Ready& ready);
  void read_later(conn::Connection& connection);
  void read_again();
  void begin(conn::Connection& connection);
  void reap();
  void close_socket(const conn::Connection& connection);
  void close_everything();
  void take_messages_at_end();

  // Reading (shard_read.cc).
  enum class Resume : std::uint8_t { no, yes };
  void on_readable(conn::Connection& connection);
  bool floods_after_close(conn::Connection& connection, std::size_t bytes);
  void on_bytes(conn::Connection& connection, base::MutableBytes bytes);
  void decode_by_state(conn::Connection& connection, base::MutableBytes bytes);
  void on_handshake_bytes(conn::Connection& connection, base::MutableBytes bytes);
  void keep_head(conn::Connection& connection, std::unique_ptr<conn::Unread> earlier, base::Bytes bytes, std::size_t scanned);
  void await_request(conn::Connection& connection);
  void on_request_head(conn::Connection& connection, const codec::HttpParsed& parsed, base::Bytes bytes);
  bool may_stay(const conn::Connection& connection, const codec::HttpRequest& request) const;
  /// Nothing when it is open; else why not.
  std::optional<codec::HttpRefusal> open(conn::Connection& connection, const codec::HttpRequest& request);
  /// Nothing when they are open; else why not.
  std::optional<codec::HttpRefusal> open_topics(conn::Connection& connection, const std::vector<std::string>& names);
  void refuse(conn::Connection& connection, const codec::HttpRefusal& refusal);
  void answer_refused(conn::Connection& connection, const codec::HttpRefusal& refusal);
  void answer_health(conn::Connection& connection, const codec::HttpRequest& request, codec::HttpRefusal& health);
  void answer_text(conn::Connection& connection, const codec::HttpRefusal& text);
  void end_answered(conn::Connection& connection);
  void await_next_request(conn::Connection& connection);
  codec::Decoded decode_as(conn::Connection& connection, base::MutableBytes bytes);
  void decode(conn::Connection& connection, base::MutableBytes bytes);
  void publish(const topic::TopicRef& topic, const codec::Publication& publication);
  bool takes_control_frame(conn::Connection& connection);
  bool must_wait(const conn::Connection& connection, Resume resume) const;
  void pause(conn::Connection& connection);
  bool is_ahead(const conn::Connection& connection) const;
  static topic::Demand demand_of(const conn::Connection& connection);
  std::size_t read_bytes_max(const conn::Connection& connection) const;
  void await_room(conn::Connection& connection, metrics::Metric why);
  bool resume(conn::Connection& connection);
  bool resume_from(std::vector<std::uint64_t>& waiting);
  void resume_paused();

  // Proxies (shard_proxied.cc).
  void on_proxy_header_bytes(conn::Connection& connection, base::MutableBytes bytes);
  void refuse_proxy_header(conn::Connection& connection, const codec::HttpRefusal& refusal);
  /// False when the connection has ended by it.
  bool find_client(conn::Connection& connection, const codec::HttpRequest& request);
  bool take_client(conn::Connection& connection, const os::Address& client);

  // What has come in part (shard_unfinished.cc).
  void wait_with(conn::Connection& connection, base::Bytes rest);
  bool read_rest(conn::Connection& connection);
  void mind_unfinished(conn::Connection& connection);
  void settle_received(conn::Connection& connection, std::size_t now);
  bool holds_too_much(const conn::Connection& connection) const;
  void refuse_rest(conn::Connection& connection);
  bool is_overdue(conn::Connection& connection);
  void end_overdue(conn::Connection& connection);
  void forget_rest(conn::Connection& connection);

  // Responders (shard_respond.cc).
  void open_responder(conn::Connection& connection);
  bool takes_requests(conn::Connection& connection);
  void append_reply(base::Bytes reply);
  void append_last(const conn::Connection& connection, std::string_view topic);
  void send_replies(conn::Connection& connection);

  // Sessions (shard_session.cc).
  enum class WithinRate : std::uint8_t { yes, no };
  void open_session(conn::Connection& connection, const codec::HttpRequest& request);
  void end_session(conn::Connection& connection);
  void tell_message(conn::Connection& connection, std::string_view text, WithinRate within_rate);
  codec::Flow flow_of(const conn::Connection& connection) const;
  void hand_over(conn::Connection& connection, base::Bytes head);
  void take_back(Message& message);
  void resume_returned(conn::Connection& connection, std::string_view head);
  void leave(conn::Connection& connection, const std::string& topic);
  bool append_private(conn::Connection& connection, base::Bytes bytes);

  // Streams (shard_streams.cc).
  void open_streams(conn::Connection& connection);
  void say_first(conn::Connection& connection);
  void decode_streams(conn::Connection& connection, base::MutableBytes bytes);
  bool refuses_reserved(codec::StreamKey stream, std::string_view topic);
  topic::TopicRef topic_of(conn::Connection& connection, std::string_view name);
  base::Bytes encode_last(const conn::Connection& connection, const topic::LastValue& last);
  void withhold_credit(conn::Connection& connection);
  void grant_credit(conn::Connection& connection);
  std::uint32_t streams_due_ms(conn::Connection& connection, std::uint32_t due_ms) const;
  void on_streams_timer(conn::Connection& connection);
  void judge_streams(conn::Connection& connection);
  bool reads_too_late(conn::Connection& connection);
  void give_up(conn::Connection& connection, std::string_view reason);
  void end_overdue_greetings(conn::Connection& connection);
  void end_overdue_calls(conn::Connection& connection);
  void close_slow_stream(const SlowReport& report, std::string_view reason);
  bool finish_some_streams(conn::Connection& connection);

  void settle_account(conn::Connection& connection, const conn::StreamAccount& now);
  bool keeps_too_much(const conn::Connection& connection) const;

  // codec::StreamSink, for `decoding_`.
  bool admits_stream() override;
  void on_stream_subscribe(codec::StreamKey stream, const codec::StreamSubscription& subscription) override;
  void on_stream_message(codec::StreamKey stream, const codec::StreamMessage& message) override;
  void on_stream_publish_end(codec::StreamKey stream) override;
  void on_stream_last(codec::StreamKey stream, std::string_view topic) override;
  void on_stream_gone(codec::StreamKey stream) override;
  void on_stream_window(codec::StreamKey stream) override;

  // codec::MessageSink, SessionSink and RequestSink, for `decoding_`.
  codec::Flow on_message(codec::PayloadKind kind, base::Bytes payload) override;
  void on_ignored_message() override;
  void on_ping(base::Bytes payload) override;
  void on_pong(base::Bytes payload) override;
  void on_close(std::uint16_t code, std::string_view reason) override;
  codec::Flow on_session_message(std::string_view text) override;
  codec::Flow on_client_publication(const codec::ClientPublication& publication) override;
  void on_application_ping(std::string_view answer) override;
  codec::Flow on_request(base::Bytes request) override;

  // Closing and timers (shard_close.cc).
  /// Sends a close frame behind what must still leave, and waits for the peer's at most `close_ms`.
  void begin_close(conn::Connection& connection, codec::Ending ending, std::string_view reason);
  /// The same with a number that the peer or the control plane has chosen.
  void begin_close_as(conn::Connection& connection, std::uint16_t code, std::string_view reason);
  /// The same for what the protocol calls an error: where those are told by a message, too, that comes first.
  void begin_failed_close(conn::Connection& connection, codec::Ending ending, std::string_view reason);
  /// To be closed at the end of the turn; `ending` and `reason` are for the event unless a close has begun.
  void doom(conn::Connection& connection, codec::Ending ending, std::string_view reason);
  std::uint16_t code_of(const conn::Connection& connection, codec::Ending ending) const;
  void remember_reason(conn::Connection& connection, std::uint16_t code, std::string_view reason);
  void arm(conn::Connection& connection);
  void on_timer(conn::Connection& connection);
  static bool awaits_nothing(const conn::Connection& connection);
  void on_idle(conn::Connection& connection);
  void ping_beside(conn::Connection& connection);
  std::uint32_t ping_beside_due_ms(const conn::Connection& connection) const;
  const Patience& patience_of(const conn::Connection& connection) const;
  std::uint32_t silence_ms(const conn::Connection& connection) const;

  // Drain (shard_drain.cc).
  void begin_drain(std::uint32_t drain_ms);
  void go_on_draining();
  void close_in_turn();
  void close_sessions(std::uint32_t elapsed_ms);
  void end_drain();
  void drain_some(std::deque<std::uint64_t>& list, std::size_t count, bool time_is_up);
  bool has_unfinished(conn::Connection& connection);
  void cut_the_rest();
  void cut_silent_sessions();
  bool may_end() const;
  bool lets_in(const conn::Connection& connection);
  static bool has_handshake(const conn::Connection& connection);
  void refuse_handshake(conn::Connection& connection);
  std::size_t count_late();
  bool is_held_back(const conn::Connection& connection) const;
  void hold(conn::Connection& connection, base::Bytes request);
  void answer_held(conn::Connection& connection);
  void answer_late(conn::Connection& connection);

  // FanOutOwner.
  bool on_joined(conn::Connection& connection, const topic::TopicRef& topic, topic::Join& join) override;
  void on_write_failed(conn::Connection& connection) override;
  void on_rest_unread(conn::Connection& connection) override;
  void on_blocked(conn::Connection& connection) override;
  void on_drained(conn::Connection& connection) override;
  void on_streams_written(conn::Connection& connection) override;
  void on_slow(const SlowReport& report, conn::SlowAction action) override;
  void on_unsent(const SlowReport& report) override;
  void on_heard(std::uint64_t ear) override;

  void post_event(Event&& event);
  void post_told(conn::Connection& connection, Event&& event);
  Event connection_event(const conn::Connection& connection, EventKind kind) const;
  void update_clock();
  void note(TracePoint point, const conn::Connection& connection, std::uint64_t second = 0) {
    recorder_.note(point, connection.id, static_cast<std::uint64_t>(connection.fd), second);
  }

  const unsigned index_;
  EngineContext& engine_;
  os::Kernel& kernel_;
  metrics::Block metrics_;
  FlightRecorder recorder_;
  conn::ConnectionTable connections_;
  FanOut fan_out_;
  Publishing publishing_;
  Acceptor acceptor_;
  TimerWheel timers_;
  Inbox inbox_;
  std::atomic<std::size_t> load_{0};
  /// When a sign of life was asked for, in milliseconds of the monotonic clock; 0: none is owed. Relaxed: it carries nothing else.
  std::atomic<std::int64_t> asked_ms_{0};

  int poller_ = -1;
  int wake_ = -1;
  std::uint32_t now_ms_ = 0;
  bool stopping_ = false;
  bool relieving_ = false;  // asked to let go of the slowest
  conn::Connection* decoding_ = nullptr;

  std::vector<os::Ready> ready_;
  std::vector<Message> messages_;
  std::vector<std::uint8_t> read_buffer_;
  std::vector<std::uint8_t> scratch_;  // a publication in another form, while it is handed on
  std::vector<std::uint8_t> replies_;  // to what `decoding_` asked
  std::vector<std::uint64_t> read_queue_;  // connection tokens
  std::vector<std::uint64_t> read_turn_;
  std::size_t read_left_ = 0;              // of read_bytes_per_turn
  std::vector<std::uint64_t> paused_little_;  // who says little goes on first
  std::vector<std::uint64_t> paused_much_;
  std::vector<std::uint64_t> paused_turn_;  // scratch of `resume_from`
  std::vector<std::uint64_t> doomed_;

  struct Drain {
    bool active = false;
    bool stays_open = false;  // newcomers are let in, to be told when to come back
    bool emptied = false;     // nobody is left but newcomers
    bool ending = false;      // so it is on all shards: the listeners are closed
    bool reported = false;
    std::uint32_t started_ms = 0;
    std::uint32_t within_ms = 0;
    bool late_told = false;
    std::uint32_t late_told_ms = 0;  // when the newcomers were told
    std::size_t total = 0;        // of the first two lists
    bool publishers_closed = false;
    bool subscribers_closed = false;
    std::deque<std::uint64_t> publishers;  // connection tokens, taken from the back
    std::deque<std::uint64_t> subscribers;
    std::deque<std::uint64_t> sessions;  // that come back here
    std::size_t sessions_total = 0;
    bool sessions_begun = false;
    std::uint32_t first_session_ms = 0;  // when the first of them was told
    std::uint32_t last_session_ms = 0;
    std::vector<std::uint64_t> late;  // connection tokens of newcomers, and of handshakes that the drain found
  };
  Drain drain_;
};

}  // namespace shard
