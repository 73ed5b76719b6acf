// Covers native/conn/stream_write.cc: whatever part of each write the kernel takes and whatever windows allow, every stream gets
// its messages whole and in order, and no frame is ever split by another.
// Owner: the test. Thread: main.
#include "native/conn/stream_write.h"

#include <map>
#include <random>

#include "native/codec/grpc/grpc_message.h"
#include "test/native/codec/http2/http2_wire.h"
#include "test/native/topic/topic_fixture.h"
#include "test/native/doctest_last.h"

using namespace fixture;
using codec::StreamKey;
using wire::operator+;

namespace {

/// One connection with streams, each subscribed to the topic whose turn it is, written by hand as FanOut would.
class Scene {
 public:
  Scene(std::size_t streams, std::size_t topics, std::uint32_t window_bytes = 65'535) {
    for (std::size_t i = 0; i < topics; ++i) {
      topics_.push_back(std::make_shared<topic::Topic>("t" + std::to_string(i)));
      slices_.push_back(std::make_unique<conn::TopicSlice>(topics_[i], fixture::grpc, rule_));
      topics_[i]->add_interest(fixture::grpc, 0);
      published.emplace_back();
    }
    auto codec = codec::make_grpc_codec({});
    codec->set_now(0);
    connection.codec = std::move(codec);
    connection.frame_by_streams();
    recorder_.react = [this](const std::string& what, StreamKey stream) {
      if (what == "subscribe") add(stream);
      if (what == "window") on_window(stream);
    };
    feed(h2::bytes(codec::http2_preface) + h2::settings({{4, window_bytes}}));
    for (std::size_t i = 0; i < streams; ++i) feed(h2::subscribe(static_cast<std::uint32_t>(2 * i + 1)));
  }

  void feed(h2::Wire bytes) { REQUIRE(connection.stream_codec().decode(bytes, recorder_).status == codec::DecodeStatus::open); }
  void publish(std::size_t topic, const std::string& text) {
    fixture::publish(*topics_[topic], memory, text);
    published[topic].push_back(text);
    std::vector<topic::SegmentRef> garbage;
    topics_[topic]->take(fixture::grpc, 0, slices_[topic]->window, garbage);
    for (const conn::Subscriber& subscriber : slices_[topic]->subscribers) {
      if (subscriber.lane == conn::Lane::gathered) connection.streams->enqueue(subscriber.stream);
    }
  }
  /// The stream's client is gone.
  void leave(StreamKey stream) {
    const std::size_t i = *connection.streams->find(stream);
    const conn::Subscription at = connection.subscriptions[i];
    connection.streams->wake(at.slice->subscribers[at.index]);
    const std::size_t last = at.slice->subscribers.size() - 1;
    at.slice->subscribers[at.index] = at.slice->subscribers[last];
    if (at.index != last) connection.subscriptions[*connection.streams->find_slot(at.slice->subscribers[at.index].stream)].index = at.index;
    at.slice->subscribers.pop_back();
    connection.subscriptions.replace_by_last(i);
    connection.streams->remove(i);
  }
  /// Writes at most `taken_max` bytes; false when there was nothing to write.
  bool write(std::size_t taken_max) {
    write_.collect(connection);
    std::string bytes;
    for (const os::Piece& piece : write_.pieces()) bytes.append(static_cast<const char*>(piece.bytes), piece.length);
    CHECK(bytes.size() == write_.bytes());
    CHECK(write_.pieces().size() <= os::pieces_max);
    bytes.resize(std::min(bytes.size(), taken_max));
    publications += write_.consume(bytes.size());
    wire += bytes;
    return !write_.empty();
  }
  /// By stream: the topic it is subscribed to.
  std::map<std::uint32_t, std::size_t> topic_of;
  const conn::StreamWrite& last() const { return write_; }
  bool is_stalled() const { return connection.stalled; }
  conn::Subscriber& subscriber_of(StreamKey stream) {
    const conn::Subscription at = connection.subscriptions[*connection.streams->find(stream)];
    return at.slice->subscribers[at.index];
  }

  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 64 << 20};
  conn::Connection connection;
  std::string wire;
  std::uint64_t publications = 0;
  std::vector<std::vector<std::string>> published;  // by topic

 private:
  void add(StreamKey stream) {
    const std::size_t topic = connection.subscriptions.size() % topics_.size();
    conn::TopicSlice& slice = *slices_[topic];
    connection.subscriptions.push({&slice, static_cast<std::uint32_t>(slice.subscribers.size())});
    slice.subscribers.push_back({slice.window.head_position(), 0, -1, stream.slot, conn::Lane::gathered});
    slice.begins.push_back(0);
    connection.streams->add(stream);
    topic_of[stream.id] = topic;
  }
  void on_window(StreamKey stream) {
    if (stream.id == 0) {
      connection.stalled = false;
      return;
    }
    connection.streams->wake(subscriber_of(stream));
    connection.streams->enqueue(stream.slot);
  }

