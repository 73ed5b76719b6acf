// Covers the joins of native/topic/topic.cc: who joins from outside sees everything from that call on, and nothing from before.
// Owner: the test. Thread: main, and publishers, shards and a control plane where it says so.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

constexpr std::uint64_t all = UINT64_MAX;

topic::Join join_of(std::uint64_t connection) {
  topic::Join join;
  join.connection = connection;
  join.greeting = "hello " + std::to_string(connection);
  return join;
}

struct Fixture {
  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  topic::Topic topic{"t"};
};

/// What a shard does with a topic that others join: its window, and its subscribers with what they have read.
class JoinedShard {
 public:
  struct Member {
    std::uint64_t connection = 0;
    std::uint64_t cursor = 0;
    std::string bytes = {};
  };

  JoinedShard(topic::Topic& joined, unsigned shard_number) : topic(joined), shard(shard_number) {}

  /// Returns what take_joins does.
  bool bring_in(std::uint64_t number) {
    std::vector<topic::Join> joins;
    std::vector<topic::SegmentRef> garbage;
    const bool none_left = topic.take_joins(websocket, shard, number, window, joins, garbage);
    for (const topic::Join& join : joins) members.push_back({join.connection, join.begin.position});
    return none_left;
  }
  bool take() {
    std::vector<topic::SegmentRef> garbage;
    return topic.take(websocket, shard, window, garbage);
  }
  /// Brings everybody to the head that was taken, and lets go of what nobody needs.
  void read() {
    for (Member& member : members) {
      while (member.cursor < window.head_position()) {
        const topic::Range range = window.range(member.cursor, 10'000);
        member.bytes.append(reinterpret_cast<const char*>(range.bytes), range.length);
        member.cursor += range.length;
      }
    }
    std::vector<topic::SegmentRef> garbage;
    window.drop_before(window.head_position());
    topic.settled(websocket, shard, window.head_position(), garbage);
  }
  bool leave() {
    std::vector<topic::SegmentRef> garbage;
    return topic.remove_interest(websocket, shard, garbage);
  }

  topic::Topic& topic;
  const unsigned shard;
  topic::LogWindow window;
  std::vector<Member> members;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "topic joins: from the call on, in a topic that nobody was interested in") {
  publish(topic, memory, "before");
  const std::uint64_t number = topic.join(websocket, 0, join_of(7));
  CHECK(publish(topic, memory, "after").notify[0] == topic::shard_bit(0));
  publish(topic, memory, "later");
  JoinedShard shard(topic, 0);
  CHECK(topic.has_joins(websocket, 0, number));
  CHECK(shard.bring_in(number));
  CHECK(!topic.has_joins(websocket, 0, all));
  shard.read();
  REQUIRE(shard.members.size() == 1);
  CHECK(shard.members[0].connection == 7);
  CHECK(shard.members[0].bytes == frame_of("after") + frame_of("later"));
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "topic joins: what they brought along arrives") {
  topic::Join join = join_of(1);
  join.publishes = true;
  join.user_id = "user";
  const std::uint64_t number = topic.join(websocket, 3, std::move(join));
  std::vector<topic::Join> joins;
  std::vector<topic::SegmentRef> garbage;
  topic::LogWindow window;
  CHECK(topic.take_joins(websocket, 3, number, window, joins, garbage));
  REQUIRE(joins.size() == 1);
  CHECK(joins[0].number == number);
  CHECK(joins[0].greeting == "hello 1");
  CHECK(joins[0].publishes);
  CHECK(joins[0].user_id == "user");
}

TEST_CASE_FIXTURE(Fixture, "topic joins: where the shard has settled, and where it is behind") {
  for (const bool settled : {true, false}) {
    CAPTURE(settled);
    JoinedShard shard(topic, 5);
    shard.bring_in(topic.join(websocket, 5, join_of(1)));
    for (int i = 0; i < 100; ++i) publish(topic, memory, std::string(1000, 'a'));
    CHECK(shard.take());
    if (settled) shard.read();
    const std::uint64_t number = topic.join(websocket, 5, join_of(2));
    publish(topic, memory, "after");
    CHECK(shard.bring_in(number));
    shard.read();
    CHECK(shard.members[1].bytes == frame_of("after"));
    CHECK(shard.members[0].bytes.size() == 100 * frame_of(std::string(1000, 'a')).size() + frame_of("after").size());
    CHECK(memory.bytes_now() == 0);
    CHECK(shard.leave());
  }
}

TEST_CASE_FIXTURE(Fixture, "topic joins: while one waits, its shard neither reads past it nor gives the topic up") {
  JoinedShard shard(topic, 0);
  shard.bring_in(topic.join(websocket, 0, join_of(1)));
  publish(topic, memory, "one");
  const std::uint64_t number = topic.join(websocket, 0, join_of(2));
  publish(topic, memory, "two");
  CHECK(!shard.take());
  CHECK(shard.window.head_position() == 0);
  shard.members.clear();
  CHECK(!shard.leave());
  CHECK(publish(topic, memory, "three").encodes == 1);
  CHECK(shard.bring_in(number));
  CHECK(shard.take());
  shard.read();
  CHECK(shard.members[0].bytes == frame_of("two") + frame_of("three"));
  CHECK(shard.leave());
  CHECK(publish(topic, memory, "unheard").encodes == 0);
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "topic joins: only those up to the number are brought in, and nothing is read past the next") {
  JoinedShard shard(topic, 0);
  const std::uint64_t first = topic.join(websocket, 0, join_of(1));
  const std::uint64_t second = topic.join(websocket, 0, join_of(2));
  publish(topic, memory, "a");
  const std::uint64_t third = topic.join(websocket, 0, join_of(3));
  publish(topic, memory, "b");
  CHECK(first < second);
  CHECK(second < third);
  CHECK(!shard.bring_in(second));
  CHECK(shard.members.size() == 2);
  CHECK(shard.window.head_position() == frame_of("a").size());
  CHECK(!topic.has_joins(websocket, 0, second));
  CHECK(topic.has_joins(websocket, 0, third));
  shard.read();
  CHECK(!shard.take());
  CHECK(memory.bytes_now() > 0);
  CHECK(shard.bring_in(third));
  shard.read();
  CHECK(shard.members[0].bytes == frame_of("a") + frame_of("b"));
  CHECK(shard.members[1].bytes == shard.members[0].bytes);
  CHECK(shard.members[2].bytes == frame_of("b"));
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "topic joins: of one shard or encoding do not hold another's") {
  JoinedShard zero(topic, 0);
  JoinedShard one(topic, 1);
  zero.bring_in(topic.join(websocket, 0, join_of(1)));
  one.bring_in(topic.join(websocket, 1, join_of(2)));
  const std::uint64_t waiting = topic.join(websocket, 1, join_of(3));
  topic.join(pusher, 0, join_of(4));
  CHECK(publish(topic, memory, "m").encodes == 2);
  CHECK(!topic.has_joins(websocket, 0, all));
  CHECK(topic.has_joins(websocket, 1, all));
  CHECK(topic.has_joins(pusher, 0, all));
  CHECK(zero.take());
  zero.read();
  CHECK(zero.members[0].bytes == frame_of("m"));
  CHECK(zero.leave());
  CHECK(!one.take());
  CHECK(one.bring_in(waiting));
  one.read();
  CHECK(one.members[1].bytes == frame_of("m"));
}

TEST_CASE_FIXTURE(Fixture, "topic joins: at random, over many segments, everybody reads exactly from its join on") {
  std::mt19937 random(9);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    JoinedShard shards[] = {{topic, 0}, {topic, 63}};
    std::vector<std::uint64_t> posted[2];
    std::string everything;
    std::vector<std::size_t> began;  // by connection
    const std::size_t payload_max = round % 2 == 0 ? 50 : 5000;
    for (int i = 0; i < 400; ++i) {
      const unsigned which = random() % 2;
      JoinedShard& shard = shards[which];
      switch (random() % 5) {
        case 0:
          posted[which].push_back(topic.join(websocket, shard.shard, join_of(began.size())));
          began.push_back(everything.size());
          break;
        case 1:
          if (posted[which].empty()) break;
          shard.bring_in(posted[which].front());
          posted[which].erase(posted[which].begin());
          break;
        case 2:
          if (!shard.members.empty()) CHECK(shard.take() == posted[which].empty());
          break;
        case 3:
          shard.read();
          break;
        default: {
          const std::string text(random() % payload_max, static_cast<char>('a' + random() % 26));
          const bool heard = publish(topic, memory, text).encodes > 0;
          CHECK(heard == !began.empty());
          if (heard) everything += frame_of(text);
        }
      }
    }
    for (unsigned which = 0; which < 2; ++which) {
      for (const std::uint64_t number : posted[which]) shards[which].bring_in(number);
      if (!shards[which].members.empty()) CHECK(shards[which].take());
      shards[which].read();
      for (const JoinedShard::Member& member : shards[which].members) {
        const bool same = member.bytes == everything.substr(began[member.connection]);
        CHECK(same);
      }
    }
    CHECK(memory.bytes_now() == 0);
    for (JoinedShard& shard : shards) shard.leave();
  }
}

