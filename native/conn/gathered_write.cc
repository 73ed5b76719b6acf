#include "native/conn/gathered_write.h"

#include <algorithm>

namespace conn {

namespace {

Subscriber& subscriber_of(Connection& connection, std::size_t i) {
  const Subscription& subscription = connection.subscriptions[i];
  return subscription.slice->subscribers[subscription.index];
}

}  // namespace

bool is_within_frame(Connection& connection, std::size_t i) {
  if (i >= connection.subscriptions.size()) return false;
  const std::uint64_t cursor = subscriber_of(connection, i).cursor;
  const topic::LogWindow& window = connection.subscriptions[i].slice->window;
  return cursor < window.head_position() && window.frame_end(cursor) != cursor;
}

void complete_frame(Connection& connection) {
  if (connection.framing == Framing::streams || !is_within_frame(connection, connection.active)) return;
  const Subscription& subscription = connection.subscriptions[connection.active];
  Subscriber& subscriber = subscription.slice->subscribers[subscription.index];
  const topic::LogWindow& window = subscription.slice->window;
  const std::uint64_t end = window.frame_end(subscriber.cursor);
  const topic::Range rest = window.range(subscriber.cursor, static_cast<std::uint32_t>(end - subscriber.cursor));
  CHECK(rest.length == end - subscriber.cursor);
  subscription.slice->note_move_from(subscriber.cursor);
  connection.outbound_for_writing().pin(window.hold(subscriber.cursor), {rest.bytes, rest.length}, subscription.slice->topic);
  subscriber.cursor = end;
}

GatheredWrite::GatheredWrite(Connection& connection, const Asides* asides) : connection_(connection) {
  const Seam* const seam = asides == nullptr ? nullptr : asides->next_seam();
  const std::size_t subscriptions = seam == nullptr ? connection.subscriptions.size() : seam->subscription + 1;
  const std::size_t active = connection.active;
  // Private bytes go at the first frame boundary. Once they have started they are finished first: then no frame is open.
  const bool private_started = connection.has_outbound() && connection.outbound->started();
  if (!private_started && is_within_frame(connection, active)) {
    const Subscription& subscription = connection.subscriptions[active];
    add_subscription(active, subscription.slice->window.frame_end(subscriber_of(connection, active).cursor));
  }
  if (connection.has_outbound()) {
    const base::Bytes pinned = connection.outbound->pinned();
    if (!pinned.empty()) add(pinned.data(), pinned.size(), pinned_bytes);
    const base::Bytes unsent = connection.outbound->unsent();
    if (complete_ && !unsent.empty()) add(unsent.data(), unsent.size(), private_bytes);
  }
  // The topic that wrote last comes last: a flood on one does not keep the others from a slow connection.
  for (std::size_t i = 1; i <= subscriptions && complete_; ++i) {
    const std::size_t turn = (active + i) % subscriptions;
    const std::uint64_t head = connection.subscriptions[turn].slice->window.head_position();
    add_subscription(turn, seam != nullptr && turn == seam->subscription ? std::min(head, seam->position) : head);
  }
  if (seam != nullptr) complete_ = false;
}

bool GatheredWrite::add(const void* bytes, std::size_t length, std::uint16_t owner) {
  if (count_ == pieces_max) return complete_ = false;
  pieces_[count_] = {bytes, length};
  owners_[count_] = owner;
  ++count_;
  bytes_ += length;
  return true;
}

void GatheredWrite::add_subscription(std::size_t i, std::uint64_t until) {
  std::uint64_t cursor = subscriber_of(connection_, i).cursor;
  // A frame's end that was added before private bytes: go on from there.
  for (std::size_t piece = 0; piece < count_; ++piece) {
    if (owners_[piece] == i) cursor += pieces_[piece].length;
  }
  const topic::LogWindow& window = connection_.subscriptions[i].slice->window;
  while (cursor < until) {
    if (quantum_left_ == 0) {
      complete_ = false;
      return;
    }
    const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(until - cursor, quantum_left_));
    const topic::Range range = window.range(cursor, wanted);
    const auto length = static_cast<std::uint32_t>(window.find_excluded(cursor, cursor + range.length, connection_.id) - cursor);
    if (length == 0) {
      Subscriber& subscriber = subscriber_of(connection_, i);
      if (cursor != subscriber.cursor) {  // what stands before it goes first; the next write skips it
        complete_ = false;
        return;
      }
      connection_.subscriptions[i].slice->note_move_from(cursor);
      cursor = subscriber.cursor = window.next_frame(cursor);
      connection_.subscriptions[i].slice->pass_over(connection_.subscriptions[i].index, 1);
      continue;
    }
    if (!add(range.bytes, length, static_cast<std::uint16_t>(i))) return;
    cursor += length;
    quantum_left_ -= length;
  }
}

std::uint64_t GatheredWrite::consume(std::size_t written) {
  CHECK(written <= bytes_);
  std::uint64_t publications = 0;
  for (std::size_t piece = 0; piece < count_ && written > 0; ++piece) {
    const std::size_t part = std::min(written, pieces_[piece].length);
    written -= part;
    if (owners_[piece] == private_bytes) {
      connection_.outbound->consume(part);
      continue;
    }
    if (owners_[piece] == pinned_bytes) {
      if (connection_.outbound->consume_pinned(part)) ++publications;
      continue;
    }
    Subscriber& subscriber = subscriber_of(connection_, owners_[piece]);
    TopicSlice& slice = *connection_.subscriptions[owners_[piece]].slice;
    publications += slice.window.frames_ending(subscriber.cursor, subscriber.cursor + part);
    slice.note_move_from(subscriber.cursor);
    subscriber.cursor += part;
    connection_.active = owners_[piece];
  }
  if (connection_.outbound && connection_.outbound->empty()) connection_.outbound.reset();
  return publications;
}

}  // namespace conn
