// Covers native/conn/gathered_write.cc and rest.h: whatever part of each write the kernel takes, no frame is ever split by other bytes.
// Owner: the test. Thread: main.
#include "native/conn/gathered_write.h"

#include <random>

#include "native/conn/rest.h"
#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;

namespace {

constexpr std::uint64_t connection_id = 77;
constexpr std::uint64_t another_id = 78;

/// A connection with several topics, written by hand as FanOut would.
class Scene {
 public:
  explicit Scene(std::size_t topics, codec::EncodingId encoding = websocket) : encoding_(encoding) {
    connection.id = connection_id;
    for (std::size_t i = 0; i < topics; ++i) {
      topics_.push_back(std::make_shared<topic::Topic>("t" + std::to_string(i)));
      slices_.push_back(std::make_unique<conn::TopicSlice>(topics_[i], encoding_, rule_));
      topics_[i]->add_interest(encoding_, 0);
      slices_[i]->subscribers.push_back({0, 0, -1, 0, conn::Lane::gathered});
      slices_[i]->begins.push_back(0);
      connection.subscriptions.push({slices_[i].get(), 0});
    }
  }

  void publish(std::size_t topic, const std::string& text, std::uint64_t excluded = 0) {
    publish_without(excluded, *topics_[topic], memory, text);
    if (excluded != connection_id) expected += 1;
    take(topic);
  }
  /// Which gRPC subscribers do not get.
  void publish_no_text(std::size_t topic) {
    publish_binary(*topics_[topic], memory);
    take(topic);
  }
  /// Texts that are not for the connection are written `-`.
  void publish_all(std::size_t topic, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) publish(topic, text, text == "-" ? connection_id : 0);
  }
  /// Everything that is pending, in pieces of at most `taken_max` bytes.
  void write_all(std::size_t taken_max = SIZE_MAX) {
    while (write(taken_max)) {
    }
  }
  void append_private(const std::string& text) {
    const std::string frame = fixture::frame_of(text);
    connection.outbound_for_writing().append(base::bytes_of(frame));
  }
  /// Writes at most `taken_max` bytes; returns false when nothing was pending.
  bool write(std::size_t taken_max) {
    conn::GatheredWrite write(connection);
    if (write.empty()) return false;
    std::string bytes;
    for (const os::Piece& piece : write.pieces()) bytes.append(static_cast<const char*>(piece.bytes), piece.length);
    CHECK(bytes.size() == write.bytes());
    bytes.resize(std::min(bytes.size(), taken_max));
    complete = write.complete() && bytes.size() == write.bytes();
    publications += write.consume(bytes.size());
    wire += bytes;
    return true;
  }

  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  conn::Connection connection;
  std::string wire;
  std::uint64_t expected = 0;
  std::uint64_t publications = 0;
  bool complete = false;

 private:
  void take(std::size_t topic) {
    std::vector<topic::SegmentRef> garbage;
    topics_[topic]->take(encoding_, 0, slices_[topic]->window, garbage);
  }

  const codec::EncodingId encoding_;
  conn::SlowRule rule_;
  std::vector<topic::TopicRef> topics_;
  std::vector<std::unique_ptr<conn::TopicSlice>> slices_;
};

/// The texts of unmasked frames, one after another; fails on anything that is not a whole frame.
std::vector<std::string> texts_in(const std::string& wire) {
  std::vector<std::string> texts;
  for (std::size_t at = 0; at < wire.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<std::uint8_t>(wire.at(at + i))); };
    REQUIRE(byte(0) == 0x81);
    std::size_t length = byte(1);
    std::size_t head = 2;
    if (length == 126) length = byte(2) << 8 | byte(3), head = 4;
    else if (length == 127) length = byte(6) << 24 | byte(7) << 16 | byte(8) << 8 | byte(9), head = 10;
    REQUIRE(at + head + length <= wire.size());
    texts.push_back(wire.substr(at + head, length));
    at += head + length;
  }
  return texts;
}

}  // namespace

TEST_CASE("gathered write: nothing pending is an empty, complete write") {
  Scene scene(2);
  conn::GatheredWrite write(scene.connection);
  CHECK(write.empty());
  CHECK(write.complete());
}

TEST_CASE("gathered write: private bytes and all topics leave in one call") {
  Scene scene(3);
  scene.append_private("private");
  scene.publish(2, "two");
  scene.publish(0, "zero");
  CHECK(scene.write(SIZE_MAX));
  CHECK(scene.complete);
  CHECK(scene.publications == 2);
  CHECK(texts_in(scene.wire) == std::vector<std::string>{"private", "two", "zero"});
  CHECK(scene.connection.outbound == nullptr);
  CHECK(!scene.write(SIZE_MAX));
}

