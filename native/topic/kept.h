// A publication that a history keeps: as it came, in one piece of memory, whatever encodings it is replayed in.
// Owner: shared, counted by KeptRef. Thread: any; immutable.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "native/codec/encoding.h"

namespace topic {

class Kept {
 public:
  codec::PayloadKind kind() const { return kind_; }
  base::Bytes payload() const { return {bytes(), payload_bytes_}; }
  std::string_view event() const { return base::text_of({bytes() + payload_bytes_, event_bytes_}); }
  std::string_view user_id() const { return base::text_of({bytes() + payload_bytes_ + event_bytes_, user_id_bytes_}); }
  /// When it was published, in milliseconds of the monotonic clock, wrapping.
  std::uint32_t time_ms() const { return time_ms_; }
  /// What it takes in memory, with its place in a history.
  std::size_t held_bytes() const { return held_bytes_of(payload_bytes_, event_bytes_, user_id_bytes_); }
  /// As it is to be encoded; its topic, epoch and offset are the caller's to fill in. Views die with it.
  codec::Publication publication() const {
    codec::Publication publication;
    publication.kind = kind_;
    publication.payload = payload();
    publication.event = event();
    publication.user_id = user_id();
    return publication;
  }

  static std::size_t held_bytes_of(const codec::Publication& publication) {
    return held_bytes_of(publication.payload.size(), publication.event.size(), publication.user_id.size());
  }

 private:
  friend class KeptRef;
  /// Its reference, and what the allocator keeps beside a block.
  static constexpr std::size_t besides_bytes = sizeof(void*) + 2 * sizeof(std::size_t);

  Kept() = default;
  static std::size_t held_bytes_of(std::size_t payload, std::size_t event, std::size_t user_id) {
    return sizeof(Kept) + payload + event + user_id + besides_bytes;
  }
  const std::uint8_t* bytes() const { return reinterpret_cast<const std::uint8_t*>(this + 1); }

  std::atomic<std::uint32_t> references_{0};
  std::uint32_t time_ms_ = 0;
  std::uint32_t payload_bytes_ = 0;
  std::uint16_t event_bytes_ = 0;
  std::uint16_t user_id_bytes_ = 0;
  codec::PayloadKind kind_{};
};

/// A counted reference.
class KeptRef {
 public:
  KeptRef() = default;
  /// A copy of what is published.
  static KeptRef copy_of(const codec::Publication& publication, std::uint32_t now_ms);
  KeptRef(const KeptRef& other) : kept_(other.kept_) {
    if (kept_ != nullptr) kept_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  KeptRef(KeptRef&& other) noexcept : kept_(std::exchange(other.kept_, nullptr)) {}
  KeptRef& operator=(KeptRef other) noexcept {
    std::swap(kept_, other.kept_);
    return *this;
  }
  ~KeptRef();

  explicit operator bool() const { return kept_ != nullptr; }
  const Kept* operator->() const { return kept_; }
  const Kept* get() const { return kept_; }

 private:
  explicit KeptRef(Kept* kept) : kept_(kept) { kept_->references_.store(1, std::memory_order_relaxed); }
  Kept* kept_ = nullptr;
};

}  // namespace topic
