// What other threads ask of a shard. Bounded by what it speaks of: one log-ready message a log, one adoption a connection; what the
// control plane asks of sessions follows from the bounded events it was told.
// Owner: the shard. Thread: `post` from any; `drain` and `prepare_sleep` only on the shard's.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "native/base/check.h"
#include "native/codec/protocol.h"
#include "native/conn/connection_id.h"
#include "native/conn/session.h"
#include "native/os/address.h"
#include "native/shard/auth_question.h"
#include "native/shard/connection_list.h"
#include "native/topic/topic.h"

namespace shard {

enum class MessageKind : std::uint8_t {
  log_ready,       // a topic's log has a new head
  adopt,           // a connection was accepted for this shard; `text`: what was read from it already
  take_back,       // to the acceptor: a connection that the control plane gives back, to be adopted
  relieve,         // the logs are full: let go of the slowest
  join,            // connections have joined a topic (Topic::join)
  unlisten,        // the ear numbered `join` leaves `topic`
  leave,           // `connection` leaves the topic named `text`
  accept_session,  // `connection` goes on under `terms`
  close_session,   // `connection` is closed with `number` and `text`
  find,            // which connections there are: `query`; the answer names `join`
  remove,          // `connection` is ended by whoever runs this; the answer names `join`
  send,            // `text` goes to `connection` alone, framed already
  verdict,         // `auth` answers a question about `connection`
  revoke,          // who stands on what `auth` names is closed within `number` milliseconds
  shift_ends,      // the wall clock, by which accesses end, was set
  wake,            // nothing but a sign of life is wanted
  drain,           // stop accepting, close everything within `number` milliseconds
  stop,
};

struct Message {
  MessageKind kind = MessageKind::stop;
  codec::EncodingId encoding{};
  bool over_limit = false;     // adopt, as the next four: see conn::Connection
  bool over_rate = false;
  bool counted = false;
  bool from_proxy = false;
  bool returned = false;
  std::uint16_t listener = 0;  // adopt: its index in EngineOptions::listeners
  int fd = -1;
  std::uint32_t number = 0;
  conn::ConnectionId connection = 0;
  std::uint64_t join = 0;  // join: its number; unlisten: the ear's; find, remove: the question's
  std::string text;
  std::unique_ptr<conn::SessionTerms> terms;
  std::unique_ptr<AuthOrder> auth;
  std::shared_ptr<const ConnectionQuery> query;
  os::Address address;
  topic::TopicRef topic;
};

class Inbox {
 public:
  /// Returns true when the shard sleeps and must be woken by the caller, after it has left every lock.
  [[nodiscard]] bool post(Message&& message) {
    std::lock_guard guard(lock_);
    messages_.push_back(std::move(message));
    return std::exchange(asleep_, false);
  }

  /// Swaps out all messages, in order of arrival. `into` must be empty; its room is used again.
  void drain(std::vector<Message>& into) {
    CHECK(into.empty());
    std::lock_guard guard(lock_);
    asleep_ = false;
    messages_.swap(into);
  }

  bool has_messages() {
    std::lock_guard guard(lock_);
    return !messages_.empty();
  }

  /// True when nothing waits: from now on `post` asks for a wake-up.
  bool prepare_sleep() {
    std::lock_guard guard(lock_);
    CHECK(!asleep_);  // the shard drains after every sleep
    asleep_ = messages_.empty();
    return asleep_;
  }

 private:
  std::mutex lock_;
  std::vector<Message> messages_;
  bool asleep_ = false;
};

}  // namespace shard
