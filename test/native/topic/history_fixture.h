// Topics with histories, published to as shard/publishing.cc does it.
// Owner: the test. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "native/topic/registry.h"
#include "test/native/topic/topic_fixture.h"

namespace fixture {

inline topic::HistoryLimits history_of(std::size_t messages, std::size_t bytes = 1 << 20, std::uint32_t seconds = 300) {
  topic::HistoryLimits limits;
  limits.rules.push_back({"*", messages, bytes, seconds});
  return limits;
}

struct HistoryScene {
  explicit HistoryScene(topic::HistoryLimits limits) : histories(std::move(limits)) {}

  topic::TopicRef open(const std::string& name) { return topics.open(name); }
  topic::Published publish(const topic::TopicRef& topic, const codec::Publication& publication, std::uint32_t now_ms = 0) {
    const topic::Published published = topic->publish(publication, now_ms, memory, nullptr, topic->history() ? histories.keep(publication, now_ms) : topic::KeptRef());
    if (topic->history()) histories.list(topic);
    return published;
  }
  std::uint64_t publish(const topic::TopicRef& topic, const std::string& text, std::uint32_t now_ms = 0) {
    return publish(topic, codec::Publication{codec::PayloadKind::text, base::bytes_of(text)}, now_ms).offset;
  }
  /// All that is kept, with its offsets, as `0:a 1:b`.
  std::string kept(const topic::TopicRef& topic, std::uint32_t now_ms = 0, codec::ReplayWish wish = {codec::ReplayWish::From::beginning, "", 0, 0}) {
    const topic::HistoryPage page = topic->read_history(wish, SIZE_MAX, SIZE_MAX, now_ms);
    std::string text;
    for (std::size_t i = 0; i < page.kept.size(); ++i) {
      text += (i == 0 ? "" : " ") + std::to_string(page.recovery.first_offset + i) + ":" + std::string(base::text_of(page.kept[i]->payload()));
    }
    return text;
  }

  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  topic::Histories histories;
  topic::Registry topics{10'000, "run1234", &histories};
};

inline codec::ReplayWish since(const topic::Topic& topic, std::uint64_t offset) { return {codec::ReplayWish::From::since, topic.epoch(), offset, 0}; }
inline codec::ReplayWish last(std::uint32_t count) { return {codec::ReplayWish::From::last, "", 0, count}; }
inline codec::ReplayWish beginning() { return {codec::ReplayWish::From::beginning, "", 0, 0}; }
inline constexpr topic::ReplayBounds roomy{16 << 20, 0};

/// A shard with one subscriber that begins with a replay, and reads everything at once.
class ReplayReader {
 public:
  ReplayReader(HistoryScene& scene, const topic::TopicRef& topic, unsigned shard, const codec::ReplayWish& wish, topic::ReplayBounds bounds = roomy,
               codec::EncodingId encoding = websocket)
      : topic_(topic), shard_(shard), encoding_(encoding) {
    topic::ReplayStart start = topic::start_replay(*topic, encoding, shard, wish, bounds, scene.memory, window);
    cursor = start.cursor;
    recovery = std::move(start.recovery);
    encodes = start.encodes;
  }
  ~ReplayReader() {
    std::vector<topic::SegmentRef> garbage;
    topic_->remove_interest(encoding_, shard_, garbage);
  }
  ReplayReader(const ReplayReader&) = delete;
  ReplayReader& operator=(const ReplayReader&) = delete;

  void take() {
    std::vector<topic::SegmentRef> garbage;
    topic_->take(encoding_, shard_, window, garbage);
  }
  std::string read(std::uint32_t quantum = 65'483) { return read_all(window, cursor, quantum); }
  void settle() {
    std::vector<topic::SegmentRef> garbage;
    window.drop_before(cursor);
    if (cursor == window.head_position()) topic_->settled(encoding_, shard_, cursor, garbage);
  }

  topic::LogWindow window;
  std::uint64_t cursor = 0;
  topic::Recovery recovery;
  std::uint64_t encodes = 0;

 private:
  const topic::TopicRef topic_;
  const unsigned shard_;
  const codec::EncodingId encoding_;
};

}  // namespace fixture
