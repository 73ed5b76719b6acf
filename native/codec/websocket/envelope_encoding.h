// A publication with its place, as one WebSocket text frame of JSON: {"topic","epoch","offset","data"}. What is text and valid JSON stands there
// as it is, other text as a string, and bytes that are no text as "base64" instead of "data".
// Owner: static table (encodings.def). Thread: any.
#pragma once

#include "native/codec/encoding.h"

namespace codec {

class EnvelopeEncoding final : public Encoding {
 public:
  std::size_t encoded_bytes(const Publication& publication) const override;
  void encode(const Publication& publication, base::MutableBytes out) const override;
  /// {"gap":{"topic","from","to","skipped"}}: positions of the first and the last one, null where that is not known.
  std::string gap(const Gap& gap) const override;
  /// {"live":"<position>","topic"}: what its receiver has from here on.
  std::string live(std::string_view topic, std::string_view epoch, std::uint64_t next_offset) const override;
};

}  // namespace codec
