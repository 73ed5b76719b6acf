// The contract of a role: how one kind of connection lives, from its first byte to its end. What a connection has is in conn::Connection; a
// role has only what one `decode` needs. Nothing here is called within a pass, and nothing for each of a topic's subscribers.
// Owner: a shard, one object for each row of roles.def. Thread: that shard's.
#pragma once

#include <cstdint>
#include <string_view>

#include "native/shard/inbox.h"
#include "native/shard/roles/role_host.h"

namespace shard {

/// The least time between a refusal, or a look at the age of a blocked connection's oldest publication, and the next look: who
/// reads uses it to catch up, also after the whole process was stopped for longer than `age_max_ms`, or than a pong may take.
inline constexpr std::uint32_t judge_again_ms = 200;

/// Whether a connection that waits asks: it goes on only when there is clearly room again.
enum class Resume : std::uint8_t { no, yes };

/// When a drain ends a connection, and beside whom.
enum class DrainTurn : std::uint8_t {
  publishers,   // first, so that what they sent still finds its subscribers
  subscribers,
  comers_back,  // last, where they come back to this address; else with the subscribers
};

/// What comes before its first message is still coming in.
inline bool is_beginning(const conn::Connection& connection) {
  return connection.state == conn::State::handshake || connection.state == conn::State::proxy_header || connection.state == conn::State::securing;
}

/// Kept open behind a refused request, and the next one has not begun: nobody waits for an answer.
inline bool awaits_nothing(const conn::Connection& connection) {
  return connection.state == conn::State::handshake && connection.requests_refused > 0 && !connection.unread;
}

/// It says more than its topic's subscribers get. Whoever says little is read all the same, to whatever topic.
inline bool is_ahead(const conn::Connection& connection) {
  return connection.publishes_to && connection.has_more && connection.publishes_to->is_behind();
}

/// What is said to a topic that is held up counts as much: it stays in the logs.
topic::Demand demand_of(const conn::Connection& connection);

class Role {
 public:
  /// `host` outlives it.
  explicit Role(RoleHost& host) : host_(host) {}
  virtual ~Role() = default;
  Role(const Role&) = delete;
  Role& operator=(const Role&) = delete;

  // It begins.
  /// What its poller is to tell of it.
  virtual os::Watch watch_for(const conn::Connection& connection) const;
  /// Nothing has been read of it, but perhaps a PROXY header.
  virtual void begin(conn::Connection& connection) = 0;
  /// It has its codec: all else that it has while it is open is to be made (RoleHost::open).
  virtual void opened(conn::Connection&) {}
  /// Behind its first read: what is to be said before its peer has said anything goes with the answer to that.
  virtual void on_first_read(conn::Connection&) {}
  /// It is not open, and never will be: its peer is told in as far as it understands anything.
  virtual void refuse(conn::Connection& connection, codec::Ending ending, std::string_view reason);
  /// The handshake has taken too long, or what it waits for.
  virtual void on_handshake_timer(conn::Connection& connection);
  /// A drain is over but for those that have no answer to their handshake yet.
  virtual void end_handshake(conn::Connection& connection);

  // Bytes come.
  /// False when its socket is not to be read now; it will be, by whoever keeps it from that.
  virtual bool takes_reads(conn::Connection&) { return true; }
  /// Of one read, where most connections get `usual`.
  virtual std::size_t read_bytes_max(const conn::Connection&, std::size_t usual) const { return usual; }
  /// Whether it is not read while the logs are full, or somebody else has enough to do: its own TCP window stops the peer. Asked of those that
  /// are open or in their handshake.
  virtual bool must_wait(const conn::Connection& connection, Resume resume) const = 0;
  /// What counts those that wait.
  virtual metrics::Metric why_it_waits(const conn::Connection&) const { return metrics::Metric::publishers_paused; }
  /// In its handshake, open, or while the peer's answer to our goodbye is looked for.
  virtual void on_bytes(conn::Connection& connection, base::MutableBytes bytes) = 0;
  /// The logs have room again, for which a `withholding` one was waiting.
  virtual void on_room(conn::Connection&) {}

  /// Its peer has ended its direction. True when it goes on all the same: then it is not read any more.
  virtual bool outlives_end(conn::Connection&) { return false; }

  // The control plane's HTTP server has it.
  /// It was given `theirs`, the other end of `ours` (http_handover.h).
  virtual void on_handed_over(conn::Connection&, int) { CHECK(!"only a relay serves another descriptor"); }
  /// Something is ready of the descriptor that RoleHost::watch_beside was called with.
  virtual void on_beside_ready(conn::Connection&, const os::Ready&) {}

