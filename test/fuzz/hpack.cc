// Fuzzes native/codec/http2/hpack_decoder.cc, its table and its Huffman code: fields that an encoder of the test's own writes, in every
// form there is, come out as they went in; of any other bytes the table keeps its bounds, and fields that do come out can be
// written again.
// Owner: the fuzzer. Thread: main.
#include "native/codec/http2/hpack_decoder.h"

#include "native/codec/http2/hpack_huffman.h"
#include "test/fuzz/fuzz.h"
#include "test/native/codec/http2/hpack_encoder.h"

namespace {

using Fields = std::vector<hpack::Field>;

class Collected final : public codec::HpackFields {
 public:
  void on_field(const codec::HpackField& field) override {
    bytes += field.name.size() + field.value.size();
    // A reference costs its receiver nothing but the copy: as in the engine, who copies stops counting at some point.
    if (bytes < 1 << 20) fields.emplace_back(field.name, field.value);
  }
  Fields fields;
  std::size_t bytes = 0;
};

void check_table(const codec::HpackTable& table) {
  fuzz::require(table.dynamic_bytes() <= codec::HpackTable::bytes_max, "the table keeps its bound");
  fuzz::require(table.dynamic_fields() * codec::hpack_field_overhead <= table.dynamic_bytes(), "each field counts its overhead");
}

void check_any_blocks(fuzz::Input& input) {
  codec::HpackDecoder decoder;
  for (auto outcome = codec::HpackOutcome::decoded; outcome == codec::HpackOutcome::decoded && !input.empty();) {
    const base::Bytes view = input.bytes(1 + input.below(512));
    const fuzz::Bytes block(view.begin(), view.end());  // of its exact size
    Collected collected;
    outcome = decoder.decode(block, collected);
    check_table(decoder.table());
    if (outcome != codec::HpackOutcome::decoded) return;
    h2::Wire again;
    for (const auto& [name, value] : collected.fields) {
      const h2::Wire field = h2::field(name, value);
      again.insert(again.end(), field.begin(), field.end());
    }
    Collected read;
    // Strings of 2 MiB and more are refused, whoever writes them; here are none.
    fuzz::require(codec::HpackDecoder().decode(again, read) == codec::HpackOutcome::decoded, "what was read can be written");
    fuzz::require(read.fields == collected.fields, "and is read as the same");
  }
}

void check_written_fields(fuzz::Input& input) {
  hpack::RandomEncoder encoder(input.byte());
  codec::HpackDecoder decoder;
  for (int blocks = 0; blocks < 10 && !input.empty(); ++blocks) {
    h2::Wire block;
    if (input.below(8) == 0) block = encoder.size_update(input.below(4097));
    Fields fields;
    for (std::size_t count = input.below(12); count > 0; --count) {
      // A few names again and again, so that tables matter.
      fields.emplace_back(input.below(2) == 0 ? "name" + std::to_string(input.below(4)) : input.text(), input.text());
      const h2::Wire field = encoder.encode(fields.back());
      block.insert(block.end(), field.begin(), field.end());
    }
    Collected collected;
    fuzz::require(decoder.decode(block, collected) == codec::HpackOutcome::decoded, "what an encoder wrote is read");
    fuzz::require(collected.fields == fields, "as it was");
    check_table(decoder.table());
  }
}

void check_huffman(base::Bytes any) {
  const fuzz::Bytes coded(any.begin(), any.end());
  fuzz::Bytes text;
  if (codec::decode_huffman(coded, text)) fuzz::require(hpack::huffman(base::text_of(text)) == coded, "a text has one code only");
  fuzz::Bytes back;
  fuzz::require(codec::decode_huffman(hpack::huffman(base::text_of(any)), back) && back == coded, "any text has a code");
}

}  // namespace

FUZZ_TARGET(hpack) {
  fuzz::Input input(bytes);
  switch (input.below(3)) {
    case 0: return check_any_blocks(input);
    case 1: return check_written_fields(input);
    default: return check_huffman(input.rest());
  }
}
