// The engine: listeners, shards and their threads, and the few calls that other threads may make.
// Owner: the addon (or a test). Thread: `start`, `run`, `stop` on one thread; the rest from any, as said.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "native/os/heap.h"
#include "native/shard/engine_context.h"
#include "native/shard/publishing.h"
#include "native/shard/shard.h"

namespace shard {

/// How the protocol whose sessions the control plane has rules for says texts and ends.
const codec::Manners& session_manners();

struct BoundListener {
  codec::ProtocolId protocol{};
  os::Endpoint address;
  int error = 0;  // skipped listeners: the errno that made us skip it
  bool dual_stack = false;  // of `::`: IPv4 clients come in too
  bool shared = false;      // another process listens there too
};

struct StartError {
  int error = 0;  // errno
  os::Endpoint address;
};

/// Something that was asked of the system for the shards' threads.
struct Tuning {
  const char* name = "";  // spin, cpus, real-time, memory
  int error = 0;          // the errno of its refusal; 0: applied
};

enum class JoinStatus : std::uint8_t { ok, invalid_topic, topics_full };

using ListenStatus = JoinStatus;

struct TopicCounts {
  std::string name;
  std::uint64_t subscribers = 0;
  std::uint64_t published = 0;
  std::array<std::uint64_t, conn::slow_policy_count> skipped{};
};

class Engine {
 public:
  /// Binds every listener and makes the shards, without a thread. Null, and nothing bound, when a listener fails:
  /// `error` says which. `kernel` and `events` outlive the engine.
  static std::unique_ptr<Engine> start(EngineOptions options, os::Kernel& kernel, EventSink& events, StartError& error);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Starts a thread for each shard. False when the system refuses one: then none runs, and the engine is of no more use.
  [[nodiscard]] bool run();
  /// What the threads were asked to do for latency and what came of it, once `run` has returned.
  const std::vector<Tuning>& tuning() const { return tuning_; }
  /// Ends the threads and closes every socket; returns when they are joined. Idempotent.
  void stop();
  /// Stops accepting and closes all connections within `drain_ms`; a `drained` event follows when the last one is gone.
  void drain(std::uint32_t drain_ms);

  const std::vector<BoundListener>& listeners() const { return bound_; }
  const std::vector<BoundListener>& skipped() const { return skipped_; }

  /// Publishes from outside the shards. One thread at a time (it has one metric block).
  PublishOutcome publish(std::string_view topic, const codec::Publication& publication);
  void set_connection_events(bool on);

  // Sessions: any thread. An id that is gone is ignored.
  void accept_session(conn::ConnectionId id, conn::SessionTerms terms);
  /// `frames`: whole frames, as the connection's protocol writes them.
  void send_to_session(conn::ConnectionId id, std::string frames);
  /// Everything published after this call returns is for the connection; its place is filled in here.
  JoinStatus join_topic(std::string_view topic, topic::Join join);
  void leave_topic(conn::ConnectionId id, std::string topic);
  void close_session(conn::ConnectionId id, std::uint16_t code, std::string reason);

  // Who may do what: any thread.
  /// Which header fields questions carry besides those that are always looked at, in small letters.
  void set_asked_fields(codec::FieldNames wanted) { context_.set_asked_fields(std::move(wanted)); }
  /// An answer to a question of that connection; for one that does not wait for it any more it is nothing.
  void answer(conn::ConnectionId id, AuthVerdict verdict);
  /// Closes all that stand on these, as if their tokens had expired, spread over `within_ms`. Answers that come later are not meant.
  void revoke(std::vector<std::uint32_t> standings, std::uint32_t within_ms);
  /// The wall clock was set forward by so much (or back: less than 0), so that accesses end sooner.
  void shift_ends(std::int64_t wall_clock_ahead_ms);

  /// Any thread: `fd` is the engine's from here on. `listener`, `peer`: as the event said that handed the connection over; `head`: the bytes
  /// that were read since, from an upgrade request's first one. False, and `fd` left alone, when nothing is handed over there.
  [[nodiscard]] bool take_back(int fd, std::size_t listener, const os::Address& peer, std::string head);