  // Bytes leave.
  /// The kernel refuses them, or the peer has no window for a stream. False when its deadline minds that already.
  virtual bool on_blocked(conn::Connection&) { return true; }
  /// All that was pending has.
  virtual void on_sent_all(conn::Connection&) {}
  /// The kernel was offered what its streams have.
  virtual void on_streams_written(conn::Connection&) {}
  /// It was found to be too slow, and goes on behind what it was not sent. A frame whose beginning is on the wire is pinned already: what
  /// is appended to its private bytes leaves in the gap's place.
  virtual void on_skipped(const SlowReport& report);
  /// It says more a second than it may, where that ends a connection.
  virtual void end_over_rate(conn::Connection& connection, std::string_view reason);
  /// It was found to be too slow, by a policy that ends whoever is.
  virtual void end_slow(const SlowReport& report, std::string_view reason);

  // The control plane decides.
  virtual void on_asked(conn::Connection&, Message&) {}
  /// An answer to a question of this connection's (auth_door.h), which may wait for none any more.
  virtual void on_verdict(conn::Connection&, AuthVerdict&&) {}
  /// As those of FanOutOwner.
  virtual bool may_join(const conn::Connection&) const { return false; }
  virtual bool on_joined(conn::Connection& connection, const topic::TopicRef& topic, topic::Join& join);

  // Time passes: while it is open.
  virtual std::uint32_t due_ms(conn::Connection& connection) const;
  virtual void on_timer(conn::Connection& connection);

  // It ends.
  virtual std::uint16_t code_of(const conn::Connection& connection, codec::Ending ending) const;
  /// In its own words, behind all that must still leave. Still open, but subscribed to nothing any more.
  virtual void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) = 0;
  virtual DrainTurn drain_turn(const conn::Connection& connection) const;
  virtual void on_drain(conn::Connection&) {}
  /// Open: whether something that was published is still on its way from it or to it.
  virtual bool has_unfinished(conn::Connection& connection);
  /// Ends a part of it, where it is too much for one step of a drain. False while some is left.
  virtual bool finish_some(conn::Connection&) { return true; }
  /// Its last event, unless that was posted when it said goodbye.
  virtual void tell_end(conn::Connection&) {}
  /// It is about to be gone: its part of the sums over all connections.
  virtual void give_back(conn::Connection&) {}

 protected:
  static const codec::Protocol& protocol(const conn::Connection& connection) { return codec::protocol(connection.protocol); }
  static const codec::Manners& manners(const conn::Connection& connection) { return protocol(connection).manners; }
  const EngineOptions& options() const { return host_.engine().options; }
  metrics::Block& metrics() const { return host_.metrics(); }
  FanOut& fan_out() const { return host_.fan_out(); }

  /// Subscribes one of shared framing to topics, each from where it was asked for, and says how they begin.
  std::vector<topic::Recovery> subscribe(conn::Connection& connection, const std::vector<topic::TopicRef>& topics, const codec::TopicsParsed& asked);
  /// Behind its subscriptions, all of which began like this, and before anything is written: tells where they begin, where its encoding says such
  /// things, and keeps their replays one behind the other.
  void announce(conn::Connection& connection, const std::vector<topic::ReplayStart>& starts);
  /// What a codec said of `bytes`: keeps what it has left, ends whoever broke the protocol.
  void act_on(conn::Connection& connection, const codec::Decoded& decoded, base::Bytes bytes);
  /// Of one that publishes to `publishes_to`, or to whatever its session permits.
  bool waits_for_room(const conn::Connection& connection, Resume resume) const;

  // Silence.
  /// How long it is borne before the peer is asked whether it lives, and how long its answer may take.
  virtual const Patience& patience() const { return options().idle; }
  virtual std::uint32_t silence_ms(const conn::Connection& connection) const;
  /// It has lasted so long.
  virtual void on_silence(conn::Connection& connection);
  /// It has not.
  virtual void on_quiet(conn::Connection&) {}
  /// Appends what the peer has to answer.
  virtual void ask_alive(conn::Connection&) {}
  std::uint32_t silence_due_ms(const conn::Connection& connection) const;
  void mind_silence(conn::Connection& connection);

  RoleHost& host_;
};

/// Spreads the pings of connections that came together: up to an eighth later, by slot.
std::uint32_t ping_after_ms(const conn::Connection& connection, std::uint32_t interval_ms);

}  // namespace shard
