// See history.h, kept.h.
// Owner: its topic. Thread: under that topic's lock; references are dropped anywhere.
#include "native/topic/history.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "native/base/check.h"
#include "native/base/wrapping_time.h"

namespace topic {

KeptRef KeptRef::copy_of(const codec::Publication& publication, std::uint32_t now_ms) {
  CHECK(publication.event.size() <= codec::name_bytes_limit && publication.user_id.size() <= codec::name_bytes_limit);
  const std::size_t bytes = publication.payload.size() + publication.event.size() + publication.user_id.size();
  Kept* const kept = new (::operator new(sizeof(Kept) + bytes)) Kept;
  kept->time_ms_ = now_ms;
  kept->payload_bytes_ = static_cast<std::uint32_t>(publication.payload.size());
  kept->event_bytes_ = static_cast<std::uint16_t>(publication.event.size());
  kept->user_id_bytes_ = static_cast<std::uint16_t>(publication.user_id.size());
  kept->kind_ = publication.kind;
  auto* at = reinterpret_cast<std::uint8_t*>(kept + 1);
  at = std::copy(publication.payload.begin(), publication.payload.end(), at);
  at = std::copy(publication.event.begin(), publication.event.end(), at);
  std::copy(publication.user_id.begin(), publication.user_id.end(), at);
  return KeptRef(kept);
}

KeptRef::~KeptRef() {
  // acq_rel: the last holder's release sees every other holder's reads finished (their release pairs with this acquire).
  if (kept_ == nullptr || kept_->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  kept_->~Kept();
  ::operator delete(kept_);
}

History::~History() {
  account_.bytes.fetch_sub(bytes_, std::memory_order_relaxed);
  account_.messages.fetch_sub(kept_.size(), std::memory_order_relaxed);
}

void History::append(KeptRef kept, std::uint64_t offset, std::uint32_t now_ms, std::vector<KeptRef>& garbage) {
  CHECK(kept && offset == next_offset_);
  const std::size_t bytes = kept->held_bytes();
  if (bytes > rule_.bytes_max) {
    account_.bytes.fetch_sub(bytes, std::memory_order_relaxed);
    garbage.push_back(std::move(kept));
    return pass_over(offset, garbage);
  }
  kept_.push_back(std::move(kept));
  ++next_offset_;
  bytes_ += bytes;
  account_.messages.fetch_add(1, std::memory_order_relaxed);
  while (kept_.size() > rule_.messages_max || bytes_ > rule_.bytes_max) drop_oldest(garbage);
  expire(now_ms, garbage);
}

void History::pass_over(std::uint64_t offset, std::vector<KeptRef>& garbage) {
  CHECK(offset == next_offset_);
  while (!kept_.empty()) drop_oldest(garbage);
  ++next_offset_;
}

/// Publishers' clocks are read before the topic's lock, so that times may be out of order by as much as one of them waits for it.
void History::expire(std::uint32_t now_ms, std::vector<KeptRef>& garbage) {
  while (!kept_.empty() && base::age_ms(kept_.front()->time_ms(), now_ms) > std::uint64_t{rule_.seconds_max} * 1000) drop_oldest(garbage);
}

std::size_t History::evict(std::size_t bytes, std::vector<KeptRef>& garbage) {
  const std::size_t before = bytes_;
  const std::size_t messages = kept_.size();
  while (!kept_.empty() && before - bytes_ < bytes) drop_oldest(garbage);
  account_.evicted.fetch_add(messages - kept_.size(), std::memory_order_relaxed);
  return before - bytes_;
}

void History::drop_oldest(std::vector<KeptRef>& garbage) {
  const std::size_t bytes = kept_.front()->held_bytes();
  CHECK(bytes <= bytes_);
  bytes_ -= bytes;
  account_.bytes.fetch_sub(bytes, std::memory_order_relaxed);
  account_.messages.fetch_sub(1, std::memory_order_relaxed);
  garbage.push_back(std::move(kept_.front()));
  kept_.pop_front();
}

}  // namespace topic
