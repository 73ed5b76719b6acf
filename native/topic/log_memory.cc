#include "native/topic/log_memory.h"

#include <array>
#include <cstdlib>

#include "native/base/poison.h"

namespace topic {

namespace {
constexpr std::size_t round_up(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }
constexpr std::size_t marks_for(std::size_t bytes) { return bytes / bytes_per_mark; }

constexpr std::size_t small_marks_bytes = marks_for(heap_segment_bytes) * sizeof(FrameMark);
/// What a small segment counts: its marks, which come first, and its bytes, both wholly: they are used again and again.
constexpr std::size_t small_bytes = small_marks_bytes + heap_segment_bytes;
constexpr std::size_t slot_bytes = small_bytes + base::guard_bytes;
constexpr std::size_t slots_per_slab = 64;
static_assert(small_bytes % page_bytes == 0 && slot_bytes % page_bytes == 0);

/// Beside the bound on what lives: a sixteenth, but enough for a few topics.
std::size_t idle_bound(std::size_t bytes_max) { return std::max(bytes_max / 16, 8 * small_bytes); }

base::MutableBytes all_of(const os::Mapping& mapping) { return {mapping.bytes, mapping.length}; }
}  // namespace

SegmentRef::~SegmentRef() {
  if (segment_ == nullptr) return;
  // acq_rel: the last holder's release sees every other holder's reads finished (their release pairs with this acquire).
  if (segment_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) segment_->memory_->release(segment_);
}

LogMemory::LogMemory(os::Kernel& kernel, std::size_t bytes_max, unsigned threads)
    : kernel_(kernel), bytes_max_(bytes_max), idle_bytes_max_(idle_bound(bytes_max)), near_(threads, idle_bytes_max_ / 4, small_bytes) {
  large_.segments.reserve(idle_bytes_max_ / heap_segment_bytes);
}

LogMemory::~LogMemory() {
  for (Segment* segment : large_.segments) retire(segment);
  for (const Slab& slab : slabs_) {
    base::unpoison(all_of(slab.mapping));
    kernel_.unmap(slab.mapping);
  }
}

SegmentRef LogMemory::acquire(std::size_t bytes, Backing backing) {
  bytes = round_up(std::max(bytes, heap_segment_bytes), page_bytes);
  if (backing == Backing::memfd) return hand_out(make_large(bytes, backing));
  Segment* segment = bytes == heap_segment_bytes && near_.used() ? take_near() : take_idle(bytes);
  if (segment == nullptr) segment = bytes == heap_segment_bytes ? make_small() : make_large(bytes, backing);  // ADR 0015
  return hand_out(segment);
}

SegmentRef LogMemory::hand_out(Segment* segment) {
  base::unpoison({segment->mapping_.bytes, segment->capacity()});
  base::unpoison({reinterpret_cast<std::uint8_t*>(segment->marks_), segment->marks_max_ * sizeof(FrameMark)});
  count(static_cast<std::int64_t>(segment->counted_bytes_));
  return SegmentRef(segment);
}

/// A steady flow takes as much as it gives back, and so seldom comes to the account that all share.
void LogMemory::count(std::int64_t bytes) {
  if (!near_.used()) {
    bytes_now_.fetch_add(static_cast<std::size_t>(bytes), std::memory_order_relaxed);
    return;
  }
  NearSegments::Place& place = near_.mine();
  const std::int64_t unsettled = place.unsettled.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  if (std::abs(unsettled) <= static_cast<std::int64_t>(near_.most() * small_bytes)) return;
  bytes_now_.fetch_add(static_cast<std::size_t>(place.unsettled.exchange(0, std::memory_order_relaxed)), std::memory_order_relaxed);
}

std::size_t LogMemory::bytes_now() const {
  auto bytes = static_cast<std::int64_t>(bytes_now_.load(std::memory_order_relaxed));
  for (const NearSegments::Place& place : near_.places()) bytes += place.unsettled.load(std::memory_order_relaxed);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

/// Null when there is none here, nor among all that are idle.
Segment* LogMemory::take_near() {
  NearSegments::Place& place = near_.mine();
  std::lock_guard guard(place.lock);
  if (place.count == 0) {
    std::lock_guard all(lock_);
    for (std::size_t left = near_.batch(); left > 0; --left) {
      Segment* const segment = small_.take_last();
      if (segment == nullptr) break;
      idle_bytes_ -= segment->counted_bytes_;
      place.push(segment);
    }
  }
  return place.take_last();
}

/// It is cleared already. When there are too many here, those that waited longest are for all.
void LogMemory::keep_near(Segment* segment) {
  std::array<Segment*, NearSegments::segments_max> surplus;
  std::size_t count = 0;
  {
    NearSegments::Place& place = near_.mine();
    std::lock_guard guard(place.lock);
    if (place.count == near_.most()) count = place.take_first(near_.batch(), surplus);
    place.push(segment);
  }
  keep_or_retire({surplus.data(), count});
}

/// Small ones.
void LogMemory::keep_or_retire(std::span<Segment* const> segments) {
  if (segments.empty()) return;
  std::size_t kept = 0;
  {
    std::lock_guard guard(lock_);
    for (; kept < segments.size() && has_idle_room(*segments[kept]); ++kept) {
      idle_bytes_ += segments[kept]->counted_bytes_;
      small_.segments.push_back(segments[kept]);
    }
  }
  for (Segment* segment : segments.subspan(kept)) retire(segment);
}

/// Beside what may be near.
bool LogMemory::has_idle_room(const Segment& segment) const {
  return idle_bytes_ + segment.counted_bytes_ <= idle_bytes_max_ - near_.places().size() * near_.most() * small_bytes;
}

Segment* LogMemory::take_idle(std::size_t bytes) {
  std::lock_guard guard(lock_);
  Segment* const segment = bytes == heap_segment_bytes ? small_.take_last() : large_.take(bytes);
  if (segment != nullptr) idle_bytes_ -= segment->counted_bytes_;
  return segment;
}

Segment* LogMemory::take_cold() {
  std::lock_guard guard(lock_);
  if (cold_.empty()) return nullptr;
  Segment* const segment = cold_.back();
  cold_.pop_back();
  return segment;
}

Segment* LogMemory::make_small() {
  allocations_.fetch_add(1, std::memory_order_relaxed);
  if (Segment* const segment = take_cold()) return segment;
  Slab slab{kernel_.map_private(slots_per_slab * slot_bytes), nullptr};
  if (slab.mapping.bytes == nullptr) {
    auto segment = std::make_unique<Segment>();
    segment->memory_ = this;
    place_on_heap(*segment, heap_segment_bytes);
    return segment.release();
  }
  base::poison(all_of(slab.mapping));
  slab.segments = std::make_unique<Segment[]>(slots_per_slab);
  for (std::size_t i = 0; i < slots_per_slab; ++i) {
    Segment& segment = slab.segments[i];
    std::uint8_t* const slot = slab.mapping.bytes + i * slot_bytes;
    segment.memory_ = this;
    segment.home_ = Segment::Home::slab;
    segment.mapping_ = {slot + small_marks_bytes, heap_segment_bytes, -1};
    segment.place_marks(reinterpret_cast<FrameMark*>(slot), marks_for(heap_segment_bytes), &bytes_now_);
    segment.count_all_at_once();
  }
  Segment* const first = &slab.segments[0];
  std::lock_guard guard(lock_);
  // So that giving segments back never allocates.
  small_.segments.reserve((slabs_.size() + 1) * slots_per_slab);
  cold_.reserve((slabs_.size() + 1) * slots_per_slab);
  for (std::size_t i = slots_per_slab - 1; i > 0; --i) cold_.push_back(&slab.segments[i]);
  slabs_.push_back(std::move(slab));
  return first;
}

Segment* LogMemory::make_large(std::size_t bytes, Backing backing) {
  allocations_.fetch_add(1, std::memory_order_relaxed);
  auto segment = std::make_unique<Segment>();
  segment->memory_ = this;
  segment->home_ = Segment::Home::mapping;
  // Relaxed: a bound, not a synchronisation; the count never falls below the living mappings.
  const bool may_map = backing == Backing::memfd && mappings_.fetch_add(1, std::memory_order_relaxed) < mappings_max;
  if (may_map) segment->mapping_ = kernel_.map(bytes);
  if (backing == Backing::memfd && segment->mapping_.file < 0) mappings_.fetch_sub(1, std::memory_order_relaxed);
  if (segment->mapping_.bytes == nullptr) segment->mapping_ = kernel_.map_private(bytes);
  if (segment->mapping_.bytes != nullptr) {
    segment->marks_mapping_ = kernel_.map_private(round_up(marks_for(bytes) * sizeof(FrameMark), page_bytes));
  }
  if (segment->marks_mapping_.bytes == nullptr) {
    if (segment->mapping_.bytes != nullptr) kernel_.unmap(segment->mapping_);
    if (segment->mapping_.file >= 0) mappings_.fetch_sub(1, std::memory_order_relaxed);
    place_on_heap(*segment, bytes);
    return segment.release();
  }
  segment->place_marks(reinterpret_cast<FrameMark*>(segment->marks_mapping_.bytes), marks_for(bytes), &bytes_now_);
  return segment.release();
}

/// The system has no mapping left, or no memory; in that case this throws.
void LogMemory::place_on_heap(Segment& segment, std::size_t bytes) {
  const std::size_t marks_bytes = marks_for(bytes) * sizeof(FrameMark);
  segment.home_ = Segment::Home::heap;
  segment.heap_ = std::make_unique_for_overwrite<std::uint8_t[]>(marks_bytes + bytes);
  segment.mapping_ = {segment.heap_.get() + marks_bytes, bytes, -1};
  segment.place_marks(reinterpret_cast<FrameMark*>(segment.heap_.get()), marks_for(bytes), &bytes_now_);
  segment.count_all_at_once();
}

void LogMemory::release(Segment* segment) {
  const std::size_t counted = segment->counted_bytes_;
  if (!keep_idle(segment)) retire(segment);
  count(-static_cast<std::int64_t>(counted));
}

bool LogMemory::keep_idle(Segment* segment) {
  if (segment->home_ == Segment::Home::heap || segment->file() >= 0) return false;
  segment->clear();
  base::poison({segment->mapping_.bytes, segment->capacity()});
  if (segment->home_ == Segment::Home::slab && near_.used()) {
    keep_near(segment);
    return true;
  }
  std::lock_guard guard(lock_);
  if (!has_idle_room(*segment)) return false;
  idle_bytes_ += segment->counted_bytes_;
  (segment->home_ == Segment::Home::slab ? small_ : large_).segments.push_back(segment);
  return true;
}

/// Gives its memory back to the system.
void LogMemory::retire(Segment* segment) {
  switch (segment->home_) {
    case Segment::Home::slab: {
      kernel_.discard({reinterpret_cast<std::uint8_t*>(segment->marks_), small_bytes});
      std::lock_guard guard(lock_);
      cold_.push_back(segment);
      return;
    }
    case Segment::Home::mapping:
      base::unpoison(all_of(segment->mapping_));
      kernel_.unmap(segment->marks_mapping_);
      kernel_.unmap(segment->mapping_);
      if (segment->file() >= 0) mappings_.fetch_sub(1, std::memory_order_relaxed);
      break;
    case Segment::Home::heap:
      break;
  }
  delete segment;
}

void LogMemory::give_back() {
  for (NearSegments::Place& place : near_.places()) {
    std::array<Segment*, NearSegments::segments_max> unneeded;
    std::size_t count = 0;
    {
      std::lock_guard guard(place.lock);
      count = place.take_first(place.least, unneeded);
      place.least = place.count;
    }
    keep_or_retire({unneeded.data(), count});
  }
  std::vector<Segment*> unneeded;
  {
    std::lock_guard guard(lock_);
    small_.take_unneeded(idle_kept, unneeded);
    large_.take_unneeded(0, unneeded);
    for (const Segment* segment : unneeded) idle_bytes_ -= segment->counted_bytes_;
  }
  for (Segment* segment : unneeded) retire(segment);
}

std::size_t LogMemory::idle_bytes() const {
  std::size_t near = 0;
  for (NearSegments::Place& place : near_.places()) {
    std::lock_guard guard(place.lock);
    near += place.count;
  }
  std::lock_guard guard(lock_);
  return idle_bytes_ + near * small_bytes;
}

Segment* LogMemory::Idle::take_last() {
  if (segments.empty()) return nullptr;
  Segment* const segment = segments.back();
  segments.pop_back();
  least = std::min(least, segments.size());
  return segment;
}

/// There are at most some hundred: `idle_bytes_max` bounds them.
Segment* LogMemory::Idle::take(std::size_t capacity) {
  const auto found = std::find_if(segments.rbegin(), segments.rend(), [&](const Segment* each) { return each->capacity() == capacity; });
  if (found == segments.rend()) return nullptr;
  std::swap(*found, segments.back());
  return take_last();
}

void LogMemory::Idle::take_unneeded(std::size_t kept, std::vector<Segment*>& into) {
  const std::size_t count = std::min(least, segments.size() - std::min(kept, segments.size()));
  into.insert(into.end(), segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(count));
  segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(count));
  least = segments.size();
}

}  // namespace topic
