// The protobuf messages of the services (native/codec/grpc/proto), read and written; and the five bytes before each (gRPC over
// HTTP/2, "Length-Prefixed-Message").
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "native/base/bytes.h"
#include "native/codec/text/message_json.h"

namespace codec {

inline constexpr std::size_t grpc_prefix_bytes = 5;

/// Not compressed, as everything is that we send.
void write_grpc_prefix(std::size_t message_bytes, base::MutableBytes out);

/// Message { int32 author = 1; string data = 2; } without its prefix.
std::size_t message_bytes(const Message& message);
/// `out.size()` is exactly `message_bytes(message)`.
void write_message(const Message& message, base::MutableBytes out);

// What follows reads a request; nothing when it is malformed. Views are of the bytes given.

/// broker.v1.PublishRequest, which is a Message with `topic` behind it: a Message is one without.
struct PublishRequest {
  Message message;
  base::Bytes topic;  // not looked into
};
std::optional<PublishRequest> read_publish_request(base::Bytes bytes);

/// broker.v1.SubscribeRequest, of which SubscribeRequest is the beginning.
struct SubscribeRequest {
  std::string_view subscriber;
  base::Bytes topic;  // not looked into
  std::optional<std::uint64_t> since;
  std::uint32_t last = 0;
};
std::optional<SubscribeRequest> read_subscribe_request(base::Bytes bytes);

/// A request whose only field is a string of that number: LastRequest, HealthCheckRequest.
std::optional<std::string_view> read_text_request(base::Bytes bytes, std::uint32_t field_number);

}  // namespace codec
