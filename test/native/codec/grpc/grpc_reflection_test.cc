// Covers native/codec/grpc/grpc_reflection.cc and native/codec/grpc/proto/descriptors.h.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_reflection.h"

#include <algorithm>
#include <string>

#include "native/codec/grpc/grpc_methods.h"
#include "native/codec/grpc/proto/descriptors.h"
#include "native/codec/grpc/protobuf.h"
#include "test/native/codec/http2/http2_wire.h"

using wire::hex;
using wire::Wire;
using wire::operator+;

namespace {

/// All fields of that number and of a type that has bytes.
std::vector<Wire> parts(const Wire& message, std::uint32_t number) {
  codec::ProtobufReader reader(message);
  std::vector<Wire> found;
  while (const auto field = reader.next()) {
    if (field->is(number, codec::WireType::bytes)) found.emplace_back(field->bytes.begin(), field->bytes.end());
  }
  REQUIRE(!reader.malformed());
  return found;
}

std::string text(const Wire& bytes) { return {bytes.begin(), bytes.end()}; }

Wire answer(const Wire& request) {
  const auto made = codec::reflection_answer(request);
  REQUIRE(made.has_value());
  CHECK(parts(*made, 2) == std::vector<Wire>{request});  // it comes back
  return *made;
}

/// The name of the file whose descriptor is the answer, or "error:code".
std::string file_of(const Wire& request) {
  const Wire made = answer(request);
  if (const auto errors = parts(made, 7); !errors.empty()) return "error:" + std::to_string(errors[0][1]);
  const auto files = parts(made, 4);
  REQUIRE(files.size() == 1);
  return text(parts(parts(files[0], 1).at(0), 1).at(0));
}

std::string file_of_symbol(const std::string& symbol) { return file_of(h2::text_field(4, symbol)); }

}  // namespace

TEST_CASE("reflection: services") {
  const Wire made = answer(h2::text_field(1, "host") + h2::text_field(7, ""));
  CHECK(text(parts(made, 1).at(0)) == "host");
  std::string names;
  for (const Wire& service : parts(parts(made, 6).at(0), 1)) names += text(parts(service, 1).at(0)) + " ";
  CHECK(names ==
        "MessageService broker.v1.MessageService grpc.health.v1.Health grpc.reflection.v1.ServerReflection "
        "grpc.reflection.v1alpha.ServerReflection ");
}

TEST_CASE("reflection: files by name") {
  for (const codec::DescriptorFile& file : codec::descriptor_files) {
    CHECK(file_of(h2::text_field(3, file.name)) == file.name);
    const auto descriptors = parts(parts(answer(h2::text_field(3, file.name)), 4).at(0), 1);
    const bool same = descriptors.at(0) == Wire(file.descriptor.begin(), file.descriptor.end());
    CHECK(same);
  }
  CHECK(file_of(h2::text_field(3, "other.proto")) == "error:5");
  CHECK(file_of(h2::text_field(3, "")) == "error:5");
}

TEST_CASE("reflection: files by symbol") {
  CHECK(file_of_symbol("MessageService") == "message_service.proto");
  CHECK(file_of_symbol("MessageService.Publish") == "message_service.proto");
  CHECK(file_of_symbol("Message") == "message_service.proto");
  CHECK(file_of_symbol("Message.author") == "message_service.proto");
  CHECK(file_of_symbol("broker.v1.MessageService.Last") == "broker/v1/message_service.proto");
  CHECK(file_of_symbol("broker.v1.PublishRequest") == "broker/v1/message_service.proto");
  CHECK(file_of_symbol("grpc.health.v1.HealthCheckResponse.ServingStatus") == "grpc/health/v1/health.proto");
  CHECK(file_of_symbol("grpc.reflection.v1.ServerReflection") == "grpc/reflection/v1/reflection.proto");
  CHECK(file_of_symbol("grpc.reflection.v1alpha.ServerReflection") == "grpc/reflection/v1alpha/reflection.proto");
  for (const std::string symbol : {"", "MessageServic", "MessageService.", "MessageService.Nothing", "broker.v1", "broker", "broker.v1.", "broker.v1.Nothing",
                                   "MessageServiceX", "Message.author.x", "grpc"}) {
    CAPTURE(symbol);
    CHECK(file_of_symbol(symbol) == "error:5");
  }
}

TEST_CASE("reflection: the descriptors declare every method of the table") {
  for (const codec::GrpcMethodRow& row : codec::grpc_methods) {
    std::string symbol(row.path.substr(1));
    std::replace(symbol.begin(), symbol.end(), '/', '.');
    CAPTURE(symbol);
    CHECK(!file_of_symbol(symbol).starts_with("error"));
  }
}

TEST_CASE("reflection: extensions, nothing, and malformed requests") {
  CHECK(file_of(hex("2a 00")) == "error:5");
  CHECK(file_of(h2::text_field(6, "Message")) == "error:5");
  CHECK(file_of({}) == "error:3");
  CHECK(file_of(h2::text_field(1, "host")) == "error:3");
  CHECK(!codec::reflection_answer(hex("3a 05 61")).has_value());
  CHECK(!codec::reflection_answer(hex("0a 01 ff 3a 00")).has_value());
}
