// The contract of every outbound encoding: a publication becomes one frame, once, shared by all subscribers.
// Owner: static table (encodings.def). Thread: any; encodings have no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "native/base/bytes.h"
#include "native/codec/codec.h"
#include "native/codec/text/message_json.h"

namespace codec {

/// A payload on its way to subscribers. Views are valid until the publish call returns.
struct Publication {
  PayloadKind kind = PayloadKind::binary;
  base::Bytes payload;
  std::string_view event = {};    // its name, where a protocol has names; empty: none was given
  std::string_view user_id = {};  // who published, where a protocol tells; empty: nobody in particular
  std::string_view topic = {};    // filled in by the topic, as `epoch` and `offset`
  std::uint64_t excluded = 0;     // the id of the connection that does not get it; 0: all do
  const Message* message = nullptr;  // what the payload, JSON of the shared schema, says, where that is known; else null
  std::string_view epoch = {};    // 8 to 32 characters of [0-9A-Za-z]: within it the topic's offsets count up from 0
  std::uint64_t offset = 0;       // its place; while it is measured, one with as many decimal digits
};

/// Publications that a subscriber does not get, one after another. What is not known is absent.
struct Gap {
  std::string_view topic;
  std::string_view epoch;
  std::optional<std::uint64_t> first;    // the first and the last one's offset
  std::optional<std::uint64_t> last;
  std::optional<std::uint64_t> skipped;  // how many
};

/// The most that limits.messageBytesMax can be (src/config/sections/limits.ts).
inline constexpr std::size_t message_bytes_limit = 16 * 1024 * 1024;
/// The most bytes of the names that go with a payload: its topic, its event, and who published it, each.
inline constexpr std::size_t name_bytes_limit = 1024;
/// What one byte of a message may become: a control character of a gRPC message is six bytes of a JSON payload (\u0001), and that
/// is seven in the JSON string of a Pusher event. Other ways are shorter: a Pusher event's own data grows by six at most.
inline constexpr std::size_t frame_growth_max = 7;
/// The most bytes of one frame, whichever protocol brings the message and whichever encoding takes it. The configuration asks for
/// room for it in every log and behind every subscriber (src/config/frame-bytes.ts).
constexpr std::size_t frame_bytes_max(std::size_t message_bytes_max) {
  return frame_growth_max * message_bytes_max + 3 * 6 * name_bytes_limit + 128;
}

class Encoding {
 public:
  virtual ~Encoding() = default;
  /// The exact number of bytes `encode` writes for this publication; 0: this encoding has no way to say it, and its
  /// subscribers are passed over. Never more than `frame_bytes_max`.
  virtual std::size_t encoded_bytes(const Publication& publication) const = 0;
  /// Writes the frame; `out.size()` is exactly `encoded_bytes(publication)`.
  virtual void encode(const Publication& publication, base::MutableBytes out) const = 0;
  /// What a subscriber is told of a gap, as whole frames that go between two publications; empty: its protocol has no way to say it, for any.
  virtual std::string gap(const Gap&) const { return {}; }
  /// The same, when it has got all that there was before live delivery begins with `next_offset`; empty: as above.
  virtual std::string live(std::string_view /*topic*/, std::string_view /*epoch*/, std::uint64_t /*next_offset*/) const { return {}; }
};

enum class EncodingId : std::uint8_t {
#define ENCODING(name, type) name,
#include "native/codec/encodings.def"
#undef ENCODING
};

inline constexpr std::size_t encoding_count = 0
#define ENCODING(name, type) +1
#include "native/codec/encodings.def"
#undef ENCODING
    ;

const Encoding& encoding(EncodingId id);

/// The encoding from whose frames a payload can be read again as it was meant: for subscribers within the process.
inline constexpr EncodingId readable_encoding = EncodingId::websocket;

/// A view of a frame.
struct PayloadView {
  PayloadKind kind = PayloadKind::binary;
  base::Bytes payload;
};

/// `frame`: one whole frame of `readable_encoding`.
PayloadView read_payload(base::Bytes frame);

}  // namespace codec
