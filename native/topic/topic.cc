#include "native/topic/topic.h"

namespace topic {

Published Topic::publish(const codec::Publication& publication, std::uint32_t now_ms, LogMemory& memory) {
  FrameBytes bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = codec::encoding(static_cast<codec::EncodingId>(i)).encoded_bytes(publication);
  }
  std::array<SegmentRef, codec::encoding_count> spares;
  for (;;) {
    Missing missing;
    {
      std::lock_guard guard(lock_);
      missing = open_spares(bytes, spares);
      if (missing.bytes == 0) return append_everywhere(publication, bytes, now_ms);
    }
    // Outside the lock: this may call the system. By the next round others may have published; then it is looked at anew.
    spares[missing.log] = memory.acquire(missing.bytes, missing.backing);
  }
}

Topic::Missing Topic::open_spares(const FrameBytes& bytes, std::array<SegmentRef, codec::encoding_count>& spares) {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    Log& log = logs_[i];
    if (!log.has_interest() || log.has_room(bytes[i])) continue;
    if (!spares[i]) return {i, log.next_segment_bytes(bytes[i]), log.next_segment_backing()};
    log.open_segment(std::exchange(spares[i], SegmentRef()), next_offset_);
  }
  return {};
}

Published Topic::append_everywhere(const codec::Publication& publication, const FrameBytes& bytes, std::uint32_t now_ms) {
  Published published;
  published.offset = next_offset_++;
  published_.store(next_offset_, std::memory_order_relaxed);
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    Log& log = logs_[i];
    if (!log.has_interest()) continue;
    codec::encoding(static_cast<codec::EncodingId>(i)).encode(publication, log.append(bytes[i], published.offset, now_ms));
    published.notify[i] = log.take_unnotified();
    ++published.encodes;
  }
  return published;
}

Head Topic::add_interest(codec::EncodingId encoding, unsigned shard) {
  std::lock_guard guard(lock_);
  log(encoding).add_interest(shard);
  return log(encoding).head();
}

void Topic::remove_interest(codec::EncodingId encoding, unsigned shard, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  log(encoding).remove_interest(shard, garbage);
}

void Topic::take(codec::EncodingId encoding, unsigned shard, LogWindow& window, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  window.take(log(encoding), shard, garbage);
}

void Topic::settled(codec::EncodingId encoding, unsigned shard, std::uint64_t position, std::vector<SegmentRef>& garbage) {
  std::lock_guard guard(lock_);
  log(encoding).settled(shard, position, garbage);
}

}  // namespace topic
