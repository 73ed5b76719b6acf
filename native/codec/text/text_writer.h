// Writes texts and JSON strings one behind the other into room that was measured before.
// Owner: the caller's stack. Thread: any.
#pragma once

#include <algorithm>
#include <string_view>

#include "native/base/bytes.h"
#include "native/base/check.h"
#include "native/codec/text/json_text.h"

namespace codec {

class TextWriter {
 public:
  explicit TextWriter(base::MutableBytes out) : left_(out) {}

  void write(std::string_view text) {
    CHECK(text.size() <= left_.size());
    std::copy(text.begin(), text.end(), left_.begin());
    left_ = left_.subspan(text.size());
  }
  void write_string(std::string_view text) { left_ = left_.subspan(write_json_string(text, left_)); }
  bool full() const { return left_.empty(); }

 private:
  base::MutableBytes left_;
};

}  // namespace codec
