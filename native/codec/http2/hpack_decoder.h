// The HPACK decoder (RFC 7541): a header block's bytes in, its fields out, one by one. Why our own: ADR 0009.
// Owner: the connection. Thread: its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/http2/hpack_table.h"

namespace codec {

/// Receives a block's fields in their order. Views die with the call.
class HpackFields {
 public:
  virtual void on_field(const HpackField& field) = 0;

 protected:
  ~HpackFields() = default;
};

enum class HpackOutcome : std::uint8_t {
  decoded,
  failed,  // the block breaks RFC 7541: both tables differ from now on, the connection cannot go on (RFC 9113 §4.3)
};

class HpackDecoder {
 public:
  /// Decodes one whole block. The work is linear in the block's length: a reference to a field costs nothing unless the
  /// receiver copies it, so the receiver counts fields and bytes.
  HpackOutcome decode(base::Bytes block, HpackFields& fields);

  const HpackTable& table() const { return table_; }

 private:
  bool decode_field(base::Bytes& block, HpackFields& fields);
  bool decode_literal(base::Bytes& block, HpackFields& fields);
  bool decode_size_updates(base::Bytes& block);
  std::optional<std::string_view> read_string(base::Bytes& block, std::vector<std::uint8_t>& scratch);

  HpackTable table_;
  std::vector<std::uint8_t> name_;   // of the field being decoded, when it does not stand in the block as it is
  std::vector<std::uint8_t> value_;
};

}  // namespace codec
