// Covers native/topic/topic.cc where several encodings are in use: who publishes leaves the topic's lock to fetch memory for each
// log, and others publish meanwhile, frames larger than any burst segment among them.
// Owner: the test. Thread: main, publishers and readers where it says so.
#include <algorithm>
#include <atomic>
#include <barrier>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

constexpr std::array encodings = {websocket, pusher, grpc};

struct Letter {
  std::string payload;
  codec::PayloadKind kind = codec::PayloadKind::text;
  std::uint64_t excluded = 0;
};

Letter text_of(std::size_t bytes, char filler) { return {std::string(bytes, filler)}; }
/// gRPC has no way to say it.
Letter no_text_of(std::size_t bytes) { return {std::string(bytes, '\xFF'), codec::PayloadKind::binary}; }
Letter without(std::uint64_t connection, Letter letter) {
  letter.excluded = connection;
  return letter;
}

codec::Publication publication_of(const Letter& letter) {
  codec::Publication publication{letter.kind, base::bytes_of(letter.payload)};
  publication.topic = "t";
  publication.excluded = letter.excluded;
  return publication;
}

/// Calls `on_map` from within the nth request for a mapping.
struct HookedKernel final : os::LinuxKernel {
  os::Mapping map(std::size_t bytes) override {
    if (++maps == hooked) on_map();
    return LinuxKernel::map(bytes);
  }
  int maps = 0;
  int hooked = 0;
  std::function<void()> on_map;
};

/// A topic with a reader an encoding, and what was published to it by its offsets.
struct Scene {
  explicit Scene(os::Kernel& kernel) : memory(kernel, 512u << 20) {
    for (std::size_t i = 0; i < encodings.size(); ++i) readers.push_back(std::make_unique<Reader>(topic, static_cast<unsigned>(i), encodings[i]));
  }

  topic::Published publish(const Letter& letter) {
    const topic::Published published = topic.publish(publication_of(letter), 0, memory);
    std::lock_guard guard(lock);
    letters.emplace(published.offset, letter);
    return published;
  }
  std::string expected(codec::EncodingId encoding) const {
    std::string bytes;
    for (const auto& [offset, letter] : letters) bytes += frame_of(publication_of(letter), encoding);
    return bytes;
  }
  /// Every reader has every byte, and the window knows each frame's place and whom it leaves out.
  void check_all_read() {
    for (const auto& reader : readers) {
      CAPTURE(static_cast<int>(reader->encoding));
      reader->take();
      check_marks(*reader);
      const std::string got = reader->read();
      const std::string wanted = expected(reader->encoding);
      REQUIRE(got.size() == wanted.size());
      const auto different = std::mismatch(got.begin(), got.end(), wanted.begin()).first - got.begin();
      CHECK(static_cast<std::size_t>(different) == wanted.size());
      reader->settle();
    }
    CHECK(memory.bytes_now() == 0);
  }
  void check_marks(const Reader& reader) const {
    std::uint64_t begin = reader.cursor;
    for (const auto& [offset, letter] : letters) {
      const std::size_t bytes = frame_of(publication_of(letter), reader.encoding).size();
      if (bytes == 0) continue;
      CHECK(reader.window.offset_at(begin) == offset);
      CHECK(reader.window.position_of(offset) == begin);
      CHECK(reader.window.next_frame(begin) == begin + bytes);
      CHECK(reader.window.find_excluded(begin, begin + 1, 7) == (letter.excluded == 7 ? begin : begin + 1));
      begin += bytes;
    }
    CHECK(reader.window.head_position() == begin);
  }

  topic::LogMemory memory;
  topic::Topic topic{"t"};
  std::vector<std::unique_ptr<Reader>> readers;
  std::mutex lock;
  std::map<std::uint64_t, Letter> letters;
};

}  // namespace

