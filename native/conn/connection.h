// One client: its descriptor, its protocol state, what it publishes to or is subscribed to. Kept small: there are tens of
// thousands, most of them idle (docs/benchmarking.md, idle memory).
// Owner: its shard's ConnectionTable. Thread: that shard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/codec/protocol.h"
#include "native/conn/authorization.h"
#include "native/conn/account.h"
#include "native/conn/connection_id.h"
#include "native/conn/outbound.h"
#include "native/conn/session.h"
#include "native/conn/streams.h"
#include "native/os/address.h"
#include "native/topic/topic.h"
#include "native/transport/transports.h"

namespace conn {

enum class State : std::uint8_t {
  free,       // an empty place in the table
  proxy_header,  // the PROXY header is coming in
  securing,   // its transport's handshake is under way
  handshake,  // the request head is coming in
  open,       // messages flow
  closing,    // our close frame is queued or sent; waiting for it to leave and for the peer's
  lingering,  // our direction is shut; reading to the end, so that no reset overtakes our last bytes
  doomed,     // to be closed at the end of this turn; nothing is read or written any more
};

/// How what topics bring to a connection is cut into frames; set when it opens.
enum class Framing : std::uint8_t {
  shared,   // as it stands in the log, the same for everybody; private bytes go between two frames (GatheredWrite)
  streams,  // each subscription's bytes in frames of its own stream, whose heads the codec makes (StreamWrite)
};

/// Bytes that have come and are not decoded: a PROXY header or a request head while it is incomplete, or what a session said beyond its
/// share.
struct Unread {
  std::vector<std::uint8_t> bytes;
  std::size_t scanned = 0;  // of a request head: it does not end here; 0: nobody has looked at it yet
  bool held = false;        // a request that is whole, and is answered when a drain ends
};

/// A subscriber's place in a slice. `index` changes when another subscriber leaves; the slice keeps it right.
struct Subscription {
  TopicSlice* slice = nullptr;
  std::uint32_t index = 0;
};

/// The subscriptions of one connection: nearly always one, kept without an allocation.
class Subscriptions {
 public:
  std::size_t size() const { return first_.slice == nullptr ? 0 : 1 + (rest_ ? rest_->size() : 0); }
  Subscription& operator[](std::size_t i) { return i == 0 ? first_ : (*rest_)[i - 1]; }
  void push(Subscription subscription) {
    if (first_.slice == nullptr) {
      first_ = subscription;
      return;
    }
    if (!rest_) rest_ = std::make_unique<std::vector<Subscription>>();
    rest_->push_back(subscription);
  }
  void remove(std::size_t i) {
    if (i == 0 && !rest_) return clear();
    if (i == 0) {
      first_ = rest_->front();
      i = 1;
    }
    rest_->erase(rest_->begin() + static_cast<std::ptrdiff_t>(i - 1));
    if (rest_->empty()) rest_.reset();
  }
  /// The last one takes its place.
  void replace_by_last(std::size_t i) {
    const std::size_t last = size() - 1;
    (*this)[i] = (*this)[last];
    remove(last);
  }
  void clear() {
    first_ = {};
    rest_.reset();
  }

 private:
  Subscription first_;
  std::unique_ptr<std::vector<Subscription>> rest_;
};

struct Connection {
  int fd = -1;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint32_t accepted_s = 0; // by the wall clock, for people: seconds since 1970, until 2106
  ConnectionId id = 0;
  State state = State::free;
  codec::ProtocolId protocol{};    // its listener's
  codec::Role role{};              // how it lives
  codec::EncodingId encoding{};    // of what it hears
  Framing framing = Framing::shared;
  transport::TransportId transport{};

