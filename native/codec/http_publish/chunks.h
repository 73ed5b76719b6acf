// Takes a body out of its chunks (RFC 9112 §7.1), strictly: what one reader takes for the end of a chunk no other may read differently.
// Owner: a codec. Thread: its connection's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/bytes.h"
#include "native/codec/http1/http1.h"

namespace codec {

class Chunks {
 public:
  /// Begins a body of at most so many bytes.
  void begin(std::size_t body_bytes_max) { *this = Chunks(body_bytes_max); }
  /// Takes from the front of `bytes` what is of this body, and appends what is in its chunks to `body`. A refusal (400, or 413 from a chunk's
  /// size alone) is the end of it.
  std::optional<HttpRefusal> decode(base::Bytes& bytes, std::vector<std::uint8_t>& body);
  /// The last chunk and the trailer section have come.
  bool done() const { return part_ == Part::done; }
  std::size_t kept_bytes() const { return line_.capacity(); }

  Chunks() = default;

 private:
  enum class Part : std::uint8_t { size, data, data_end, trailer, done };

  explicit Chunks(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}
  std::optional<HttpRefusal> take_line(base::Bytes& bytes, bool& whole);
  std::optional<HttpRefusal> on_line(std::size_t body_bytes);
  std::optional<HttpRefusal> on_size_line(std::string_view line, std::size_t body_bytes);
  std::optional<HttpRefusal> on_trailer_line(std::string_view line);
  void take_data(base::Bytes& bytes, std::vector<std::uint8_t>& body);

  std::size_t body_bytes_max_ = 0;
  std::size_t chunk_left_ = 0;
  std::size_t beside_bytes_ = 0;  // extensions and trailers
  Part part_ = Part::size;
  std::string line_;  // of which the end has not come
};

}  // namespace codec
