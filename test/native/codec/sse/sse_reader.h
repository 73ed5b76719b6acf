// Reads a stream of server-sent events as the specification says (WHATWG HTML §9.2.6), and the chunks below it (RFC 9112 §7.1): what a
// browser makes of the bytes, written without a look at how they are made.
// Owner: the test. Thread: main.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sse {

struct Event {
  std::string id;  // the last one so far
  std::string type = "message";
  std::string data;

  friend bool operator==(const Event&, const Event&) = default;
};

/// A text as a reader has it: CR and CRLF are LF.
inline std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') out += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
  }
  return out;
}

/// Takes chunks apart. Strict: `trouble` says what is wrong with them.
class Dechunker {
 public:
  /// Returns what is in the chunks that `bytes` completes or goes on with.
  std::string feed(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) take(c, out);
    return out;
  }
  bool ended() const { return state_ == State::ended; }
  /// Whether the stream may stop here without a chunk being cut.
  bool between() const { return state_ == State::size && digits_ == 0; }

  std::string trouble;

 private:
  enum class State { size, size_lf, data, data_cr, data_lf, last_cr, last_lf, ended };

  void complain(const char* what) {
    if (trouble.empty()) trouble = what;
  }
  void take(char c, std::string& out) {
    switch (state_) {
      case State::size: return take_size(c);
      case State::size_lf:
        if (c != '\n') complain("a chunk's size without LF");
        state_ = left_ == 0 ? State::last_cr : State::data;
        return;
      case State::data:
        out += c;
        if (--left_ == 0) state_ = State::data_cr;
        return;
      case State::data_cr:
        if (c != '\r') complain("a chunk without CR behind it");
        state_ = State::data_lf;
        return;
      case State::data_lf:
        if (c != '\n') complain("a chunk without LF behind it");
        state_ = State::size;
        digits_ = 0;
        left_ = 0;
        return;
      case State::last_cr:
        if (c != '\r') complain("something behind the last chunk's size");
        state_ = State::last_lf;
        return;
      case State::last_lf:
        if (c != '\n') complain("the last chunk without LF");
        state_ = State::ended;
        return;
      case State::ended:
        return complain("bytes behind the last chunk");
    }
  }
  void take_size(char c) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c);
    if (digit != std::string_view::npos && digits_ < 8) {
      if (digits_ > 0 && left_ == 0) complain("a chunk's size with a leading zero");
      left_ = left_ * 16 + digit;
      ++digits_;
    } else if (c == '\r' && digits_ > 0) {
      state_ = State::size_lf;
    } else {
      complain("a chunk's size that is none");
    }
  }

  State state_ = State::size;
  std::size_t left_ = 0;
  unsigned digits_ = 0;
};

/// What a browser makes of a stream's text.
class Reader {
 public:
  void feed(std::string_view text) {
    for (const char c : text) {
      if (after_cr_ && c == '\n') {
        after_cr_ = false;
        continue;
      }
      after_cr_ = c == '\r';
      if (c == '\r' || c == '\n') {
        take_line(line_);
        line_.clear();
      } else {
        line_ += c;
      }
    }
  }
  /// Nothing of an event, or of a line, has come that is not whole.
  bool between() const { return line_.empty() && data_.empty() && type_.empty(); }

  std::vector<Event> events;
  std::vector<std::string> comments;
  std::vector<std::string> retries;

 private:
  void take_line(std::string_view line) {
    if (line.empty()) return dispatch();
    const std::size_t colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view field = line.substr(0, colon);
    if (colon == 0) comments.emplace_back(value);
    else if (field == "event") type_ = value;
    else if (field == "data") data_.append(value).append("\n");
    else if (field == "id" && value.find('\0') == std::string_view::npos) id_ = value;
    else if (field == "retry") retries.emplace_back(value);
  }
  void dispatch() {
    if (!data_.empty()) {
      data_.pop_back();
      events.push_back({id_, type_.empty() ? "message" : type_, data_});
    }
    data_.clear();
    type_.clear();
  }

  std::string line_;
  std::string data_;
  std::string type_;
  std::string id_;
  bool after_cr_ = false;
};

}  // namespace sse