  /// Any thread: Topic::read_history of that topic, whose epoch stands from here on as long as somebody uses it.
  JoinStatus read_history(std::string_view topic, const codec::ReplayWish& wish, std::size_t messages_max, std::size_t bytes_max, topic::HistoryPage& page);

  // Subscribers within this process: any thread.
  /// Everything published to the topic after this call returns is put into the ear, by a shard, until `unlisten`.
  ListenStatus listen(std::string_view topic, const std::shared_ptr<topic::Ear>& ear);
  /// Ends what `listen` began for the same topic; the ear is closed at once.
  void unlisten(std::string_view topic, topic::Ear& ear);

  /// To be called every few seconds, by a thread that nobody waits for: gives memory back that was needed for a while.
  void give_back();

  /// Any thread: see Shard::silent_ms, by shard.
  std::vector<std::uint32_t> silent_ms() const;

  /// Any thread: each shard answers with a ConnectionsListed that names `ask`.
  void find_connections(std::uint64_t ask, ConnectionQuery query);
  /// Any thread: ends it, in its protocol's words. A ConnectionRemoved that names `ask` says whether it was there; false: it cannot be.
  [[nodiscard]] bool remove_connection(std::uint64_t ask, conn::ConnectionId id);

  /// Any thread: all counters, summed, by the order of metrics::metric_rows.
  std::array<std::int64_t, metrics::metric_count> stats() const;
  /// Any thread: what each shard did last, a line each, the oldest first (flight_recorder.h).
  std::vector<std::vector<std::string>> flight_records() const;
  const ProxyOptions& proxies() const { return context_.options.proxies; }
  const topic::LogMemory& memory() const { return context_.memory; }
  const topic::Retained& retained() const { return context_.retained; }
  const topic::Histories& histories() const { return context_.histories; }
  std::size_t topics() const { return context_.topics.size(); }
  /// What connections with streams keep of half-sent messages and unread answers.
  std::size_t stream_bytes() const { return context_.stream_bytes.load(std::memory_order_relaxed); }
  std::size_t received_bytes() const { return context_.received_bytes.load(std::memory_order_relaxed); }
  /// At most `max` topics: most skipped first, then most subscribers, then by name.
  std::vector<TopicCounts> topic_counts(std::size_t max) const;
  /// Nothing when there is no topic of that name.
  std::optional<TopicCounts> topic_count(std::string_view topic) const;

  unsigned shards() const { return static_cast<unsigned>(context_.shards.size()); }
  /// For tests that step shards themselves.
  Shard& shard(unsigned index) { return *context_.shards[index]; }

 private:
  Engine(EngineOptions options, os::Kernel& kernel, EventSink& events);
  bool bind_all(StartError& error);
  bool is_dual_stack(const ListenerOptions& wanted) const;
  bool bind_once(std::vector<Listener>& listeners, StartError& error);
  void thread_main(unsigned index);
  void tune_thread(unsigned index);
  void report_tuning(int memory_error);
  void post_to(conn::ConnectionId id, Message&& message);
  void order_all(MessageKind kind, const AuthOrder& order, std::uint32_t number);
  unsigned shard_of_ears(std::string_view topic) const;

  EngineContext context_;
  std::vector<BoundListener> bound_;
  std::vector<BoundListener> skipped_;
  std::vector<std::thread> threads_;
  struct ThreadTuning {
    int cpu_error = 0;
    int real_time_error = 0;
  };
  std::vector<ThreadTuning> thread_tuning_;  // by shard; each thread writes its own before it counts itself tuned
  /// Threads that have tuned themselves. Released by each of them, acquired by `run`, which then reads what they wrote.
  std::atomic<unsigned> threads_tuned_{0};
  std::vector<Tuning> tuning_;
  metrics::Block metrics_;
  Publishing publishing_;  // from outside the shards
  os::HeapWatch heap_;  // of `give_back`
};

}  // namespace shard
