// Covers native/topic/log.cc: interest, what a shard takes, and when segments are let go of.
// Owner: the test. Thread: main.
#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

struct Fixture {
  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  topic::Topic topic{"t"};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "log: a topic without subscribers holds nothing, encodes nothing, tells nobody") {
  const topic::Published published = publish(topic, memory, "unheard");
  CHECK(published.offset == 0);
  CHECK(published.encodes == 0);
  CHECK(published.notify[0] == 0);
  CHECK(memory.bytes_now() == 0);
  CHECK(publish(topic, memory, "unheard").offset == 1);
}

TEST_CASE_FIXTURE(Fixture, "log: every interested shard is told once until it takes") {
  Reader zero(topic, 0);
  Reader last(topic, topic::shards_max - 1);
  CHECK(publish(topic, memory, "a").notify[0] == (topic::shard_bit(0) | topic::shard_bit(topic::shards_max - 1)));
  CHECK(publish(topic, memory, "b").notify[0] == 0);
  zero.take();
  CHECK(publish(topic, memory, "c").notify[0] == topic::shard_bit(0));
  CHECK(zero.read() == frame_of("a") + frame_of("b"));
  zero.take();
  last.take();
  CHECK(zero.read() == frame_of("c"));
  CHECK(last.read() == frame_of("a") + frame_of("b") + frame_of("c"));
}

TEST_CASE_FIXTURE(Fixture, "log: a subscription begins at the head and sees everything from there on") {
  Reader early(topic, 0);
  publish(topic, memory, "before");
  Reader late(topic, 1);
  CHECK(late.first_offset == 1);
  publish(topic, memory, "after");
  late.take();
  CHECK(late.read() == frame_of("after"));
  CHECK(late.window.head_offset() == 2);
  early.take();
  CHECK(early.read() == frame_of("before") + frame_of("after"));
}

TEST_CASE_FIXTURE(Fixture, "log: offsets count on while nobody listens") {
  {
    Reader reader(topic, 0);
    publish(topic, memory, "heard");
  }
  publish(topic, memory, "unheard");
  publish(topic, memory, "unheard");
  Reader reader(topic, 0);
  CHECK(publish(topic, memory, "heard again").offset == 3);
  reader.take();
  CHECK(reader.window.offset_at(reader.cursor) == 3);
  CHECK(reader.read() == frame_of("heard again"));
  CHECK(reader.window.offset_at(reader.cursor) == 4);
}

TEST_CASE_FIXTURE(Fixture, "log: a settled topic holds no memory, and goes on without a gap") {
  Reader reader(topic, 3);
  std::string all;
  std::string read;
  for (int i = 0; i < 50; ++i) {
    publish(topic, memory, std::string(static_cast<std::size_t>(i) * 50, 'x'));
    all += frame_of(std::string(static_cast<std::size_t>(i) * 50, 'x'));
    reader.take();
    read += reader.read();
    CHECK(memory.bytes_now() > 0);
    reader.settle();
    CHECK(memory.bytes_now() == 0);
  }
  CHECK(read == all);
  CHECK(memory.allocations() == 1);  // one after another, the same cached segment
}

TEST_CASE_FIXTURE(Fixture, "log: a topic is settled once every shard is, not before") {
  Reader one(topic, 0);
  Reader two(topic, 1);
  publish(topic, memory, "m");
  one.take();
  one.read();
  one.settle();
  CHECK(memory.bytes_now() > 0);
  two.take();
  two.read();
  two.settle();
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "log: settling too late, when more has come, keeps what has come") {
  Reader reader(topic, 0);
  publish(topic, memory, "first");
  reader.take();
  CHECK(reader.read() == frame_of("first"));
  publish(topic, memory, "second");
  reader.settle();
  reader.take();
  CHECK(reader.read() == frame_of("second"));
}

// Found by the simulation, seed 8.
TEST_CASE_FIXTURE(Fixture, "log: a shard that joins at the head does not hold up settling") {
  Reader one(topic, 0);
  publish(topic, memory, "m");
  Reader newcomer(topic, 1);
  one.take();
  one.read();
  one.settle();
  CHECK(memory.bytes_now() == 0);
}

// Found by the simulation, seed 39.
TEST_CASE_FIXTURE(Fixture, "log: when the last shard that is behind leaves, the rest is settled") {
  Reader done(topic, 0);
  Reader stuck(topic, 1);
  publish(topic, memory, "m");
  done.take();
  done.read();
  done.settle();
  CHECK(memory.bytes_now() > 0);
  stuck.leave();
  CHECK(memory.bytes_now() == 0);
  publish(topic, memory, "n");
  done.take();
  CHECK(done.read() == frame_of("n"));
}

TEST_CASE_FIXTURE(Fixture, "log: a shard keeps what it holds when all others have gone on") {
  Reader fast(topic, 0);
  Reader slow(topic, 1);
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string text(5000, static_cast<char>('a' + i % 26));
    publish(topic, memory, text);
    all += frame_of(text);
    fast.take();
    fast.read();
    fast.settle();
    if (i % 7 == 0) slow.take();
  }
  slow.take();
  CHECK(slow.read(1000) == all);
  slow.settle();
  CHECK(memory.bytes_now() == 0);
}

TEST_CASE_FIXTURE(Fixture, "log: a burst lies in few segments, a lone frame larger than a segment in one") {
  Reader reader(topic, 0);
  for (int i = 0; i < 1000; ++i) publish(topic, memory, std::string(1000, 'm'));
  reader.take();
  CHECK(reader.window.segments() <= 4);
  CHECK(reader.read().size() == 1000 * 1004);
  reader.settle();
  publish(topic, memory, std::string(3 << 20, 'L'));
  reader.take();
  CHECK(reader.window.segments() == 1);
  CHECK(reader.read() == frame_of(std::string(3 << 20, 'L')));
}

TEST_CASE_FIXTURE(Fixture, "log: frames of no bytes to speak of fill the index before the segment") {
  Reader reader(topic, 0);
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    publish(topic, memory, "");
    all += frame_of("");
  }
  reader.take();
  CHECK(reader.window.head_offset() == 5000);
  CHECK(reader.read() == all);
}
