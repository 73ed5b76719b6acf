// Covers native/codec/grpc/grpc_request.cc.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_request.h"

#include <string>

#include "test/native/codec/http2/http2_wire.h"

using codec::GrpcRequest;
using codec::GrpcStatus;
using codec::HeaderBlock;
using codec::HttpStatus;
using namespace std::string_view_literals;

namespace {

GrpcRequest request_of(const h2::Fields& fields, HeaderBlock block = HeaderBlock::request, codec::HeaderLimits limits = {}) {
  GrpcRequest request(block, limits);
  for (const auto& [name, value] : fields) request.on_field({name, value});
  return request;
}

h2::Fields good(const h2::Fields& more = {}) { return h2::call_fields("/MessageService/Publish", more); }

/// The fields of a good request without that one, or with another value.
h2::Fields changed(const std::string& name, const std::string& value = {}) {
  h2::Fields fields = good();
  std::erase_if(fields, [&](auto& field) { return field.first == name && value.empty(); });
  for (auto& field : fields) {
    if (field.first == name) field.second = value;
  }
  return fields;
}

bool malformed(const h2::Fields& fields) { return request_of(fields).malformed(); }

}  // namespace

TEST_CASE("grpc request: a good one") {
  const GrpcRequest request = request_of(good({{"user-agent", "grpc-go/1.50"}, {"grpc-timeout", "10S"}, {"x-some", "a b"}}));
  CHECK(!request.malformed());
  CHECK(request.http_status() == HttpStatus::ok);
  CHECK(request.status() == GrpcStatus::ok);
  CHECK(request.method() == codec::GrpcMethod::publish);
  CHECK(!request.topic().has_value());
  CHECK(!request.content_length().has_value());
}

TEST_CASE("grpc request: pseudo-header fields come first, once, and only those of a request") {
  CHECK(malformed({}));
  CHECK(malformed(changed(":method")));
  CHECK(malformed(changed(":scheme")));
  CHECK(malformed(changed(":path")));
  CHECK(!malformed(changed(":authority")));
  CHECK(malformed({{":method", "POST"}, {":scheme", "http"}, {":path", ""}}));
  CHECK(malformed(good({{":authority", "late"}})));
  h2::Fields twice = good();
  twice.insert(twice.begin(), {":method", "POST"});
  CHECK(malformed(twice));
  for (const std::string name : {":status", ":protocol", ":", ":Method"}) {
    h2::Fields fields = good();
    fields.insert(fields.begin(), {name, "200"});
    CHECK(malformed(fields));
  }
}

TEST_CASE("grpc request: names and values that HTTP/2 does not allow") {
  for (const std::string_view name : {""sv, "Upper"sv, "with space"sv, "with:colon"sv, "nul\0"sv, "\x80"sv, "tab\t"sv, "cr\r"sv}) {
    CAPTURE(name);
    CHECK(malformed(good({{std::string(name), "x"}})));
  }
  for (const std::string_view value : {"a\nb"sv, "a\rb"sv, "a\0b"sv, " a"sv, "a "sv, "\ta"sv, "a\t"sv}) {
    CHECK(malformed(good({{"x", std::string(value)}})));
  }
  CHECK(!malformed(good({{"x", ""}, {"y", "a b\tc"}, {"z", "\xC3\xA9"}, {"!#$%&'*+-.^_`|~09az", "ok"}})));
}

TEST_CASE("grpc request: fields of an HTTP/1.1 connection") {
  for (const std::string name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) CHECK(malformed(good({{name, "x"}})));
  CHECK(malformed(good({{"te", "gzip"}})));
  CHECK(malformed(good({{"te", "trailers, deflate"}})));
}

TEST_CASE("grpc request: who does not speak gRPC gets an HTTP status") {
  CHECK(request_of(changed(":method", "GET")).http_status() == HttpStatus::method_not_allowed);
  CHECK(request_of(changed("content-type")).http_status() == HttpStatus::unsupported_media_type);
  for (const std::string type : {"application/json", "application/grpc-web", "application/grpc+json", "text/application/grpc", "application/grpcx"}) {
    CHECK(request_of(changed("content-type", type)).http_status() == HttpStatus::unsupported_media_type);
  }
  for (const std::string type : {"application/grpc", "application/grpc+proto", "application/grpc; charset=utf-8", "Application/GRPC"}) {
    CHECK(request_of(changed("content-type", type)).http_status() == HttpStatus::ok);
  }
}

