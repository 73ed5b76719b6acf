// Request heads for tests, and the parser's verdict on them in one word: "complete", "incomplete" or the status.
// Owner: the test. Thread: main.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "native/codec/http1/http1.h"
#include "test/native/vendor/doctest.h"

namespace http {

/// A plain request whose headers are Host and `lines` (each with its CRLF).
inline std::string request_with(const std::string& lines) { return "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n"; }

inline std::string word_of(const codec::HttpParsed& parsed) {
  if (parsed.status == codec::HttpParseStatus::incomplete) return "incomplete";
  if (parsed.status == codec::HttpParseStatus::complete) return "complete";
  REQUIRE(!parsed.refusal.reason.empty());
  REQUIRE(parsed.refusal.reason.find_first_of("\r\n") == std::string_view::npos);
  return std::to_string(parsed.refusal.status);
}

/// In a buffer of its exact size, so that ASan sees every stray access.
inline std::string verdict_on(const std::string& text, const codec::HttpLimits& limits = {}) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return word_of(codec::parse_http_request(bytes, 0, limits));
}

inline std::string verdict_in_pieces(const std::string& text, std::size_t piece_bytes,
                                     const codec::HttpLimits& limits = {}) {
  std::size_t scanned = 0;
  for (std::size_t have = 0; have < text.size();) {
    have = std::min(text.size(), have + piece_bytes);
    const auto parsed = codec::parse_http_request(base::bytes_of(text).first(have), scanned, limits);
    if (parsed.status != codec::HttpParseStatus::incomplete) return word_of(parsed);
    scanned = parsed.scanned;
  }
  return "incomplete";
}

inline void check_every_arrival(const std::string& text, const std::string& expected,
                                const codec::HttpLimits& limits = {}) {
  CHECK(verdict_on(text, limits) == expected);
  for (std::size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes) {
    CAPTURE(piece_bytes);
    CHECK(verdict_in_pieces(text, piece_bytes, limits) == expected);
  }
  for (std::size_t split = 1; split < text.size(); ++split) {
    CAPTURE(split);
    const auto first = codec::parse_http_request(base::bytes_of(text).first(split), 0, limits);
    if (first.status != codec::HttpParseStatus::incomplete) {
      CHECK(word_of(first) == expected);
      continue;
    }
    CHECK(word_of(codec::parse_http_request(base::bytes_of(text), first.scanned, limits)) == expected);
  }
}

}  // namespace http
