#include "native/topic/log_memory.h"

#include <algorithm>

namespace topic {

namespace {
constexpr std::size_t cache_max = 64;
constexpr std::size_t page_bytes = 4096;

std::size_t round_up(std::size_t bytes, std::size_t to) { return (bytes + to - 1) / to * to; }
}  // namespace

SegmentRef::~SegmentRef() {
  if (segment_ == nullptr) return;
  // acq_rel: the last holder's release sees every other holder's reads finished (their release pairs with this acquire).
  if (segment_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) segment_->memory_->release(segment_);
}

LogMemory::LogMemory(os::Kernel& kernel, std::size_t bytes_max) : kernel_(kernel), bytes_max_(bytes_max) { cache_.reserve(cache_max); }

LogMemory::~LogMemory() {
  for (Segment* segment : cache_) delete segment;
}

SegmentRef LogMemory::acquire(std::size_t bytes, Backing backing) {
  bytes = round_up(std::max(bytes, heap_segment_bytes), page_bytes);
  if (backing == Backing::heap && bytes == heap_segment_bytes) {
    std::lock_guard guard(lock_);
    if (!cache_.empty()) {
      Segment* const segment = cache_.back();
      cache_.pop_back();
      bytes_now_.fetch_add(segment->capacity(), std::memory_order_relaxed);
      return SegmentRef(segment);
    }
  }
  auto segment = std::make_unique<Segment>();
  segment->memory_ = this;
  // Relaxed: a bound, not a synchronisation; the count never falls below the living mappings.
  const bool may_map = backing == Backing::memfd && mappings_.fetch_add(1, std::memory_order_relaxed) < mappings_max;
  if (may_map) segment->mapping_ = kernel_.map(bytes);
  if (backing == Backing::memfd && segment->mapping_.file < 0) mappings_.fetch_sub(1, std::memory_order_relaxed);
  if (segment->mapping_.bytes == nullptr) {
    segment->heap_ = std::make_unique_for_overwrite<std::uint8_t[]>(bytes);
    segment->mapping_ = {segment->heap_.get(), bytes, -1};
  }
  segment->marks_max_ = static_cast<std::uint32_t>(bytes / bytes_per_mark);
  segment->marks_ = std::make_unique_for_overwrite<FrameMark[]>(segment->marks_max_);
  bytes_now_.fetch_add(segment->capacity(), std::memory_order_relaxed);
  allocations_.fetch_add(1, std::memory_order_relaxed);
  return SegmentRef(segment.release());
}

void LogMemory::release(Segment* segment) {
  bytes_now_.fetch_sub(segment->capacity(), std::memory_order_relaxed);
  if (segment->mapping_.file >= 0) {
    kernel_.unmap(segment->mapping_);
    mappings_.fetch_sub(1, std::memory_order_relaxed);
  } else if (segment->capacity() == heap_segment_bytes) {
    std::lock_guard guard(lock_);
    if (cache_.size() < cache_max) {
      segment->used_ = 0;
      segment->frames_ = 0;
      segment->has_exclusions_.store(false, std::memory_order_relaxed);
      segment->has_empty_marks_.store(false, std::memory_order_relaxed);
      cache_.push_back(segment);
      return;
    }
  }
  delete segment;
}

}  // namespace topic
