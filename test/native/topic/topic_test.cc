// Covers native/topic/topic.cc: counts, and publishers on several threads against the shards that read.
// Owner: the test. Thread: main, publishers and readers.
#include <atomic>
#include <map>
#include <thread>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

TEST_CASE("topic: counts publications, subscribers, and skips by kind") {
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 1 << 20);
  topic::Topic topic("counted");
  CHECK(topic.published() == 0);
  publish(topic, memory, "a");
  publish(topic, memory, "b");
  CHECK(topic.published() == 2);
  topic.count_subscribers(+2);
  topic.count_subscribers(-1);
  CHECK(topic.subscribers() == 1);
  topic.count_skipped(1, 10);
  topic.count_skipped(topic::skip_kinds_max - 1, 3);
  CHECK(topic.skipped(0) == 0);
  CHECK(topic.skipped(1) == 10);
  CHECK(topic.skipped(topic::skip_kinds_max - 1) == 3);
}

namespace {

/// A shard of its own: takes when it is told, reads, settles, and now and then leaves and comes back.
class ReaderThread {
 public:
  ReaderThread(topic::Topic& topic, unsigned shard, std::size_t wanted) : topic_(topic), shard_(shard), wanted_(wanted) {}

  void notify() {
    told_.store(true, std::memory_order_release);  // pairs with the exchange in `run`
    told_.notify_one();
  }

  void run() {
    Reader reader(topic_, shard_);
    ready.store(true);
    ready.notify_one();
    while (bytes.size() < wanted_) {
      told_.wait(false);
      told_.exchange(false, std::memory_order_acquire);
      reader.take();
      bytes += reader.read();
      reader.settle();
    }
  }

  std::string bytes;
  std::atomic<bool> ready{false};

 private:
  topic::Topic& topic_;
  const unsigned shard_;
  const std::size_t wanted_;
  std::atomic<bool> told_{false};
};

/// A shard that joins and leaves all the time.
void come_and_go(topic::Topic& topic, unsigned shard, const std::atomic<bool>& over) {
  while (!over.load(std::memory_order_relaxed)) {
    Reader reader(topic, shard);
    reader.take();
    reader.read();
    reader.settle();
  }
}

std::vector<std::string> messages_in(const std::string& bytes) {
  std::vector<std::string> messages;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t length = static_cast<std::uint8_t>(bytes[at + 1]);
    std::size_t head = 2;
    if (length == 126) {
      length = static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[at + 2])) << 8 | static_cast<std::uint8_t>(bytes[at + 3]);
      head = 4;
    }
    messages.push_back(bytes.substr(at + head, length));
    at += head + length;
  }
  return messages;
}

std::string text_of(int publisher, int i) {
  const auto filler_bytes = static_cast<std::size_t>((publisher * 7 + i * 13) % 900);
  return std::to_string(publisher) + ":" + std::to_string(i) + std::string(filler_bytes, '.');
}

}  // namespace

TEST_CASE("topic: publishers on several threads give all shards one order, every publisher's own kept") {
  constexpr int publishers = 3;
  constexpr int each = 400;
  os::LinuxKernel kernel;
  topic::LogMemory memory(kernel, 64 << 20);
  topic::Topic topic("busy");
  std::size_t wanted = 0;
  for (int p = 0; p < publishers; ++p) {
    for (int i = 0; i < each; ++i) wanted += frame_of(text_of(p, i)).size();
  }
  ReaderThread readers[] = {{topic, 0, wanted}, {topic, 1, wanted}};
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (ReaderThread& reader : readers) threads.emplace_back([&reader] { reader.run(); });
  for (ReaderThread& reader : readers) reader.ready.wait(false);
  std::thread visitor([&] { come_and_go(topic, 2, over); });
  for (int p = 0; p < publishers; ++p) {
    threads.emplace_back([&, p] {
      for (int i = 0; i < each; ++i) {
        const topic::ShardMask told = publish(topic, memory, text_of(p, i)).notify[0];
        for (unsigned shard = 0; shard < 2; ++shard) {
          if ((told & topic::shard_bit(shard)) != 0) readers[shard].notify();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  over = true;
  visitor.join();

  CHECK(topic.published() == publishers * each);
  const bool same = readers[0].bytes == readers[1].bytes;
  CHECK(same);
  std::map<int, int> next;
  for (const std::string& message : messages_in(readers[0].bytes)) {
    const int publisher = message[0] - '0';
    REQUIRE(message == text_of(publisher, next[publisher]++));
  }
  for (int p = 0; p < publishers; ++p) CHECK(next[p] == each);
  CHECK(memory.bytes_now() == 0);
}