TEST_CASE("gathered write: private bytes wait for the frame that has begun, and no longer") {
  Scene scene(2);
  scene.publish(1, "begun");
  scene.publish(1, "next");
  scene.write(3);
  CHECK(conn::is_within_frame(scene.connection, 1));
  CHECK(!conn::is_within_frame(scene.connection, 0));
  scene.append_private("private");
  scene.publish(0, "other");
  scene.write(SIZE_MAX);
  CHECK(texts_in(scene.wire) == std::vector<std::string>{"begun", "private", "other", "next"});
}

TEST_CASE("gathered write: a flood on one topic does not keep the others from a slow connection") {
  Scene scene(2);
  for (int i = 0; i < 4; ++i) scene.publish(0, std::string(60'000, 'F'));
  scene.write(SIZE_MAX);  // a quantum of the flood, cut within its second frame
  CHECK(conn::is_within_frame(scene.connection, 0));
  scene.publish(1, "other");
  scene.write(SIZE_MAX);
  scene.write(SIZE_MAX);
  scene.write(SIZE_MAX);
  scene.write(SIZE_MAX);
  const std::vector<std::string> texts = texts_in(scene.wire);
  REQUIRE(texts.size() == 5);
  CHECK(texts[2] == "other");
}

TEST_CASE("gathered write: private bytes that have begun are finished before any frame") {
  Scene scene(1);
  scene.append_private("private");
  scene.write(4);
  scene.publish(0, "frame");
  scene.write(SIZE_MAX);
  CHECK(texts_in(scene.wire) == std::vector<std::string>{"private", "frame"});
}

TEST_CASE("gathered write: a frame larger than the quantum holds everything else back until it is complete") {
  Scene scene(2);
  scene.publish(0, std::string(200'000, 'L'));
  scene.write(100);
  scene.append_private("private");
  scene.publish(1, "other");
  while (scene.write(SIZE_MAX)) CHECK(scene.complete == (scene.publications == 2));
  const std::vector<std::string> texts = texts_in(scene.wire);
  REQUIRE(texts.size() == 3);
  CHECK(texts[0].size() == 200'000);
  CHECK(texts[1] == "private");
}

TEST_CASE("gathered write: more topics than pieces are all served in the end") {
  Scene scene(40);
  for (std::size_t i = 0; i < 40; ++i) scene.publish(i, "topic " + std::to_string(i));
  while (scene.write(SIZE_MAX)) {
  }
  CHECK(texts_in(scene.wire).size() == 40);
  CHECK(scene.publications == 40);
}

TEST_CASE("gathered write: random writes, random parts taken, whole frames in each topic's order") {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    Scene scene(1 + random() % 20);
    const std::size_t topics = scene.connection.subscriptions.size();
    std::vector<int> published(topics, 0);
    int privates = 0;
    const std::size_t filler_max = round % 10 == 0 ? 90'000 : 300;
    for (int i = 0; i < 300; ++i) {
      const std::size_t topic = random() % topics;
      const std::string filler(random() % filler_max, '.');
      if (random() % 2 == 0) scene.publish(topic, std::to_string(topic) + " " + std::to_string(published[topic]++) + " " + filler);
      while (random() % 3 == 0) scene.publish(topic, "not for it " + filler, connection_id);
      if (random() % 5 == 0) scene.publish(topic, std::to_string(topic) + " " + std::to_string(published[topic]++) + " ", another_id);
      if (random() % 8 == 0) scene.append_private("p " + std::to_string(privates++) + " " + filler.substr(0, 100));
      if (random() % 2 == 0) scene.write(1 + random() % 2000);
    }
    while (scene.write(SIZE_MAX)) {
    }
    std::vector<int> seen(topics, 0);
    int privates_seen = 0;
    for (const std::string& text : texts_in(scene.wire)) {
      const int number = std::atoi(text.c_str() + text.find(' ') + 1);
      int& next = text[0] == 'p' ? privates_seen : seen[static_cast<std::size_t>(std::atoi(text.c_str()))];
      REQUIRE(number == next++);
    }
    CHECK(seen == published);
    CHECK(privates_seen == privates);
    CHECK(scene.publications == scene.expected);
  }
}

TEST_CASE("gathered write: frames that leave the connection out are skipped wherever they stand") {
  const std::vector<std::vector<std::string>> rows = {{"-"},           {"-", "a"},      {"a", "-"},      {"a", "-", "b"},
                                                      {"-", "-", "-"}, {"a", "-", "-"}, {"-", "-", "a"}, {"-", "a", "-", "-", "b", "-"}};
  for (const std::vector<std::string>& row : rows) {
    for (const std::size_t taken_max : {std::size_t{1}, std::size_t{2}, std::size_t{4}, std::size_t{SIZE_MAX}}) {
      CAPTURE(taken_max);
      Scene scene(2);
      scene.publish_all(0, row);
      scene.write_all(taken_max);
      std::vector<std::string> wanted = row;
      std::erase(wanted, "-");
      CHECK(texts_in(scene.wire) == wanted);
      CHECK(scene.publications == wanted.size());
      scene.publish(0, "next");
      scene.write_all(taken_max);
      CHECK(texts_in(scene.wire).back() == "next");
    }
  }
}

TEST_CASE("gathered write: frames that leave others out are for it") {
  Scene scene(1);
  scene.publish(0, "a", another_id);
  scene.publish(0, "b");
  CHECK(scene.write(SIZE_MAX));
  CHECK(scene.complete);
  CHECK(texts_in(scene.wire) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("gathered write: what leaves it out behind private bytes, and behind a frame that has begun") {
  Scene scene(2);
  scene.append_private("first");
  scene.publish_all(0, {"-", "a"});
  scene.write_all();
  scene.publish_all(0, {"begun", "-", "-", "b"});
  scene.write(4);
  REQUIRE(conn::is_within_frame(scene.connection, 0));
  scene.publish_all(1, {"-", "other"});
  scene.append_private("private");
  scene.write_all();
  CHECK(texts_in(scene.wire) == std::vector<std::string>{"first", "a", "begun", "private", "other", "b"});
}

TEST_CASE("gathered write: what leaves it out behind the rest of a frame of a topic that was left") {
  Scene scene(2);
  scene.publish_all(0, {"begun"});
  scene.write(4);
  conn::complete_frame(scene.connection);
  scene.connection.subscriptions.remove(0);
  scene.publish_all(1, {"-", "other", "-"});
  scene.append_private("private");
  scene.write_all(3);
  CHECK(texts_in(scene.wire) == std::vector<std::string>{"begun", "private", "other"});
}

TEST_CASE("gathered write: who stands between two frames has none to complete") {
  Scene scene(1);
  conn::complete_frame(scene.connection);
  scene.publish(0, "a");
  conn::complete_frame(scene.connection);
  CHECK(!scene.connection.has_outbound());
  CHECK(conn::rest_of(scene.connection).topic == nullptr);
}

TEST_CASE("gathered write: the rest of a completed frame is the connection's until it is written, or dropped") {
  for (const bool dropped : {false, true}) {
    Scene scene(1);
    scene.publish(0, "begun");
    scene.write(4);
    conn::complete_frame(scene.connection);
    CHECK(!conn::is_within_frame(scene.connection, 0));
    CHECK(conn::rest_of(scene.connection).topic == scene.connection.subscriptions[0].slice->topic.get());
    CHECK(conn::rest_of(scene.connection).bytes == fixture::frame_of("begun").size() - 4);
    if (dropped) scene.connection.state = conn::State::doomed;
    if (dropped) conn::drop_rest(scene.connection);
    else scene.write_all();
    CHECK(conn::rest_of(scene.connection).topic == nullptr);
  }
}

TEST_CASE("gathered write: only frames that leave it out are an empty, complete write, which has skipped them") {
  Scene scene(2);
  scene.publish_all(0, {"-", "-"});
  scene.publish_all(1, {"-"});
  conn::GatheredWrite write(scene.connection);
  CHECK(write.empty());
  CHECK(write.complete());
  for (std::size_t i = 0; i < 2; ++i) {
    const conn::TopicSlice& slice = *scene.connection.subscriptions[i].slice;
    CHECK(slice.subscribers[0].cursor == slice.window.head_position());
  }
}

TEST_CASE("gathered write: what the encoding cannot say is no publication that was brought") {
  for (const std::size_t taken_max : {SIZE_MAX, std::size_t{1}}) {
    CAPTURE(taken_max);
    Scene scene(2, grpc);
    for (const std::size_t topic : {0u, 1u}) {
      scene.publish(topic, "one");
      scene.publish_no_text(topic);
      scene.publish(topic, "two");
      scene.publish_no_text(topic);
    }
    scene.write_all(taken_max);
    CHECK(scene.publications == scene.expected);
  }
}
