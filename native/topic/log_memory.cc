#include "native/topic/log_memory.h"

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

LogMemory::LogMemory(os::Kernel& kernel, std::size_t bytes_max)
    : kernel_(kernel), bytes_max_(bytes_max), idle_bytes_max_(idle_bound(bytes_max)) {
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
  Segment* segment = take_idle(bytes);
  if (segment == nullptr) segment = bytes == heap_segment_bytes ? make_small() : make_large(bytes, backing);  // ADR 0015
  return hand_out(segment);
}

SegmentRef LogMemory::hand_out(Segment* segment) {
  base::unpoison({segment->mapping_.bytes, segment->capacity()});
  base::unpoison({reinterpret_cast<std::uint8_t*>(segment->marks_), segment->marks_max_ * sizeof(FrameMark)});
  bytes_now_.fetch_add(segment->counted_bytes_, std::memory_order_relaxed);
  return SegmentRef(segment);
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
  bytes_now_.fetch_sub(counted, std::memory_order_relaxed);
}

bool LogMemory::keep_idle(Segment* segment) {
  if (segment->home_ == Segment::Home::heap || segment->file() >= 0) return false;
  segment->clear();
  base::poison({segment->mapping_.bytes, segment->capacity()});
  std::lock_guard guard(lock_);
  if (idle_bytes_ + segment->counted_bytes_ > idle_bytes_max_) return false;
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
  std::lock_guard guard(lock_);
  return idle_bytes_;
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
