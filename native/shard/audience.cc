// See audience.h.
// Owner: a shard's FanOut. Thread: that shard.
#include "native/shard/audience.h"

#include <algorithm>
#include <utility>

#include "native/conn/gathered_write.h"

namespace shard {

using conn::Connection;
using conn::ConnectionTable;
using conn::Lane;
using conn::ListeningEar;
using conn::State;
using conn::Subscriber;
using conn::TopicSlice;
using metrics::Metric;

namespace {
bool is_subscribed(Connection& connection, const TopicSlice& slice) {
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    if (connection.subscriptions[i].slice == &slice) return true;
  }
  return false;
}
}  // namespace

// Slices.

TopicSlice& Audience::slice_for(const topic::TopicRef& topic, codec::EncodingId encoding) {
  auto& slice = slices_[{topic.get(), encoding}];
  if (!slice) slice = std::make_unique<TopicSlice>(topic, encoding, conn::slow_rule_for(slow_rules_, topic->name()));
  return *slice;
}

TopicSlice* Audience::find(const topic::TopicRef& topic, codec::EncodingId encoding) {
  const auto found = slices_.find({topic.get(), encoding});
  return found == slices_.end() ? nullptr : found->second.get();
}

/// Ends a slice without subscribers. While joins wait it stays: theirs is the next turn.
void Audience::forget(TopicSlice& slice) {
  CHECK(slice.is_unused() && slice.pass.left == 0);
  if (!slice.topic->remove_interest(slice.encoding, shard_, garbage_)) return;
  lanes_.forget(slice);
  if (slice.behind) slice.topic->count_logs_behind(-1);
  if (slice.held) slice.topic->count_logs_held(-1);
  slices_.erase({slice.topic.get(), slice.encoding});
  garbage_.clear();
}

void Audience::count_subscribers(TopicSlice& slice, int change) {
  slice.topic->count_subscribers(change);
  metrics_.add(Metric::subscriptions_now, change);
}

// Who comes.

void Audience::subscribe(Connection& connection, const topic::TopicRef& topic, codec::EncodingId encoding) {
  TopicSlice& slice = slice_for(topic, encoding);
  add_subscriber(slice, connection, topic->add_interest(encoding, shard_).begin);
}

topic::ReplayStart Audience::subscribe(Connection& connection, const topic::TopicRef& topic, codec::EncodingId encoding,
                                       const codec::ReplayWish& wish) {
  TopicSlice& slice = slice_for(topic, encoding);
  topic::ReplayStart start = begin(slice, wish);
  add_subscriber(slice, connection, {start.cursor, start.recovery.first_offset});
  if (start.cursor < slice.window.head_position()) lanes_.mark_dirty(slice);
  return start;
}

/// A replay is to leave within the limits by which its subscriber is judged: of more than three quarters of them the oldest are skipped.
topic::ReplayStart Audience::begin(TopicSlice& slice, const codec::ReplayWish& wish) {
  const topic::ReplayBounds bounds{slice.rule.limits.bytes_behind_max / 4 * 3, now_ms_};
  topic::ReplayStart start = topic::start_replay(*slice.topic, slice.encoding, shard_, wish, bounds, memory_, slice.window);
  const topic::Recovery& recovery = start.recovery;
  const std::uint64_t replayed = recovery.live_offset - recovery.first_offset;
  metrics_.add(Metric::encodes, static_cast<std::int64_t>(start.encodes));
  metrics_.add(Metric::replays, replayed > 0 ? 1 : 0);
  metrics_.add(Metric::publications_replayed, static_cast<std::int64_t>(replayed));
  if (recovery.asked) metrics_.add(recovery.whole ? Metric::recoveries_whole : Metric::recoveries_with_gap);
  return start;
}

topic::LastValueRef Audience::subscribe_stream(Connection& connection, codec::StreamKey stream, const topic::TopicRef& topic,
                                               codec::EncodingId encoding) {
  CHECK(connection.framing == conn::Framing::streams && stream.id != 0);
  TopicSlice& slice = slice_for(topic, encoding);
  topic::Interest interest = topic->add_interest(encoding, shard_);
  Subscriber& subscriber = add_subscriber(slice, connection, interest.begin);
  subscriber.stream = stream.slot;
  subscriber.lane = Lane::gathered;
  connection.streams->add(stream);
  return std::move(interest.last);
}

Subscriber& Audience::add_subscriber(TopicSlice& slice, Connection& connection, const topic::Head& begin) {
  connection.subscriptions.push({&slice, static_cast<std::uint32_t>(slice.subscribers.size())});
  slice.subscribers.push_back({begin.position, connection.slot, connection.fd, 0, Lane::ready});
  slice.begins.push_back(begin.offset);
  slice.restart_pass();
  count_subscribers(slice, +1);
  Lanes::set_lanes(connection);
  return slice.subscribers.back();
}

