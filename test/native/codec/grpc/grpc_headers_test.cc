// Covers native/codec/grpc/grpc_headers.cc.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_headers.h"

#include <string>

#include "test/native/codec/http2/http2_wire.h"

using codec::GrpcStatus;
using codec::AcceptEncoding;

namespace {

std::string fields_of(base::Bytes block) {
  h2::FieldWords fields;
  REQUIRE(codec::HpackDecoder().decode(block, fields) == codec::HpackOutcome::decoded);
  return fields.words;
}

std::string message_of(std::string_view text) {
  const std::string fields = fields_of(codec::trailers({}, GrpcStatus::internal, text));
  const std::string before = " grpc-status=13 grpc-message=";
  REQUIRE(fields.starts_with(before));
  return fields.substr(before.size());
}

}  // namespace

TEST_CASE("grpc headers: on the wire") {
  CHECK(wire::to_hex(base::text_of(codec::response_headers(AcceptEncoding::unsaid))) == "880f1010" + wire::to_hex("application/grpc"));
  const auto ok = codec::trailers({}, GrpcStatus::ok, {});
  CHECK(wire::to_hex(base::text_of(ok)) == "000b" + wire::to_hex("grpc-status") + "0130");
}

TEST_CASE("grpc headers: statuses") {
  CHECK(fields_of(codec::trailers(codec::response_headers(AcceptEncoding::unsaid), GrpcStatus::invalid_argument, "no")) ==
        " :status=200 content-type=application/grpc grpc-status=3 grpc-message=no");
  CHECK(fields_of(codec::response_headers(AcceptEncoding::said)) == " :status=200 content-type=application/grpc grpc-accept-encoding=identity");
  CHECK(fields_of(codec::trailers({}, GrpcStatus::unimplemented, "no")) == " grpc-status=12 grpc-message=no");
  CHECK(fields_of(codec::http_error_headers(codec::HttpStatus::unsupported_media_type)) == " :status=415");
  CHECK(fields_of(codec::http_error_headers(codec::HttpStatus::method_not_allowed)) == " :status=405 allow=POST");
  CHECK(fields_of(codec::http_error_headers(codec::HttpStatus::header_fields_too_large)) == " :status=431");
}

TEST_CASE("grpc headers: a message for people is percent-encoded and bounded") {
  CHECK(message_of("plain text") == "plain text");
  CHECK(message_of("100%\n\xC3\xA9~") == "100%25%0A%C3%A9~");
  for (const std::size_t length : {126u, 127u, 128u, 254u, 255u, 256u}) CHECK(message_of(std::string(length, 'x')) == std::string(length, 'x'));
  CHECK(message_of(std::string(1000, 'x')) == std::string(256, 'x'));
  CHECK(message_of(std::string(256, '\n')).size() == 768);
}
