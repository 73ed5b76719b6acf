// See hpack_decoder.h.
// Owner: the connection. Thread: its shard.
#include "native/codec/http2/hpack_decoder.h"

#include "native/base/check.h"
#include "native/codec/http2/hpack_huffman.h"

namespace codec {
namespace {

/// No integer of a block is larger than the block or its table, and neither needs more than 21 bits. Longer ones are refused
/// whatever their value: leading zeros would go on for ever (CVE-2023-33953).
constexpr unsigned integer_octets_max = 3;

/// RFC 7541 §5.1. `prefix_bits` of the first byte belong to it.
std::optional<std::size_t> read_integer(base::Bytes& block, unsigned prefix_bits) {
  CHECK(!block.empty());
  const std::size_t prefix_max = (std::size_t{1} << prefix_bits) - 1;
  std::size_t value = block.front() & prefix_max;
  block = block.subspan(1);
  if (value < prefix_max) return value;
  for (unsigned octet = 0; octet < integer_octets_max && !block.empty(); ++octet) {
    const std::uint8_t byte = block.front();
    block = block.subspan(1);
    value += static_cast<std::size_t>(byte & 0x7F) << (7 * octet);
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

/// The scratch space of an unusual field is not kept.
constexpr std::size_t kept_bytes_max = 512;

void trim(std::vector<std::uint8_t>& scratch) {
  if (scratch.capacity() > kept_bytes_max) std::vector<std::uint8_t>().swap(scratch);
}

bool is_size_update(std::uint8_t first) { return (first & 0xE0) == 0x20; }

}  // namespace

HpackOutcome HpackDecoder::decode(base::Bytes block, HpackFields& fields) {
  bool good = decode_size_updates(block);
  while (good && !block.empty()) good = decode_field(block, fields);
  trim(name_);
  trim(value_);
  return good ? HpackOutcome::decoded : HpackOutcome::failed;
}

/// Only at the start of a block, and never more than two: the smallest size and the last one (RFC 7541 §4.2).
bool HpackDecoder::decode_size_updates(base::Bytes& block) {
  for (unsigned updates = 0; !block.empty() && is_size_update(block.front()); ++updates) {
    const auto bytes = read_integer(block, 5);
    if (!bytes || updates == 2 || !table_.resize(*bytes)) return false;
  }
  return true;
}

bool HpackDecoder::decode_field(base::Bytes& block, HpackFields& fields) {
  if ((block.front() & 0x80) == 0) return !is_size_update(block.front()) && decode_literal(block, fields);
  const auto index = read_integer(block, 7);  // §6.1
  const auto field = index ? table_.find(*index) : std::nullopt;
  if (!field) return false;
  fields.on_field(*field);
  return true;
}

/// §6.2: with incremental indexing (01), without (0000) or never (0001).
bool HpackDecoder::decode_literal(base::Bytes& block, HpackFields& fields) {
  const bool indexed = (block.front() & 0x40) != 0;
  const auto index = read_integer(block, indexed ? 6 : 4);
  if (!index) return false;
  std::optional<std::string_view> name;
  if (*index == 0) {
    name = read_string(block, name_);
  } else if (const auto named = table_.find(*index)) {
    // A copy: inserting this field may evict the one that lends its name (§4.4).
    name_.assign(named->name.begin(), named->name.end());
    name = base::text_of(name_);
  }
  const auto value = name ? read_string(block, value_) : std::nullopt;
  if (!value) return false;
  const HpackField field = {*name, *value};
  fields.on_field(field);
  if (indexed) table_.insert(field);
  return true;
}

/// §5.2. The length is looked at before anything is read or reserved.
std::optional<std::string_view> HpackDecoder::read_string(base::Bytes& block, std::vector<std::uint8_t>& scratch) {
  if (block.empty()) return std::nullopt;
  const bool coded = (block.front() & 0x80) != 0;
  const auto length = read_integer(block, 7);
  if (!length || *length > block.size()) return std::nullopt;
  const base::Bytes bytes = block.first(*length);
  block = block.subspan(*length);
  if (!coded) return base::text_of(bytes);
  scratch.clear();
  scratch.reserve(huffman_decoded_bytes_max(bytes.size()));
  if (!decode_huffman(bytes, scratch)) return std::nullopt;
  return base::text_of(scratch);
}

}  // namespace codec
