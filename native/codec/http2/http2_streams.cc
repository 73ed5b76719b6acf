// See http2_streams.h.
// Owner: the connection's codec. Thread: its shard.
#include "native/codec/http2/http2_streams.h"

#include <algorithm>

#include "native/base/check.h"

namespace codec {
namespace {

/// Tables of at most so many streams are kept when the last stream is closed.
constexpr std::size_t kept_streams_max = 16;

template <typename Value>
void drop_if_large(std::vector<Value>& values) {
  values.clear();
  if (values.capacity() > kept_streams_max) std::vector<Value>().swap(values);
}

}  // namespace

Http2Stream* Http2Streams::find(StreamKey key) {
  if (key.id == 0 || key.slot >= places_.size()) return nullptr;
  Http2Stream& stream = places_[key.slot];
  return stream.id == key.id ? &stream : nullptr;
}

StreamKey Http2Streams::key_of(std::uint32_t id) const {
  const auto at = std::lower_bound(by_id_.begin(), by_id_.end(), id, [](const StreamKey& key, std::uint32_t wanted) { return key.id < wanted; });
  if (at == by_id_.end() || at->id != id || find(*at) == nullptr) return {};
  return *at;
}

StreamKey Http2Streams::open(std::uint32_t id) {
  CHECK(id != 0 && (by_id_.empty() || by_id_.back().id < id));
  auto slot = static_cast<std::uint32_t>(places_.size());
  if (free_.empty()) {
    places_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  places_[slot] = {};
  places_[slot].id = id;
  by_id_.push_back({id, slot});
  ++open_;
  return by_id_.back();
}

void Http2Streams::close(StreamKey key) {
  Http2Stream* const stream = find(key);
  CHECK(stream != nullptr && open_ > 0);
  stream->id = 0;
  free_.push_back(key.slot);
  --open_;
  if (open_ == 0) {
    drop_if_large(places_);
    drop_if_large(free_);
    drop_if_large(by_id_);
  } else if (by_id_.size() >= 2 * std::size_t{open_} + kept_streams_max) {
    compact();
  }
}

std::vector<StreamKey> Http2Streams::oldest(std::uint32_t count) const {
  std::vector<StreamKey> found;
  for (const StreamKey& key : by_id_) {
    if (found.size() == count) break;
    ++walked_;
    if (find(key) != nullptr) found.push_back(key);
  }
  return found;
}

std::int64_t Http2Streams::largest_send_delta() const {
  std::int64_t largest = 0;
  for (const StreamKey& key : by_id_) {
    ++walked_;
    if (const Http2Stream* const stream = find(key)) largest = std::max(largest, stream->send_delta);
  }
  return largest;
}

void Http2Streams::compact() {
  std::erase_if(by_id_, [&](const StreamKey& key) { return find(key) == nullptr; });
}

}  // namespace codec
