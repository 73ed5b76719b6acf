// The fields that an HPACK block refers to by number: the static table (RFC 7541 Appendix A) and, behind it, the fields that
// came last (§2.3.2), at most 4096 bytes of them.
// Owner: its decoder. Thread: the connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"

namespace codec {

struct HpackField {
  std::string_view name;
  std::string_view value;
};

/// What a field counts in tables and lists (RFC 7541 §4.1, RFC 9113 §6.5.2).
constexpr std::size_t hpack_field_overhead = 32;

inline constexpr std::size_t hpack_static_fields = 61;

class HpackTable {
 public:
  /// SETTINGS_HEADER_TABLE_SIZE as it is unless one says otherwise, and we do not (RFC 9113 §6.5.2).
  static constexpr std::size_t bytes_max = 4096;

  /// The field of that number, 1 the first; nothing when there is none. Its views die with the next `insert` or `resize`.
  std::optional<HpackField> find(std::size_t index) const;
  /// A field that is too large for the table empties it (§4.4). The field's views are not of this table.
  void insert(const HpackField& field);
  /// A table size update (§6.3); false when it is over `bytes_max`.
  bool resize(std::size_t bytes);

  std::size_t dynamic_fields() const { return fields_.size() - first_; }
  /// As §4.1 counts it.
  std::size_t dynamic_bytes() const { return used_; }

 private:
  struct Place {
    std::uint32_t begin = 0;  // of the name, in `text_`; the value is behind it
    std::uint16_t name_bytes = 0;
    std::uint16_t value_bytes = 0;
  };

  void evict_to(std::size_t bytes);
  void drop_evicted();

  // The oldest field first; those before `first_` are evicted, and dropped when they are as many as the others.
  std::vector<Place> fields_;
  std::vector<std::uint8_t> text_;
  std::size_t first_ = 0;
  std::size_t used_ = 0;
  std::size_t limit_ = bytes_max;
};

}  // namespace codec
