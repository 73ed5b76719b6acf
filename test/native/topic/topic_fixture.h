// Publications and readers for tests of topics and logs.
// Owner: the test. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "native/os/linux_kernel.h"
#include "native/topic/topic.h"

namespace fixture {

inline constexpr auto websocket = codec::EncodingId::websocket;
inline constexpr auto pusher = codec::EncodingId::pusher;
inline constexpr auto grpc = codec::EncodingId::grpc;

/// What a publication is in that encoding; empty when it has no way to say it.
inline std::string frame_of(const codec::Publication& publication, codec::EncodingId encoding) {
  std::string frame(codec::encoding(encoding).encoded_bytes(publication), '\0');
  if (!frame.empty()) codec::encoding(encoding).encode(publication, {reinterpret_cast<std::uint8_t*>(frame.data()), frame.size()});
  return frame;
}
/// What a WebSocket frame of that text is.
inline std::string frame_of(const std::string& text) { return frame_of({codec::PayloadKind::text, base::bytes_of(text)}, websocket); }

inline topic::Published publish(topic::Topic& topic, topic::LogMemory& memory, const std::string& text, std::uint32_t now_ms = 0) {
  return topic.publish({codec::PayloadKind::text, base::bytes_of(text)}, now_ms, memory);
}
/// Bytes that are no UTF-8: gRPC has no way to say them.
inline topic::Published publish_binary(topic::Topic& topic, topic::LogMemory& memory, std::uint32_t now_ms = 0) {
  return topic.publish({codec::PayloadKind::binary, base::bytes_of("\xFF")}, now_ms, memory);
}
/// For everybody but that connection; 0: for all.
inline topic::Published publish_without(std::uint64_t excluded, topic::Topic& topic, topic::LogMemory& memory, const std::string& text) {
  codec::Publication publication{codec::PayloadKind::text, base::bytes_of(text)};
  publication.excluded = excluded;
  return topic.publish(publication, 0, memory);
}

/// All bytes from the cursor up to the head, in pieces of at most `quantum` bytes.
inline std::string read_all(const topic::LogWindow& window, std::uint64_t& cursor, std::uint32_t quantum = 65'483) {
  std::string bytes;
  while (cursor < window.head_position()) {
    const topic::Range range = window.range(cursor, quantum);
    bytes.append(reinterpret_cast<const char*>(range.bytes), range.length);
    cursor += range.length;
  }
  return bytes;
}

/// One shard with one subscriber, which reads everything at once.
class Reader {
 public:
  Reader(topic::Topic& topic_read, unsigned shard_of_reader, codec::EncodingId encoding_read = websocket)
      : topic(topic_read), shard(shard_of_reader), encoding(encoding_read) {
    const topic::Head head = topic.add_interest(encoding, shard).begin;
    cursor = head.position;
    first_offset = head.offset;
  }
  ~Reader() { leave(); }

  void take() {
    std::vector<topic::SegmentRef> garbage;
    topic.take(encoding, shard, window, garbage);
  }
  /// All bytes up to the head it took, in pieces of at most `quantum` bytes.
  std::string read(std::uint32_t quantum = 65'483) { return read_all(window, cursor, quantum); }
  void settle() {
    std::vector<topic::SegmentRef> garbage;
    window.drop_before(cursor);
    if (cursor == window.head_position()) topic.settled(encoding, shard, cursor, garbage);
  }
  void leave() {
    if (!interested) return;
    interested = false;
    std::vector<topic::SegmentRef> garbage;
    topic.remove_interest(encoding, shard, garbage);
  }

  topic::Topic& topic;
  const unsigned shard;
  const codec::EncodingId encoding;
  topic::LogWindow window;
  std::uint64_t cursor = 0;
  std::uint64_t first_offset = 0;
  bool interested = true;
};

}  // namespace fixture