TEST_CASE("topic encodings: another publication comes while memory is fetched for one log after the other") {
  const std::vector<Letter> others = {
      text_of(300'000, 'B'), without(7, text_of(300'000, 'B')), no_text_of(300'000), text_of(70'000, '\x01'), no_text_of(3), text_of(3, 'b'),
  };
  for (const Letter& other : others) {
    for (const int hooked : {1, 2, 3}) {
      CAPTURE(other.payload.size());
      CAPTURE(hooked);
      HookedKernel kernel;
      Scene scene(kernel);
      for (int i = 0; i < 15; ++i) scene.publish(text_of(1000, 'a'));  // fills each log's first segment
      kernel.hooked = hooked;
      kernel.on_map = [&] {
        scene.publish(other);
        scene.publish(without(7, text_of(100, 'c')));
      };
      scene.publish(text_of(2000, 'A'));
      REQUIRE(kernel.maps >= hooked);
      scene.publish(no_text_of(10));
      scene.publish(text_of(200'000, 'D'));
      scene.check_all_read();
    }
  }
}

TEST_CASE("topic encodings: interest in another encoding comes, or goes, while memory is fetched") {
  for (const int hooked : {1, 2, 3}) {
    CAPTURE(hooked);
    HookedKernel kernel;
    Scene scene(kernel);
    for (int i = 0; i < 15; ++i) scene.publish(text_of(1000, 'a'));
    const unsigned newcomer = 9;
    const unsigned leaver = static_cast<unsigned>(hooked) % encodings.size();
    std::unique_ptr<Reader> late;
    kernel.hooked = hooked;
    kernel.on_map = [&] {
      scene.readers[leaver]->leave();
      late = std::make_unique<Reader>(scene.topic, newcomer, encodings[leaver]);
      scene.publish(text_of(300'000, 'B'));
    };
    scene.publish(text_of(2000, 'A'));
    late->take();
    const Letter seen[] = {text_of(300'000, 'B'), text_of(2000, 'A')};
    std::string wanted;
    for (const Letter& letter : seen) wanted += frame_of(publication_of(letter), late->encoding);
    const bool same = late->read() == wanted;
    CHECK(same);
    late->settle();
    scene.readers.erase(scene.readers.begin() + leaver);
    scene.check_all_read();
  }
}

namespace {

/// Mostly small, some larger than a quiet topic's segment, some than any burst segment; some that gRPC cannot say.
Letter random_letter(std::mt19937& random) {
  const auto filler = static_cast<char>('a' + random() % 26);
  const std::uint64_t excluded = random() % 3 == 0 ? 7 : 0;
  switch (random() % 12) {
    case 0: return without(excluded, text_of(300'000 + random() % 150'000, filler));
    case 1: return text_of(40'000 + random() % 25'536, '\x01');  // six times as much in JSON
    case 2: return without(excluded, no_text_of(1 + random() % 300'000));
    case 3: return no_text_of(1 + random() % 10);
    case 4: return text_of(0, filler);
    case 5:
    case 6: return without(excluded, text_of(5000 + random() % 20'000, filler));
    default: return without(excluded, text_of(random() % 1500, filler));
  }
}

/// What a shard does for its slice all the time.
void read_until(Reader& reader, std::string& bytes, const std::atomic<bool>& over) {
  for (bool last = false; !last;) {
    last = over.load(std::memory_order_acquire);  // pairs with the store behind the last publication
    reader.take();
    bytes += reader.read();
    reader.settle();
  }
}

}  // namespace

TEST_CASE("topic encodings: publishers on several threads, three encodings, frames of every size") {
  constexpr int publishers = 3;
  constexpr int rounds = 12;
  constexpr int each_round = 5;
  os::LinuxKernel kernel;
  Scene scene(kernel);
  std::atomic<bool> over{false};
  std::vector<std::string> bytes(encodings.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    threads.emplace_back([&, i] { read_until(*scene.readers[i], bytes[i], over); });
  }
  std::barrier together(publishers);
  std::vector<std::thread> senders;
  for (int p = 0; p < publishers; ++p) {
    senders.emplace_back([&, p] {
      std::mt19937 random(static_cast<unsigned>(p));
      for (int round = 0; round < rounds; ++round) {
        together.arrive_and_wait();
        for (int i = 0; i < each_round; ++i) scene.publish(random_letter(random));
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  over.store(true, std::memory_order_release);
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    CAPTURE(i);
    const bool same = bytes[i] == scene.expected(encodings[i]);
    CHECK(same);
  }
  CHECK(scene.letters.size() == publishers * rounds * each_round);
  CHECK(scene.memory.bytes_now() == 0);
}

TEST_CASE("topic encodings: two publish at the same moment to logs whose segments are full, again and again") {
  constexpr int rounds = 50;
  os::LinuxKernel kernel;
  Scene scene(kernel);
  const Letter small = text_of(9000, 'A');
  const Letter large = text_of(300'000, 'B');
  std::barrier together(2);
  std::thread other([&] {
    for (int round = 0; round < rounds; ++round) {
      together.arrive_and_wait();
      scene.topic.publish(publication_of(large), 0, scene.memory);
      together.arrive_and_wait();
    }
  });
  const auto is_whole = [&](const Reader& reader, const std::string& got) {
    const std::string a = frame_of(publication_of(small), reader.encoding);
    const std::string b = frame_of(publication_of(large), reader.encoding);
    return got == a + a + b || got == a + b + a || got == b + a + a;
  };
  int whole = 0;
  for (int round = 0; round < rounds; ++round) {
    together.arrive_and_wait();
    for (int i = 0; i < 2; ++i) scene.topic.publish(publication_of(small), 0, scene.memory);
    together.arrive_and_wait();
    for (const auto& reader : scene.readers) {
      reader->take();
      if (is_whole(*reader, reader->read())) ++whole;
      reader->settle();
    }
  }
  other.join();
  CHECK(whole == rounds * static_cast<int>(encodings.size()));
  CHECK(scene.memory.bytes_now() == 0);
}
