// See hpack_table.h.
// Owner: its decoder. Thread: the connection's shard.
#include "native/codec/http2/hpack_table.h"

#include <array>

#include "native/base/check.h"

namespace codec {
namespace {

constexpr std::array<HpackField, hpack_static_fields> static_fields = {
    HpackField{":authority", ""},
    HpackField{":method", "GET"},
    HpackField{":method", "POST"},
    HpackField{":path", "/"},
    HpackField{":path", "/index.html"},
    HpackField{":scheme", "http"},
    HpackField{":scheme", "https"},
    HpackField{":status", "200"},
    HpackField{":status", "204"},
    HpackField{":status", "206"},
    HpackField{":status", "304"},
    HpackField{":status", "400"},
    HpackField{":status", "404"},
    HpackField{":status", "500"},
    HpackField{"accept-charset", ""},
    HpackField{"accept-encoding", "gzip, deflate"},
    HpackField{"accept-language", ""},
    HpackField{"accept-ranges", ""},
    HpackField{"accept", ""},
    HpackField{"access-control-allow-origin", ""},
    HpackField{"age", ""},
    HpackField{"allow", ""},
    HpackField{"authorization", ""},
    HpackField{"cache-control", ""},
    HpackField{"content-disposition", ""},
    HpackField{"content-encoding", ""},
    HpackField{"content-language", ""},
    HpackField{"content-length", ""},
    HpackField{"content-location", ""},
    HpackField{"content-range", ""},
    HpackField{"content-type", ""},
    HpackField{"cookie", ""},
    HpackField{"date", ""},
    HpackField{"etag", ""},
    HpackField{"expect", ""},
    HpackField{"expires", ""},
    HpackField{"from", ""},
    HpackField{"host", ""},
    HpackField{"if-match", ""},
    HpackField{"if-modified-since", ""},
    HpackField{"if-none-match", ""},
    HpackField{"if-range", ""},
    HpackField{"if-unmodified-since", ""},
    HpackField{"last-modified", ""},
    HpackField{"link", ""},
    HpackField{"location", ""},
    HpackField{"max-forwards", ""},
    HpackField{"proxy-authenticate", ""},
    HpackField{"proxy-authorization", ""},
    HpackField{"range", ""},
    HpackField{"referer", ""},
    HpackField{"refresh", ""},
    HpackField{"retry-after", ""},
    HpackField{"server", ""},
    HpackField{"set-cookie", ""},
    HpackField{"strict-transport-security", ""},
    HpackField{"transfer-encoding", ""},
    HpackField{"user-agent", ""},
    HpackField{"vary", ""},
    HpackField{"via", ""},
    HpackField{"www-authenticate", ""},
};

std::size_t size_of(std::size_t name_bytes, std::size_t value_bytes) { return name_bytes + value_bytes + hpack_field_overhead; }

}  // namespace

std::optional<HpackField> HpackTable::find(std::size_t index) const {
  if (index == 0) return std::nullopt;
  if (index <= static_fields.size()) return static_fields[index - 1];
  const std::size_t age = index - static_fields.size();  // 1: the newest
  if (age > dynamic_fields()) return std::nullopt;
  const Place& place = fields_[fields_.size() - age];
  const std::string_view text = base::text_of(text_).substr(place.begin);
  return HpackField{text.substr(0, place.name_bytes), text.substr(place.name_bytes, place.value_bytes)};
}

void HpackTable::insert(const HpackField& field) {
  const std::size_t size = size_of(field.name.size(), field.value.size());
  if (size > limit_) return evict_to(0);
  evict_to(limit_ - size);
  const auto begin = static_cast<std::uint32_t>(text_.size());
  text_.insert(text_.end(), field.name.begin(), field.name.end());
  text_.insert(text_.end(), field.value.begin(), field.value.end());
  fields_.push_back({begin, static_cast<std::uint16_t>(field.name.size()), static_cast<std::uint16_t>(field.value.size())});
  used_ += size;
  CHECK(used_ <= limit_);
}

bool HpackTable::resize(std::size_t bytes) {
  if (bytes > bytes_max) return false;
  limit_ = bytes;
  evict_to(bytes);
  return true;
}

void HpackTable::evict_to(std::size_t bytes) {
  while (used_ > bytes) {
    CHECK(first_ < fields_.size());
    const Place& oldest = fields_[first_++];
    used_ -= size_of(oldest.name_bytes, oldest.value_bytes);
  }
  if (first_ > 0 && first_ >= dynamic_fields()) drop_evicted();
}

void HpackTable::drop_evicted() {
  const std::size_t begin = dynamic_fields() == 0 ? text_.size() : fields_[first_].begin;
  text_.erase(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(begin));
  fields_.erase(fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(first_));
  for (Place& place : fields_) place.begin -= static_cast<std::uint32_t>(begin);
  first_ = 0;
}

}  // namespace codec
