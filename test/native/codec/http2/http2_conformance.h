// Tables of what RFC 9113 and RFC 7541 require of a server, row by row: the section, the bytes that a client sends, the answer that is
// due. Where the answer differs from what the RFC or common testers prefer, the row says so in brackets.
// Owner: the test. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "test/native/codec/http2/http2_wire.h"

namespace h2 {

/// What is due: exactly these words, or an error, before which anything may be said.
struct Answer {
  enum class Kind : std::uint8_t { words, stream_error, connection_error };
  Kind kind = Kind::words;
  std::string words;  // of an error its beginning
};

inline Answer says(const std::string& words) { return {Answer::Kind::words, words}; }
inline Answer takes_call() { return says(ok_headers(1)); }
inline Answer is_silent() { return says(""); }
inline std::string code_of(codec::Http2Error error) { return std::to_string(static_cast<unsigned>(error)); }
inline Answer resets(std::uint32_t stream, codec::Http2Error error) {
  return {Answer::Kind::stream_error, "RST(" + std::to_string(stream) + "," + code_of(error) + ") "};
}
inline Answer ends_connection(codec::Http2Error error) { return {Answer::Kind::connection_error, "," + code_of(error) + ","}; }

enum class Begins : std::uint8_t { behind_preface, at_once };

struct Row {
  std::string section;
  std::string requirement;
  Wire bytes;
  Answer answer;
  Begins begins = Begins::behind_preface;
};

inline Outcome outcome_of_row(const Row& row, std::size_t piece_bytes) {
  Bare connection;
  connection.replies();  // the server's preface
  if (row.begins == Begins::behind_preface) {
    connection.feed(preface());
    connection.replies();
  }
  for (std::size_t at = 0; at < row.bytes.size(); at += piece_bytes) connection.feed(row.bytes, at, std::min(row.bytes.size(), at + piece_bytes));
  return {connection.verdict(), connection.replies()};
}

inline void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.section);
    CAPTURE(row.requirement);
    const Outcome whole = outcome_of_row(row, SIZE_MAX);
    CHECK(outcome_of_row(row, 1) == whole);
    CAPTURE(whole.replies);
    const bool failed = whole.commands.starts_with("failed");
    CHECK(failed == (row.answer.kind == Answer::Kind::connection_error));
    switch (row.answer.kind) {
      case Answer::Kind::words: CHECK(whole.replies == row.answer.words); break;
      case Answer::Kind::stream_error: CHECK(whole.replies.ends_with(row.answer.words)); break;
      case Answer::Kind::connection_error: {
        const std::size_t goaway_at = whole.replies.rfind("GOAWAY(");
        REQUIRE(goaway_at != std::string::npos);
        CHECK(whole.replies.find(row.answer.words, goaway_at) == whole.replies.find(',', goaway_at));
        break;
      }
    }
  }
}

inline Wire zeros(std::size_t count) { return Wire(count, 0); }

// Where stream 1 is.
/// Open: its client may go on.
inline Wire open_stream() { return call(1, publish_path); }
/// Half-closed by its client, which waits for us.
inline Wire half_closed() { return subscribe(1); }
/// Closed by its client's reset.
inline Wire reset_by_client() { return subscribe(1) + rst_stream(1); }
/// Closed by both ends.
inline Wire ended_by_both() { return call(1, "/nothing") + end_data(1); }
/// Closed by our reset.
inline Wire reset_by_us() { return headers(1, field(":method", "POST")); }

}  // namespace h2
