// The table of gRPC methods (grpc_methods.def).
// Owner: static table. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace codec {

enum class GrpcMethod : std::uint8_t {
#define GRPC_METHOD(id, path, requests, answers) id,
#include "native/codec/grpc/grpc_methods.def"
#undef GRPC_METHOD
};

enum class Messages : std::uint8_t { one, many };

struct GrpcMethodRow {
  std::string_view path;
  Messages requests;
  Messages answers;
};

inline constexpr std::array grpc_methods{
#define GRPC_METHOD(id, path, requests, answers) GrpcMethodRow{path, Messages::requests, Messages::answers},
#include "native/codec/grpc/grpc_methods.def"
#undef GRPC_METHOD
};

constexpr const GrpcMethodRow& row_of(GrpcMethod method) { return grpc_methods[static_cast<std::size_t>(method)]; }

constexpr std::optional<GrpcMethod> find_grpc_method(std::string_view path) {
  for (std::size_t i = 0; i < grpc_methods.size(); ++i) {
    if (grpc_methods[i].path == path) return static_cast<GrpcMethod>(i);
  }
  return std::nullopt;
}

}  // namespace codec
