// Fuzzes what a publication goes through between protocols: any payload in every encoding is as long as was measured and is read
// as the payload; a message of the shared schema comes out of JSON and protobuf as it went in.
// Owner: the fuzzer. Thread: main.
#include "native/codec/encoding.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/codec/http2/http2_frame.h"
#include "native/codec/text/json_text.h"
#include "native/codec/text/utf8.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/websocket_frames.h"

namespace {

fuzz::Bytes encoded(codec::EncodingId id, const codec::Publication& publication) {
  const codec::Encoding& encoding = codec::encoding(id);
  fuzz::Bytes out(encoding.encoded_bytes(publication));
  if (!out.empty()) encoding.encode(publication, out);
  return out;
}

/// The message of one frame that GrpcEncoding made.
codec::Message message_of(base::Bytes frame) {
  fuzz::require(frame.size() >= codec::grpc_prefix_bytes && frame[0] == 0, "a prefix, not compressed");
  fuzz::require(codec::read_u32(frame.subspan(1)) == frame.size() - codec::grpc_prefix_bytes, "its length is what follows");
  const auto read = codec::read_publish_request(frame.subspan(codec::grpc_prefix_bytes));
  fuzz::require(read.has_value(), "a message");
  return read->message;
}

void check_payload(const codec::Publication& publication) {
  const bool is_text = publication.kind == codec::PayloadKind::text;
  const fuzz::Bytes frame = encoded(codec::EncodingId::websocket, publication);
  fuzz::require(fuzz::payload_of(frame, is_text ? 0x81 : 0x82) == base::text_of(publication.payload), "a WebSocket frame carries the payload");
  const fuzz::Bytes grpc = encoded(codec::EncodingId::grpc, publication);
  if (grpc.empty()) {
    fuzz::require(!base::is_valid_utf8(publication.payload), "gRPC can say any text");
    return;
  }
  const codec::Message message = message_of(grpc);
  const auto json = base::is_valid_utf8(publication.payload) ? codec::read_json_message(base::text_of(publication.payload)) : std::nullopt;
  if (!json) {
    fuzz::require(message.author == 0 && message.data == base::text_of(publication.payload), "what is no message of the schema is its data");
  } else {
    fuzz::require(message.author == json->author && codec::json_equals(json->raw_data, message.data), "a message of the schema is one");
  }
}

/// A message that was read must come out of JSON as it went in.
void check_round_trip(const codec::Message& message) {
  fuzz::Bytes json(codec::json_message_bytes(message));
  fuzz::require(codec::write_json_message(message, json) == json.size(), "as long as measured");
  const codec::Publication read = {codec::PayloadKind::text, json};
  codec::Publication known = read;
  known.message = &message;
  const fuzz::Bytes frame = encoded(codec::EncodingId::grpc, known);
  fuzz::require(encoded(codec::EncodingId::grpc, read) == frame, "the same frame whether the message is known or read from its JSON");
  const codec::Message again = message_of(frame);
  fuzz::require(again.author == message.author && again.data == message.data, "a message there and back");
}

}  // namespace

FUZZ_TARGET(publication) {
  fuzz::Input input(bytes);
  switch (input.below(3)) {
    case 0: {
      const base::Bytes payload = input.rest();
      return check_payload({codec::PayloadKind::binary, payload});
    }
    case 1: {
      const std::string text = fuzz::valid_utf8(base::text_of(input.rest()));
      return check_payload({codec::PayloadKind::text, base::bytes_of(text)});
    }
    default: {
      std::uint32_t author = 0;
      for (int i = 0; i < 4; ++i) author = author << 8 | input.byte();
      const std::string data = fuzz::valid_utf8(base::text_of(input.rest()));
      return check_round_trip({static_cast<std::int32_t>(author), data});
    }
  }
}
