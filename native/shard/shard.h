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
#include "native/shard/connection_search.h"
#include "native/shard/engine_context.h"
#include "native/shard/fan_out.h"
#include "native/shard/flight_recorder.h"
#include "native/shard/inbox.h"
#include "native/shard/publishing.h"
#include "native/shard/rates.h"
#include "native/shard/roles/roles.h"
#include "native/shard/timer_wheel.h"

namespace shard {

/// What one connection may say in one turn. As much as a pass brings to a subscriber: more would only wait in the logs (ADR 0014).
inline constexpr std::size_t read_quantum_bytes = 64 * 1024;
/// What all who say much are read together in one turn, as much as is written in one. (Who is read before they are known to costs beside that
/// what is little, for each of the turn's events.)
inline constexpr std::size_t read_bytes_per_turn = 16 * 1024 * 1024;
/// Of a connection's second descriptor, beside its token: generations stay far below.
inline constexpr std::uint64_t beside_bit = std::uint64_t{1} << 63;

class Shard final : private FanOutOwner, private RoleHost {
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
  void ask(Message& message);
  void dispatch(const os::Ready& ready);
  void dispatch_beside(const os::Ready& ready);
  void read_again();
  void take_back(Message& message);
  void resume_returned(conn::Connection& connection, std::string_view head);
  const ListenerOptions& listener_of(const conn::Connection& connection) const { return engine_.options.listeners[connection.listener]; }
  void reap();
  void close_socket(const conn::Connection& connection);
  void close_everything();
  void take_messages_at_end();

  // What it speaks (shard_protocols.cc).
  static void speak(conn::Connection& connection, codec::ProtocolId id);
  void tell_disconnected(const conn::Connection& connection);

  // Reading (shard_read.cc).
  bool floods_after_close(conn::Connection& connection, std::size_t bytes);
  void decode_by_state(conn::Connection& connection, base::MutableBytes bytes);
  bool must_wait(const conn::Connection& connection, Resume resume) const;
  void pause(conn::Connection& connection);
  std::size_t read_bytes_max(const conn::Connection& connection) const;
  bool resume(conn::Connection& connection);
  bool resume_from(std::vector<std::uint64_t>& waiting);
  void resume_paused();

  // Transports with a handshake (shard_secured.cc).
  bool begin_transport(conn::Connection& connection, bool is_plain);
  void on_secured(conn::Connection& connection);
  void refuse_beginning(conn::Connection& connection, codec::Ending ending, std::string_view reason);
  void on_receive_failed(conn::Connection& connection);
  // Clients' limits (shard_clients.cc).
  void search_some();
  void remove(const Message& message);
  void leave_client(conn::Connection& connection);
  bool is_over_rate(const conn::Connection& connection) const;
  void rest(conn::Connection& connection);
  void end_rest(conn::Connection& connection);
  void stop_resting(conn::Connection& connection);
  void count_bytes(conn::Connection& connection, std::size_t bytes);
  codec::Flow count_publication(conn::Connection& connection) override;
  bool may_publish(const conn::Connection& connection) const override;
  bool admit_client(conn::Connection& connection, std::string_view subject) override;

  // Proxies (shard_proxied.cc).
  void on_proxy_header_bytes(conn::Connection& connection, base::MutableBytes bytes);
  bool take_client(conn::Connection& connection, const os::Address& client);

  // Who may do what (shard_auth.cc).
  void take_verdict(Message& message);
  void revoke(const Message& message);
  void shift_ends(const Message& message);
  template <typename Change>
  void change_ends(Change change);

  // What has come in part (shard_unfinished.cc).
  bool read_rest(conn::Connection& connection);
  void settle_received(conn::Connection& connection, std::size_t now);
  bool holds_too_much(const conn::Connection& connection) const;
  void refuse_rest(conn::Connection& connection);
  void forget_rest(conn::Connection& connection);

  // Closing and timers (shard_close.cc).
  void on_timer(conn::Connection& connection);

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
  std::size_t count_late();
  void answer_late(conn::Connection& connection);
  std::deque<std::uint64_t>& drain_list_of(const conn::Connection& connection);

  // FanOutOwner.
  bool may_join(const conn::Connection& connection) const override;
  bool on_joined(conn::Connection& connection, const topic::TopicRef& topic, topic::Join& join) override;
  void on_write_failed(conn::Connection& connection) override;
  void on_rest_unread(conn::Connection& connection) override;
  void on_blocked(conn::Connection& connection) override;
  void on_drained(conn::Connection& connection) override;
  void on_streams_written(conn::Connection& connection) override;
  void on_slow(const SlowReport& report, conn::SlowAction action) override;
  void on_unsent(const SlowReport& report) override;
  void on_heard(std::uint64_t ear) override;

  // RoleHost.
  DrainPhase drain_phase() const override;
  void open(conn::Connection& connection, const std::vector<std::string>& topics) override;
  void go_on_as(conn::Connection& connection, codec::ProtocolId protocol, base::MutableBytes bytes) override;
  void begin_again(conn::Connection& connection, base::MutableBytes bytes) override;
  void begin_close(conn::Connection& connection, codec::Ending ending, std::string_view reason) override;
  void begin_close_as(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  void begin_failed_close(conn::Connection& connection, codec::Ending ending, std::string_view reason) override;
  void doom(conn::Connection& connection, codec::Ending ending, std::string_view reason) override;
  void remember_reason(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  void arm(conn::Connection& connection) override;
  void end_overdue(conn::Connection& connection) override;
  void read(conn::Connection& connection) override;
  void read_later(conn::Connection& connection) override;
  void take_bytes(conn::Connection& connection, base::MutableBytes bytes) override;
  void wait_with(conn::Connection& connection, base::Bytes rest) override;
  void mind_unfinished(conn::Connection& connection) override;
  void await_room(conn::Connection& connection, metrics::Metric why) override;
  Role& role_of(const conn::Connection& connection) const override { return roles_.of(connection); }
  bool watch_beside(const conn::Connection& connection, int fd) override;
  void unwatch(const conn::Connection& connection) override;
  void watch_writable(const conn::Connection& connection) override;
  bool find_client(conn::Connection& connection, const codec::HttpRequest& request) override;
  void post_event(Event&& event) override;
  void warn(const char* name, std::string message) override;

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
  transport::Transports transports_;
  FanOut fan_out_;
  Publishing publishing_;
  Roles roles_;
  Acceptor acceptor_;
  const Rates rates_;
  TimerWheel timers_;
  ConnectionSearch search_;
  Inbox inbox_;
  std::atomic<std::size_t> load_{0};
  /// When a sign of life was asked for, in milliseconds of the monotonic clock; 0: none is owed. Relaxed: it carries nothing else.
  std::atomic<std::int64_t> asked_ms_{0};

  int poller_ = -1;
  int wake_ = -1;
  std::uint32_t now_ms_ = 0;
  std::int64_t now_ns_ = 0;  // the same moment
  bool stopping_ = false;
  bool relieving_ = false;  // asked to let go of the slowest

  std::vector<os::Ready> ready_;
  std::vector<Message> messages_;
  std::vector<std::uint8_t> read_buffer_;
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
