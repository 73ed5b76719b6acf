// One header block as it comes out of HPACK: whether HTTP/2 allows its fields (RFC 9113 §8.2 and §8.3), and how many they are. What a
// request's fields mean is its user's affair.
// Owner: the decoder's stack, for one header block. Thread: the connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "native/codec/http2/hpack_decoder.h"
#include "native/codec/limits.h"

namespace codec {

/// Takes the fields of one request in their order, pseudo-header fields included. Views die with the call.
class Http2Fields {
 public:
  virtual void on_field(std::string_view name, std::string_view value) = 0;

 protected:
  ~Http2Fields() = default;
};

/// Whether a request's fields were all handed on; over a limit the rest is not.
enum class HeaderList : std::uint8_t { whole, too_large };

class Http2Headers final : public HpackFields {
 public:
  /// Of a request, whose fields go to `user`; null: of trailers, whose fields nobody wants.
  Http2Headers(const HeaderLimits& limits, Http2Fields* user) : limits_(limits), user_(user) {}

  void on_field(const HpackField& field) override;

  // Once the block has ended.

  /// §8.1.1: a stream error.
  bool malformed() const;
  HeaderList list() const { return too_large_ ? HeaderList::too_large : HeaderList::whole; }
  std::optional<std::uint64_t> content_length() const { return content_length_; }

 private:
  void check_pseudo(const HpackField& field);
  void check_regular(const HpackField& field);
  void take_content_length(std::string_view text);

  const HeaderLimits& limits_;
  Http2Fields* const user_;
  std::size_t bytes_ = 0;
  std::size_t fields_ = 0;
  std::uint8_t pseudo_seen_ = 0;  // a bit each
  bool regular_seen_ = false;
  bool malformed_ = false;
  bool too_large_ = false;
  std::optional<std::uint64_t> content_length_;
};

}  // namespace codec
