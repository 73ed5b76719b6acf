// Covers native/codec/grpc/grpc_request.cc.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_request.h"

#include <string>

#include "test/native/codec/http2/http2_wire.h"

using codec::GrpcRequest;
using codec::GrpcStatus;
using codec::HttpStatus;

namespace {

GrpcRequest request_of(const h2::Fields& fields) {
  GrpcRequest request;
  for (const auto& [name, value] : fields) request.on_field(name, value);
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

}  // namespace

TEST_CASE("grpc request: a good one") {
  const GrpcRequest request = request_of(good({{"user-agent", "grpc-go/1.50"}, {"grpc-timeout", "10S"}, {"x-some", "a b"}}));
  CHECK(request.http_status() == HttpStatus::ok);
  CHECK(request.status() == GrpcStatus::ok);
  CHECK(request.method() == codec::GrpcMethod::publish);
  CHECK(!request.topic().has_value());
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
