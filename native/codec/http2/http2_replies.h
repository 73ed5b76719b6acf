// The frames that wait to be written at the next frame boundary, in their order.
// Owner: the connection's codec. Thread: its shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/http2/http2_frame.h"

namespace codec {

struct Setting {
  SettingId id{};
  std::uint32_t value = 0;
};

class Http2Replies {
 public:
  base::Bytes unsent() const { return base::Bytes(bytes_).subspan(sent_); }
  void consume(std::size_t count);

  void settings(std::initializer_list<Setting> settings);
  void settings_ack();
  void ping(base::Bytes opaque);
  void ping_ack(base::Bytes opaque);
  void window_update(std::uint32_t stream, std::uint32_t bytes);
  void rst_stream(std::uint32_t stream, Http2Error error);
  void goaway(std::uint32_t last_stream, Http2Error error, std::string_view text);
  void headers(std::uint32_t stream, base::Bytes block, std::uint8_t flags);
  void data(std::uint32_t stream, base::Bytes payload);

  /// Acknowledgements that were queued since the last one left.
  std::uint32_t acks_waiting() const { return acks_waiting_; }

 private:
  void frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::size_t payload_bytes);
  void append(base::Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void append_u32(std::uint32_t value);
  void count_ack();

  std::vector<std::uint8_t> bytes_;
  std::size_t sent_ = 0;
  std::size_t last_ack_end_ = 0;  // in `bytes_`
  std::uint32_t acks_waiting_ = 0;
};

}  // namespace codec
