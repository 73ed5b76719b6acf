// Bytes on their way through the fake kernel. Bytes that were handed over by sendfile are referenced, not copied, until the
// peer reads them: an engine that rewrites a segment too early corrupts what its subscribers see, as on a real machine.
// Owner: the fake kernel. Thread: main.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "native/base/bytes.h"

namespace sim {

using SharedBytes = std::shared_ptr<std::vector<std::uint8_t>>;

class Stream {
 public:
  std::size_t size() const { return size_; }

  void append(base::Bytes bytes) {
    append({std::make_shared<std::vector<std::uint8_t>>(bytes.begin(), bytes.end()), 0, bytes.size()});
  }
  void append_shared(SharedBytes bytes, std::size_t from, std::size_t length) { append({std::move(bytes), from, from + length}); }

  /// All of the other's, behind its own.
  void append(Stream&& other) {
    size_ += other.size_;
    for (Chunk& chunk : other.chunks_) chunks_.push_back(std::move(chunk));
  }

  std::size_t read(base::MutableBytes into) {
    std::size_t done = 0;
    while (done < into.size() && !chunks_.empty()) {
      Chunk& chunk = chunks_.front();
      const std::size_t part = std::min(into.size() - done, chunk.to - chunk.from);
      std::copy_n(chunk.bytes->data() + chunk.from, part, into.data() + done);
      chunk.from += part;
      done += part;
      if (chunk.from == chunk.to) chunks_.pop_front();
    }
    size_ -= done;
    return done;
  }

  void clear() {
    chunks_.clear();
    size_ = 0;
  }

 private:
  struct Chunk {
    SharedBytes bytes;
    std::size_t from = 0;
    std::size_t to = 0;
  };
  void append(Chunk chunk) {
    size_ += chunk.to - chunk.from;
    if (chunk.from != chunk.to) chunks_.push_back(std::move(chunk));
  }

  std::deque<Chunk> chunks_;
  std::size_t size_ = 0;
};

}  // namespace sim