  conn::SlowRule rule_;
  conn::StreamWrite write_;
  h2::Recorder recorder_;
  std::vector<topic::TopicRef> topics_;
  std::vector<std::unique_ptr<conn::TopicSlice>> slices_;
};

struct Received {
  std::map<std::uint32_t, std::vector<std::string>> texts;  // by stream
  std::map<std::uint32_t, std::string> partial;
  std::map<std::uint32_t, std::size_t> bytes;  // of DATA
  std::vector<std::uint32_t> order;            // the streams of DATA frames
  std::size_t others = 0;                      // frames
};

/// Takes a whole wire apart; fails on anything that is not a whole frame.
Received take_apart(const std::string& wire) {
  Received received;
  base::Bytes left = base::bytes_of(wire);
  while (!left.empty()) {
    REQUIRE(left.size() >= codec::frame_head_bytes);
    const codec::FrameHead head = codec::read_frame_head(left);
    left = left.subspan(codec::frame_head_bytes);
    REQUIRE(left.size() >= head.length);
    const base::Bytes payload = left.first(head.length);
    left = left.subspan(head.length);
    if (!head.is(codec::FrameType::data)) {
      ++received.others;
      continue;
    }
    received.order.push_back(head.stream);
    received.bytes[head.stream] += head.length;
    std::string& partial = received.partial[head.stream];
    partial += base::text_of(payload);
    while (partial.size() >= codec::grpc_prefix_bytes) {
      const std::size_t length = codec::read_u32(base::bytes_of(partial).subspan(1));
      if (partial.size() < codec::grpc_prefix_bytes + length) break;
      const auto message = codec::read_publish_request(base::bytes_of(partial).subspan(codec::grpc_prefix_bytes, length));
      REQUIRE(message);
      received.texts[head.stream].emplace_back(message->message.data);
      partial.erase(0, codec::grpc_prefix_bytes + length);
    }
  }
  return received;
}

/// Every stream has all of its topic.
void check_complete(const Scene& scene, const Received& received) {
  for (const auto& [key, topic] : scene.topic_of) {
    const auto stream = key;  // clang 14 captures no binding
    CAPTURE(stream);
    const auto texts = received.texts.find(stream);
    CHECK((texts == received.texts.end() ? std::vector<std::string>() : texts->second) == scene.published[topic]);
  }
}

}  // namespace

TEST_CASE("stream write: one frame a stream, a head of its own before the bytes that all share, behind the replies") {
  Scene scene(3, 1);
  scene.publish(0, std::string(2000, 'x'));
  CHECK(scene.write(SIZE_MAX));
  CHECK(scene.last().pieces().size() == 1 + 3 * 2);
  CHECK(scene.last().pieces()[2].bytes == scene.last().pieces()[4].bytes);
  CHECK(scene.publications == 3);
  const Received received = take_apart(scene.wire);
  CHECK(received.order == std::vector<std::uint32_t>{1, 3, 5});
  check_complete(scene, received);
  CHECK(!scene.write(SIZE_MAX));
}