namespace {

/// A shard with its thread: told of joins by their numbers, and of new heads.
class ShardThread {
 public:
  ShardThread(topic::Topic& topic, unsigned shard) : shard_(topic, shard) {}

  void post_join(std::uint64_t number) {
    std::lock_guard guard(lock_);
    numbers_.push_back(number);
    told_.notify_one();
  }
  void post_head() {
    std::lock_guard guard(lock_);
    new_head_ = true;
    told_.notify_one();
  }
  void post_end() {
    std::lock_guard guard(lock_);
    over_ = true;
    told_.notify_one();
  }
  void run() {
    for (bool over = false, again = false; !over || again;) {
      std::vector<std::uint64_t> numbers;
      {
        std::unique_lock guard(lock_);
        if (!again) told_.wait(guard, [&] { return over_ || new_head_ || !numbers_.empty(); });
        numbers.swap(numbers_);
        new_head_ = false;
        over = over_;
      }
      for (const std::uint64_t number : numbers) {
        if (shard_.topic.has_joins(websocket, shard_.shard, number)) shard_.bring_in(number);
        if (number % 3 == 0) shard_.read();
      }
      again = !shard_.take();
      shard_.read();
    }
  }
  const std::vector<JoinedShard::Member>& members() const { return shard_.members; }

