// How a server speaks, seen from a client: one file and one row in wires.cc each. Bytes in, units out: a wire does no I/O
// and keeps no state, so one object serves all connections.
// Owner: wires.cc. Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/payload.h"

namespace load {

enum class Side : std::uint8_t { publish, subscribe };

/// What a URL names: ws://authority/path, with the topic's name already in the path.
struct Target {
  std::string authority;
  std::string path;
  std::string user;  // of user:password@authority; empty without
  std::string password;

  std::string_view topic() const { return std::string_view(path).substr(1); }
};

/// The next piece of what a server sends.
struct Unit {
  enum class Kind : std::uint8_t {
    incomplete,  // more bytes are needed to say
    message,     // a payload between `head_bytes` and `tail_bytes`, not necessarily all here
    skip,        // `head_bytes` of something else, all of them here
    taken,       // the answer to one publication, in `head_bytes`
    taken_last,  // the same, and then the server ends the connection, as it says in the answer
    refused,     // the answer to a publication that was not taken
    closing,     // the server says goodbye, in `head_bytes`
    broken,      // a server must not send this
  };
  Kind kind = Kind::incomplete;
  std::uint32_t head_bytes = 0;
  std::uint64_t payload_bytes = 0;
  std::uint32_t tail_bytes = 0;
  const PayloadForm* form = &plain_form;
};

class Wire {
 public:
  virtual ~Wire() = default;

  /// What a client sends as soon as it is connected. Empty: then it is open.
  virtual std::string opening(const Target& target, Side side) const = 0;

  /// Looks at all that was received since the connect. Returns how many bytes of it belong to the opening, or 0 while it
  /// is not complete; bytes put into `reply` are sent, and `replies_sent` is how often that has happened before.
  /// Throws std::runtime_error when the server refused.
  virtual std::size_t opened(const Target& target, const std::string& answer, Side side, std::uint32_t replies_sent,
                             std::string& reply) const = 0;

  /// Whether the server answers every publication.
  virtual bool answers() const { return false; }

  /// The unit that begins at `at`; what must be answered (a ping) is appended to `replies`.
  virtual Unit next(const std::uint8_t* at, const std::uint8_t* end, std::vector<std::uint8_t>& replies) const = 0;

  /// Appends one publication but for its send time. All publications of one run are of the same length.
  virtual void append_publication(std::vector<std::uint8_t>& out, const Target& target, std::uint32_t payload_bytes,
                                  const PayloadHead& head) const = 0;

  /// Writes the send time into a publication made above: nothing else is left to do before send().
  virtual void stamp(std::span<std::uint8_t> publication, const Target& target, std::uint32_t payload_bytes,
                     std::uint64_t send_ns) const = 0;
};

/// What a scheme stands for.
struct Scheme {
  const Wire* wire;
  bool secure;  // over TLS
};

/// Its wire is null when there is none of this name.
Scheme find_scheme(std::string_view name);

/// The schemes that are understood, for messages.
std::string wire_schemes();

/// For the text protocols.
inline void append_text(std::vector<std::uint8_t>& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

/// Appends the payload with an empty send time.
inline void append_payload(std::vector<std::uint8_t>& out, std::uint32_t payload_bytes, const PayloadHead& head) {
  const std::size_t at = out.size();
  out.resize(at + payload_bytes);
  write_payload(out.data() + at, payload_bytes, head);
}

/// Writes the send time into a payload that is not masked.
inline void stamp_payload(std::uint8_t* payload, std::uint64_t send_ns) {
  const auto letters = send_time_letters(send_ns);
  std::memcpy(payload + send_time_at, letters.data(), 16);
}

/// A line up to "\r\n"; empty while its end is missing. The view is into [at, end).
inline std::string_view line_at(const std::uint8_t* at, const std::uint8_t* end) {
  const std::string_view text(reinterpret_cast<const char*>(at), static_cast<std::size_t>(end - at));
  const std::size_t length = text.find("\r\n");
  return length == std::string_view::npos ? std::string_view{} : text.substr(0, length);
}

}  // namespace load