TEST_CASE("grpc request: calls that are not taken") {
  CHECK(request_of(changed(":path", "/MessageService/Unknown")).status() == GrpcStatus::unimplemented);
  CHECK(request_of(changed("te")).status() == GrpcStatus::invalid_argument);
}

TEST_CASE("grpc request: the topic") {
  CHECK(request_of(good({{"topic", "news"}})).topic() == "news");
  for (const auto& several : {good({{"topic", "a"}, {"topic", "b"}}), good({{"topic", "a"}, {"topic", "a"}}), good({{"topic", "a,b"}})}) {
    CHECK(request_of(several).status() == GrpcStatus::invalid_argument);
    CHECK(request_of(several).status_text() == "the metadata names several topics");
  }
  CHECK(request_of(good({{"topic", "a"}})).status() == GrpcStatus::ok);
  CHECK(request_of(good({{"topic", ""}})).topic() == "");
  CHECK(request_of(good({{"topic", std::string(3000, 't')}})).topic()->size() == 1025);  // too long to be one, and not kept
}

TEST_CASE("grpc request: the timeout, rounded up to milliseconds") {
  const auto timeout_ms = [](const std::string& text) { return request_of(good({{"grpc-timeout", text}})).timeout_ms(); };
  CHECK(!request_of(good()).timeout_ms());
  CHECK(timeout_ms("0S") == 1u);
  CHECK(timeout_ms("1n") == 1u);
  CHECK(timeout_ms("1000001n") == 2u);
  CHECK(timeout_ms("1000u") == 1u);
  CHECK(timeout_ms("250m") == 250u);
  CHECK(timeout_ms("99999999m") == 99'999'999u);
  CHECK(timeout_ms("3S") == 3000u);
  CHECK(timeout_ms("2M") == 120'000u);
  CHECK(timeout_ms("1H") == 3'600'000u);
  CHECK(timeout_ms("298H") == 1'072'800'000u);
  CHECK(!timeout_ms("299H"));  // over 2^30 ms
  CHECK(!timeout_ms("99999999H"));
  CHECK(!timeout_ms("99999999M"));
}

TEST_CASE("grpc request: the encoding of messages") {
  CHECK(!request_of(good()).names_encoding());
  CHECK(!request_of(good({{"grpc-encoding", "identity"}})).names_encoding());
  CHECK(request_of(good({{"grpc-encoding", "gzip"}})).names_encoding());
}

TEST_CASE("grpc request: the content's length") {
  CHECK(request_of(good({{"content-length", "12"}})).content_length() == 12);
  CHECK(request_of(good({{"content-length", "12"}, {"content-length", "12"}})).content_length() == 12);
  CHECK(malformed(good({{"content-length", "12"}, {"content-length", "13"}})));
  for (const std::string value : {"", "-1", "+1", "1x", "0x1", "99999999999999999999", "18446744073709551615", "1,1"}) {
    CHECK(malformed(good({{"content-length", value}})));
  }
}

TEST_CASE("grpc request: fields and bytes are counted as what they stand for") {
  const codec::HeaderLimits limits = {.list_bytes_max = 16 * 1024, .fields_max = 100};
  h2::Fields fields = good();
  while (fields.size() < 100) fields.emplace_back("cookie", "crumb=1");
  CHECK(request_of(fields, HeaderBlock::request, limits).http_status() == HttpStatus::ok);
  fields.emplace_back("cookie", "crumb=1");
  CHECK(request_of(fields, HeaderBlock::request, limits).http_status() == HttpStatus::header_fields_too_large);
  CHECK(!request_of(fields, HeaderBlock::request, limits).malformed());

  const auto padded = [&](std::size_t bytes) { return request_of(good({{"x", std::string(bytes, 'x')}}), HeaderBlock::request, limits).http_status(); };
  std::size_t list_bytes = 33;
  for (const auto& [name, value] : good()) list_bytes += name.size() + value.size() + 32;
  CHECK(padded(16 * 1024 - list_bytes) == HttpStatus::ok);
  CHECK(padded(16 * 1024 - list_bytes + 1) == HttpStatus::header_fields_too_large);
}

TEST_CASE("grpc request: trailers have no pseudo-header fields") {
  CHECK(!request_of({{"x-checksum", "1"}}, HeaderBlock::trailers).malformed());
  CHECK(!request_of({}, HeaderBlock::trailers).malformed());
  CHECK(request_of({{":path", "/"}}, HeaderBlock::trailers).malformed());
  CHECK(request_of({{"connection", "close"}}, HeaderBlock::trailers).malformed());
}