  bool blocked : 1 = false;          // the kernel refused bytes; an edge will follow
  bool in_side_lane : 1 = false;     // queued for a gathered write
  bool in_read_queue : 1 = false;    // may have more to read than the last turn took
  bool has_more : 1 = false;         // the last read took all it may: it says more than others
  bool paused : 1 = false;           // not read while the logs are full or the control plane has enough to do
  bool ended : 1 = false;            // the peer has hung up: read until the end
  bool awaiting_pong : 1 = false;    // a ping of ours is unanswered
  bool over_limit : 1 = false;       // accepted only to be refused politely
  bool over_rate : 1 = false;        // its client has too many, or begins them too fast: it is told so, and nothing else
  bool counted : 1 = false;          // has a place among the connections of its address (AddressLimit)
  bool from_proxy : 1 = false;       // `peer` is a trusted proxy; cleared when it has told of its client
  bool peer_closed : 1 = false;      // the peer's close frame has come
  bool handed_over : 1 = false;      // its socket is somebody else's now: not to be closed here
  bool stalled : 1 = false;          // streams: the connection's own window is used up, and some have more to send
  bool awaits_room : 1 = false;      // paused or withholding: queued to be looked at when the logs have room
  bool withholding : 1 = false;      // streams: received bytes are not given back to the peer's window while the logs are full
  bool within_message : 1 = false;   // a message (or a frame) of the peer's has come in part, since `message_ms`
  bool told_ignored : 1 = false;     // that its messages are ignored was said
  bool linger_after : 1 = false;     // the peer may still be sending: shut our direction, then read to the end
  bool tells_drained : 1 = false;    // its owner is told whenever all that was pending has left, also while it is open
  bool has_asides : 1 = false;       // something is to be said between its topics' publications (Asides)
  bool returned : 1 = false;         // by the control plane's HTTP server, for an upgrade: never handed over again
  bool proxied : 1 = false;          // it came from a trusted proxy, whosever it is now

  std::uint16_t active = 0;          // the subscription that may stand within a frame
  std::uint16_t close_code = 0;      // for the disconnect event
  std::uint16_t control_frames = 0;  // pings and pongs in `control_second`
  std::uint16_t listener = 0;        // it came in by: its index in EngineOptions::listeners
  std::uint8_t requests_refused = 0;  // that did not have to end it: the next request may be an upgrade
  std::uint32_t control_second = 0;
  std::uint32_t heard_ms = 0;        // when bytes last came
  std::uint32_t since_ms = 0;        // when the present wait began (handshake, pong, close)
  std::uint32_t message_ms = 0;
  std::uint32_t received_bytes = 0;  // memory for what has come in part: its part of the sum over all connections
  std::uint32_t after_close_bytes = 0;  // that came since our close began
  std::uint32_t refused_since_ms = 0;  // while it is blocked: since when the kernel has taken nothing

  os::Address peer;                  // the client, once a proxy has told of it
  std::unique_ptr<codec::Codec> codec;
  std::unique_ptr<Unread> unread;
  std::unique_ptr<Outbound> outbound;
  topic::TopicRef publishes_to;
  Subscriptions subscriptions;
  std::unique_ptr<Session> session;  // protocols with sessions, once open
  std::unique_ptr<Streams> streams;  // of framing `streams`
  std::unique_ptr<std::string> close_reason;
  std::unique_ptr<Authorization> authorization;  // where its listener asks
  std::unique_ptr<Account> account;  // once it publishes; from its opening on where clients have limits

  /// Why it ends, for events; empty: nobody said.
  std::string reason() const { return close_reason ? *close_reason : std::string(); }
  /// What topics bring it goes out by streams from here on.
  void frame_by_streams() {
    CHECK(subscriptions.size() == 0);
    framing = Framing::streams;
    streams = std::make_unique<Streams>();
  }
  void forget_subscriptions() {
    subscriptions.clear();
    if (streams) streams->clear();
  }
  /// Whose that subscription is; of shared framing the connection's own.
  codec::StreamKey stream_of(std::size_t subscription) const { return streams ? streams->key_of(subscription) : codec::StreamKey(); }
  /// The first place where the subscription of that subscriber may be.
  std::size_t first_place_of(const Subscriber& subscriber) const {
    return streams ? streams->find_slot(subscriber.stream).value_or(subscriptions.size()) : 0;
  }
  /// Of framing `streams`.
  codec::StreamCodec& stream_codec() const {
    CHECK(streams != nullptr && codec != nullptr);
    return static_cast<codec::StreamCodec&>(*codec);
  }
  Account& account_for_writing() {
    if (!account) account = std::make_unique<Account>();
    return *account;
  }
  bool has_outbound() const { return outbound != nullptr && !outbound->empty(); }
  Outbound& outbound_for_writing() {
    if (!outbound) outbound = std::make_unique<Outbound>();
    return *outbound;
  }
};

/// 184 and two pointers, which nearly all connections have no use for: what they may do, and what they did.
static_assert(sizeof(Connection) <= 200);

}  // namespace conn