void Audience::bring_in_joins(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t number) {
  if (!topic->has_joins(encoding, shard_, number)) return;  // the message of a later one came first
  TopicSlice& slice = slice_for(topic, encoding);
  slice.new_head = !topic->take_joins(encoding, shard_, number, slice.window, joins_, garbage_);
  garbage_.clear();
  for (topic::Join& join : joins_) {
    if (join.ear) add_ear(slice, join);
    else add_joined(slice, join);
  }
  joins_.clear();
  if (slice.is_unused()) {
    forget(slice);
  } else {
    lanes_.mark_dirty(slice);
  }
}

void Audience::add_joined(TopicSlice& slice, topic::Join& join) {
  Connection* const connection = connections_.find_id(join.connection);
  if (connection == nullptr || connection->state != State::open || !owner_.may_join(*connection)) return;  // it has left meanwhile
  if (!is_subscribed(*connection, slice)) add_subscriber(slice, *connection, join.begin);
  if (!owner_.on_joined(*connection, slice.topic, join)) lanes_.failed.push_back(ConnectionTable::token(*connection));
  lanes_.enqueue_side(*connection);
  Lanes::set_lanes(*connection);
}

void Audience::add_ear(TopicSlice& slice, topic::Join& join) {
  CHECK(join.ear != nullptr);
  slice.ears.push_back({std::move(join.ear), join.begin.position});
  count_subscribers(slice, +1);
}

// Who leaves.

void Audience::unlisten(const topic::TopicRef& topic, codec::EncodingId encoding, std::uint64_t ear) {
  TopicSlice* const slice = find(topic, encoding);
  if (slice == nullptr) return;
  const auto place = std::find_if(slice->ears.begin(), slice->ears.end(), [&](const ListeningEar& each) { return each.ear->id() == ear; });
  if (place == slice->ears.end()) return;
  slice->ears.erase(place);
  count_subscribers(*slice, -1);
  if (slice->is_unused()) {
    forget(*slice);
  } else {
    lanes_.mark_dirty(*slice);  // it may have been the only one that was still to hear what the log holds
  }
}

bool Audience::unsubscribe(Connection& connection, std::string_view topic) {
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) {
    const conn::Subscription subscription = connection.subscriptions[i];
    if (subscription.slice->topic->name() != topic) continue;
    CHECK(!connection.has_asides);
    if (connection.active == i) conn::complete_frame(connection);
    connection.subscriptions.remove(i);
    if (connection.active >= i && connection.active > 0) --connection.active;
    connection.account_for_writing().messages_out += subscription.slice->delivered_to(subscription.index);
    leave(subscription);
    if (connection.has_outbound()) lanes_.enqueue_side(connection);  // a frame's rest, that no pass knows of any more
    Lanes::set_lanes(connection);
    return true;
  }
  return false;
}

void Audience::unsubscribe_stream(Connection& connection, codec::StreamKey stream) {
  CHECK(connection.streams != nullptr);
  conn::Streams& streams = *connection.streams;
  const auto found = streams.find(stream);
  if (!found) return;
  const conn::Subscription subscription = connection.subscriptions[*found];
  leave(subscription);  // while it is still known by its slot
  connection.subscriptions.replace_by_last(*found);
  streams.remove(*found);
}

void Audience::unsubscribe_all(Connection& connection) {
  if (connection.state != State::doomed) conn::complete_frame(connection);
  for (std::size_t i = 0; i < connection.subscriptions.size(); ++i) leave(connection.subscriptions[i]);
  connection.forget_subscriptions();
  forget_asides(connection);
}

void Audience::leave(const conn::Subscription& subscription) {
  TopicSlice& slice = *subscription.slice;
  slice.note_move_from(slice.subscribers[subscription.index].cursor);
  const bool takes_pass = slice.takes_pass_for_move();  // before a pass is begun again
  remove_subscriber(slice, subscription.index);
  count_subscribers(slice, -1);
  slice.restart_pass();
  if (slice.is_unused()) {
    forget(slice);
  } else if (takes_pass) {
    lanes_.mark_dirty(slice);
  }
}

void Audience::remove_subscriber(TopicSlice& slice, std::uint32_t index) {
  CHECK(index < slice.subscribers.size());
  const auto last = static_cast<std::uint32_t>(slice.subscribers.size() - 1);
  if (index != last) {
    subscription_at(slice, last).index = index;
    slice.subscribers[index] = slice.subscribers[last];
    slice.begins[index] = slice.begins[last];
  }
  slice.subscribers.pop_back();
  slice.begins.pop_back();
}

/// Of a connection's streams many may be in one slice, at different places.
conn::Subscription& Audience::subscription_at(TopicSlice& slice, std::uint32_t index) {
  const Subscriber& subscriber = slice.subscribers[index];
  Connection& connection = connections_.at(subscriber.connection);
  std::size_t at = connection.first_place_of(subscriber);
  while (at < connection.subscriptions.size() && connection.subscriptions[at].slice != &slice) ++at;
  CHECK(at < connection.subscriptions.size() && connection.subscriptions[at].index == index);
  return connection.subscriptions[at];
}

}  // namespace shard