TEST_CASE("stream write: a burst goes round by round") {
  Scene scene(3, 1, 1 << 20);
  scene.feed(h2::window_update(0, 1 << 20));
  for (int i = 0; i < 4; ++i) scene.publish(0, std::string(16'000, 'x'));
  scene.write(SIZE_MAX);
  // Ranges end with the log's segments, here after one message; then with the quantum.
  CHECK(take_apart(scene.wire).order == std::vector<std::uint32_t>{1, 3, 5, 1, 3});
  while (scene.write(SIZE_MAX)) {
  }
  check_complete(scene, take_apart(scene.wire));
}

TEST_CASE("stream write: short payloads are one piece with their heads, mixed ones no more pieces than the kernel takes") {
  Scene scene(1200, 1, 1 << 20);
  scene.feed(h2::window_update(0, 1 << 30));
  scene.write(SIZE_MAX);
  scene.publish(0, "m");
  CHECK(scene.write(SIZE_MAX));
  CHECK(scene.last().pieces().size() == 1);
  CHECK(scene.publications == 1200);
  std::size_t pieces_max = 0;
  for (const std::size_t text_bytes : {490u, 510u, 600u, 1u, 700u}) {
    scene.publish(0, std::string(text_bytes, 'x'));
    while (scene.write(SIZE_MAX)) pieces_max = std::max(pieces_max, scene.last().pieces().size());
  }
  CHECK(pieces_max > 100);
  CHECK(scene.publications == 6 * 1200);
  check_complete(scene, take_apart(scene.wire));
}

TEST_CASE("stream write: refused altogether, everything is as before") {
  Scene scene(2, 1);
  scene.write(SIZE_MAX);
  scene.wire.clear();
  scene.publish(0, "a");
  scene.write(0);
  CHECK(scene.publications == 0);
  CHECK(scene.last().sent().empty());
  scene.publish(0, "b");
  scene.write(SIZE_MAX);
  const Received received = take_apart(scene.wire);
  check_complete(scene, received);
  CHECK(received.order == std::vector<std::uint32_t>{1, 3});
}

TEST_CASE("stream write: what a frame that did not leave took from its window is given back") {
  Scene scene(1, 1, 10);
  scene.publish(0, std::string(100, 'x'));
  scene.write(SIZE_MAX);  // replies and ten bytes
  CHECK(take_apart(scene.wire).bytes[1] == 10);
  CHECK(scene.last().has_stalled_one());
  scene.feed(h2::window_update(1, 20));
  scene.write(0);
  scene.write(SIZE_MAX);
  CHECK(take_apart(scene.wire).bytes[1] == 30);
  CHECK(!scene.write(SIZE_MAX));  // nothing is tried without window
}

TEST_CASE("stream write: a stream without window does not hold up another, the connection's window holds up all") {
  Scene scene(2, 1, 100);
  scene.feed(h2::window_update(3, 1'000'000));
  for (int i = 0; i < 5; ++i) scene.publish(0, std::string(15'000, 'x'));
  while (scene.write(SIZE_MAX)) {
  }
  Received received = take_apart(scene.wire);
  CHECK(received.bytes[1] == 100);
  CHECK(received.bytes[3] == 65'535 - 100);
  CHECK(scene.is_stalled());
  scene.feed(h2::window_update(0, 1000));
  CHECK(!scene.is_stalled());
  while (scene.write(SIZE_MAX)) {
  }
  received = take_apart(scene.wire);
  CHECK(received.bytes[1] == 100);
  CHECK(received.bytes[3] == 65'535 - 100 + 1000);
}

TEST_CASE("stream write: a frame that is partly on the wire is completed though its stream and its log are gone") {
  for (std::size_t cut = 1; cut < 9 + 5 + 7 + 100; ++cut) {
    CAPTURE(cut);
    Scene scene(2, 1);
    scene.write(SIZE_MAX);
    const std::size_t before = scene.wire.size();
    scene.publish(0, std::string(100, 'x'));
    scene.write(cut);
    if (scene.connection.streams->rest.empty()) continue;  // cut between frames
    scene.leave({1, 0});
    CHECK(scene.connection.subscriptions.size() == 1);
    scene.feed(h2::ping());  // its answer comes behind the frame
    while (scene.write(3)) {
    }
    const Received received = take_apart(scene.wire.substr(before));
    CHECK(received.order == std::vector<std::uint32_t>{1, 3});
    CHECK(received.others == 1);
    CHECK(scene.publications == 2);
    check_complete(scene, received);
  }
}

TEST_CASE("stream write: at random") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Scene scene(1 + random() % 20, 1 + random() % 3, random() % 2 == 0 ? 65'535 : 1 + random() % 5000);
    const std::size_t text_max = random() % 2 == 0 ? 50 : 20'000;
    const auto grow = [&] {
      const std::uint32_t stream = random() % 3 == 0 ? 0 : 1 + 2 * (random() % static_cast<std::uint32_t>(scene.topic_of.size()));
      scene.feed(h2::window_update(stream, 1 + random() % 30'000));
    };
    for (int i = 0; i < 400; ++i) {
      if (random() % 4 == 0 && i < 300) scene.publish(random() % scene.published.size(), std::string(random() % text_max, 'x'));
      if (random() % 5 == 0) grow();
      if (random() % 20 == 0) scene.feed(h2::ping());
      scene.write(random() % 3 == 0 ? SIZE_MAX : random() % 40'000);
    }
    scene.feed(h2::window_update(0, 1 << 30));
    for (const auto& [stream, topic] : scene.topic_of) scene.feed(h2::window_update(stream, 1 << 29));
    for (int i = 0; i < 100'000 && scene.write(1 + random() % 40'000); ++i) {
    }
    const Received received = take_apart(scene.wire);
    check_complete(scene, received);
    std::uint64_t publications = 0;
    for (const auto& [stream, topic] : scene.topic_of) publications += scene.published[topic].size();
    CHECK(scene.publications == publications);
  }
}
