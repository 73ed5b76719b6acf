// A request's header fields, which HTTP/2 has allowed, and what gRPC makes of them. Nothing but the topic is kept, and what is asked for.
// Owner: its GrpcCodec, for one request. Thread: the connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "native/codec/grpc/grpc_methods.h"
#include "native/codec/grpc/grpc_status.h"
#include "native/codec/http2/http2_headers.h"
#include "native/codec/stream_codec.h"

namespace codec {

/// Why a request is answered with an HTTP status alone: whoever sent it does not speak gRPC.
enum class HttpStatus : std::uint16_t { ok = 200, method_not_allowed = 405, unsupported_media_type = 415, header_fields_too_large = 431 };

/// 12 days; with more the engine's clock of 32 bits could not tell what is over.
inline constexpr std::uint32_t grpc_timeout_ms_max = 1u << 30;

class GrpcRequest final : public Http2Fields {
 public:
  /// `asked`: fields to keep as they come (StreamRequest::fields); null: none.
  explicit GrpcRequest(const FieldNames* asked = nullptr) : asked_(asked) {}

  void on_field(std::string_view name, std::string_view value) override;

  // Once all fields have come.

  HttpStatus http_status() const;
  /// Why the call is not taken; ok when it is. Only when the HTTP status is ok.
  GrpcStatus status() const;
  std::string_view status_text() const;
  GrpcMethod method() const { return *method_; }  // status() is not unimplemented
  /// What the metadata `topic` says; nothing when there is none.
  const std::optional<std::string>& topic() const { return topic_; }
  const std::string& fields() const { return fields_; }
  /// Whether its messages may be compressed: `grpc-encoding` names something else than identity.
  bool names_encoding() const { return names_encoding_; }
  /// How long its client waits, at least 1 ms, or nothing when that is `grpc_timeout_ms_max` or longer, or not said.
  std::optional<std::uint32_t> timeout_ms() const { return timeout_ms_; }

 private:
  void take_timeout(std::string_view text);
  void take_topic(std::string_view text);

  void keep(std::string_view name, std::string_view value);

  const FieldNames* const asked_;
  std::string fields_;
  bool is_post_ = false;
  bool is_grpc_ = false;
  bool takes_trailers_ = false;
  bool names_encoding_ = false;
  bool bad_timeout_ = false;
  bool several_topics_ = false;
  std::optional<std::uint32_t> timeout_ms_;
  std::optional<GrpcMethod> method_;
  std::optional<std::string> topic_;
};

}  // namespace codec
