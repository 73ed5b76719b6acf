// Fuzzes what a publication goes through between protocols: any bytes as protobuf, as JSON, and into every encoding.
// Owner: libFuzzer. Thread: main.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "native/codec/encoding.h"
#include "native/codec/grpc_message.h"
#include "native/codec/grpc_reflection.h"

namespace {

std::vector<std::uint8_t> encoded(codec::EncodingId id, const codec::Publication& publication) {
  const codec::Encoding& encoding = codec::encoding(id);
  std::vector<std::uint8_t> out(encoding.encoded_bytes(publication));
  if (!out.empty()) encoding.encode(publication, out);
  return out;
}

/// A message that was read must come out of JSON as it went in.
void check_round_trip(const codec::Message& message) {
  std::vector<std::uint8_t> json(codec::json_message_bytes(message));
  if (codec::write_json_message(message, json) != json.size()) std::abort();
  codec::Publication read = {codec::PayloadKind::text, json};
  codec::Publication known = read;
  known.message = &message;
  if (encoded(codec::EncodingId::grpc, read) != encoded(codec::EncodingId::grpc, known)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> input(data, data + size);
  if (const auto request = codec::read_publish_request(input)) check_round_trip(request->message);
  codec::read_subscribe_request(input);
  codec::read_text_request(input, 1);
  codec::reflection_answer(input);
  for (std::size_t id = 0; id < codec::encoding_count; ++id) encoded(static_cast<codec::EncodingId>(id), {codec::PayloadKind::binary, input});
  return 0;
}