 private:
  JoinedShard shard_;
  std::mutex lock_;
  std::condition_variable told_;
  std::vector<std::uint64_t> numbers_;
  bool new_head_ = false;
  bool over_ = false;
};

void tell(std::vector<std::unique_ptr<ShardThread>>& shards, topic::ShardMask mask) {
  for (std::size_t i = 0; i < shards.size(); ++i) {
    if ((mask & topic::shard_bit(static_cast<unsigned>(i))) != 0) shards[i]->post_head();
  }
}

/// Texts of at most 125 bytes, frame by frame.
std::vector<std::string> texts_in(const std::string& bytes) {
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = static_cast<std::uint8_t>(bytes.at(at + 1));
    texts.push_back(bytes.substr(at + 2, length));
    at += 2 + length;
  }
  return texts;
}

bool contains(const std::vector<std::string>& texts, const std::string& text) { return std::find(texts.begin(), texts.end(), text) != texts.end(); }

}  // namespace

TEST_CASE_FIXTURE(Fixture, "topic joins: from several threads while others publish and shards read") {
  constexpr unsigned shard_count = 3;
  constexpr int publishers = 2;
  constexpr int publications = 1500;
  constexpr int planes = 2;
  constexpr int joins = 60;  // of each plane
  std::vector<std::unique_ptr<ShardThread>> shards;
  for (unsigned i = 0; i < shard_count; ++i) shards.push_back(std::make_unique<ShardThread>(topic, i));
  std::vector<std::thread> shard_threads;
  for (const auto& shard : shards) shard_threads.emplace_back([&shard] { shard->run(); });
  const auto say = [&](const std::string& text) { tell(shards, publish(topic, memory, text).notify[0]); };

  std::vector<std::thread> threads;
  for (int p = 0; p < publishers; ++p) {
    threads.emplace_back([&, p] {
      for (int i = 0; i < publications; ++i) say("p" + std::to_string(p) + " " + std::to_string(i));
    });
  }
  for (int plane = 0; plane < planes; ++plane) {
    threads.emplace_back([&, plane] {
      for (int i = 0; i < joins; ++i) {
        const int connection = plane * joins + i;
        const auto shard = static_cast<unsigned>(connection) % shard_count;
        say("before " + std::to_string(connection));
        const std::uint64_t number = topic.join(websocket, shard, join_of(static_cast<std::uint64_t>(connection)));
        say("after " + std::to_string(connection));
        shards[shard]->post_join(number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& shard : shards) shard->post_end();
  for (std::thread& thread : shard_threads) thread.join();

  std::vector<std::string> longest;
  std::size_t joined = 0;
  for (const auto& shard : shards) {
    for (const JoinedShard::Member& member : shard->members()) {
      const auto texts = texts_in(member.bytes);
      if (texts.size() > longest.size()) longest = texts;
    }
  }
  for (const auto& shard : shards) {
    for (const JoinedShard::Member& member : shard->members()) {
      const auto texts = texts_in(member.bytes);
      const bool is_suffix = std::equal(texts.rbegin(), texts.rend(), longest.rbegin());
      CHECK(is_suffix);
      CHECK(contains(texts, "after " + std::to_string(member.connection)));
      CHECK(!contains(texts, "before " + std::to_string(member.connection)));
      ++joined;
    }
  }
  CHECK(joined == planes * joins);
  CHECK(memory.bytes_now() == 0);
}
