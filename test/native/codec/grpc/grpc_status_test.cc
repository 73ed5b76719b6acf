// Covers native/codec/grpc/grpc_status.h: how gRPC says why a call ends.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_status.h"

#include <initializer_list>

#include "test/native/doctest_last.h"

using codec::Ending;
using codec::GrpcStatus;
using codec::grpc_status_of;

TEST_CASE("grpc status: clients come back at once only where that helps") {
  CHECK(grpc_status_of(Ending::normal) == GrpcStatus::ok);
  for (const Ending ending : {Ending::going_away, Ending::unavailable, Ending::no_answer, Ending::lost}) {
    CHECK(grpc_status_of(ending) == GrpcStatus::unavailable);
  }
  for (const Ending ending : {Ending::slow, Ending::overloaded, Ending::too_big, Ending::policy_violation}) {
    CHECK(grpc_status_of(ending) == GrpcStatus::resource_exhausted);
  }
}

TEST_CASE("grpc status: what the client asked for decides the others") {
  CHECK(grpc_status_of(Ending::not_found) == GrpcStatus::not_found);
  CHECK(grpc_status_of(Ending::forbidden) == GrpcStatus::permission_denied);
  CHECK(grpc_status_of(Ending::deadline) == GrpcStatus::deadline_exceeded);
  for (const Ending ending : {Ending::violation, Ending::unsupported_data, Ending::invalid_payload}) {
    CHECK(grpc_status_of(ending) == GrpcStatus::invalid_argument);
  }
}
