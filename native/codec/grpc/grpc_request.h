// A request's header fields as they come out of HPACK: whether HTTP/2 allows them (RFC 9113 §8.2 and §8.3), and what gRPC
// makes of them. Nothing but the topic is kept.
// Owner: the decoder's stack, for one header block. Thread: the connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "native/codec/grpc/grpc_methods.h"
#include "native/codec/grpc/grpc_status.h"
#include "native/codec/http2/hpack_decoder.h"

namespace codec {

/// Counted as RFC 9113 §6.5.2 does, so that references to one large field count for what they stand for, every time.
struct HeaderLimits {
  std::size_t list_bytes_max = 16 * 1024;
  std::size_t fields_max = 100;  // each crumb of a cookie is one
};

/// Why a request is answered with an HTTP status alone: whoever sent it does not speak gRPC.
enum class HttpStatus : std::uint16_t { ok = 200, method_not_allowed = 405, unsupported_media_type = 415, header_fields_too_large = 431 };

enum class HeaderBlock : std::uint8_t { request, trailers };

/// 12 days; with more the engine's clock of 32 bits could not tell what is over.
inline constexpr std::uint32_t grpc_timeout_ms_max = 1u << 30;

class GrpcRequest final : public HpackFields {
 public:
  GrpcRequest(HeaderBlock block, const HeaderLimits& limits) : limits_(limits), block_(block) {}

  void on_field(const HpackField& field) override;

  // Once the block has ended.

  /// RFC 9113 §8.1.1: a stream error.
  bool malformed() const;
  HttpStatus http_status() const;
  /// Why the call is not taken; ok when it is. Only when the HTTP status is ok.
  GrpcStatus status() const;
  std::string_view status_text() const;
  GrpcMethod method() const { return *method_; }  // status() is not unimplemented
  /// What the metadata `topic` says; nothing when there is none.
  const std::optional<std::string>& topic() const { return topic_; }
  /// Whether its messages may be compressed: `grpc-encoding` names something else than identity.
  bool names_encoding() const { return names_encoding_; }
  /// How long its client waits, at least 1 ms, or nothing when that is `grpc_timeout_ms_max` or longer, or not said.
  std::optional<std::uint32_t> timeout_ms() const { return timeout_ms_; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }

 private:
  void take_pseudo(const HpackField& field);
  void take_regular(const HpackField& field);
  void take_timeout(std::string_view text);
  void take_topic(std::string_view text);

  const HeaderLimits limits_;
  const HeaderBlock block_;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
  std::uint8_t pseudo_seen_ = 0;  // a bit each
  bool regular_seen_ = false;
  bool malformed_ = false;
  bool too_large_ = false;
  bool is_post_ = false;
  bool is_grpc_ = false;
  bool takes_trailers_ = false;
  bool names_encoding_ = false;
  bool bad_timeout_ = false;
  bool several_topics_ = false;
  std::optional<std::uint32_t> timeout_ms_;
  std::optional<GrpcMethod> method_;
  std::optional<std::string> topic_;
  std::optional<std::uint64_t> content_length_;
};

}  // namespace codec
