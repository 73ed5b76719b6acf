// Covers native/codec/grpc/grpc_methods.h and grpc_methods.def.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_methods.h"

#include "test/native/vendor/doctest.h"

TEST_CASE("grpc methods: each is found by its path, and nothing else is") {
  for (std::size_t i = 0; i < codec::grpc_methods.size(); ++i) {
    const auto method = static_cast<codec::GrpcMethod>(i);
    CHECK(codec::find_grpc_method(codec::row_of(method).path) == method);
  }
  for (const char* const path : {"", "/", "/MessageService", "/MessageService/", "/MessageService/publish", "/MessageService/Publish/", "MessageService/Publish",
                                 "/MessageService/Publish?x", "/broker.v1.MessageService/Nothing"}) {
    CHECK(!codec::find_grpc_method(path).has_value());
  }
}
