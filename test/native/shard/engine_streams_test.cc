// Streams with the engine's threads, on real sockets: gRPC and WebSocket publishers and publish() at once, subscribers of one
// connection on several topics, then drain. What it looks for is what TSan sees, and one order of each topic for everybody.
// Owner: the test. Thread: main, the engine's shards, and one for each client.
#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "native/codec/grpc/grpc_message.h"
#include "native/os/linux_kernel.h"
#include "native/shard/engine.h"
#include "test/native/codec/http2/http2_wire.h"
#include "test/native/shard/blocking_socket.h"
#include "test/native/doctest_last.h"

using wire::operator+;

namespace {

constexpr unsigned topics = 2;
constexpr unsigned connections = 3;
constexpr unsigned streams_each = 6;  // of a connection, over all topics
constexpr unsigned grpc_publishers = 2;
constexpr unsigned socket_publishers = 2;
constexpr unsigned each = 200;  // publications of a publisher; publish() counts as one more, for every topic

std::string topic_name(unsigned topic) { return "topic-" + std::to_string(topic); }

class Events final : public shard::EventSink {
 public:
  bool congested() const override { return false; }
  bool post(shard::Event&& event) override {
    if (!std::holds_alternative<shard::Drained>(event)) return true;
    drained.store(true);
    drained.notify_all();
    return true;
  }
  std::atomic<bool> drained{false};
};

/// What was said, in the order of its arrival: author and number.
using Heard = std::vector<std::pair<std::int32_t, int>>;

struct Seen {
  std::map<std::uint32_t, Heard> heard;  // by stream
  std::map<std::uint32_t, int> trailers;
  std::string trouble;
};

/// An HTTP/2 client that blocks, with windows as large as they can be.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : client_(port) {
    send(h2::bytes(codec::http2_preface) + h2::settings({{4, INT32_MAX}}) + h2::window_update(0, INT32_MAX - 65'535));
  }
  void send(const h2::Wire& bytes) { client_.write({bytes.begin(), bytes.end()}); }
  /// False at the end.
  bool read(codec::FrameHead& head, h2::Wire& payload) {
    if (!need(codec::frame_head_bytes)) return false;
    head = codec::read_frame_head(in_);
    if (!need(codec::frame_head_bytes + head.length)) return false;
    payload.assign(in_.begin() + codec::frame_head_bytes, in_.begin() + static_cast<std::ptrdiff_t>(codec::frame_head_bytes + head.length));
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(codec::frame_head_bytes + head.length));
    return true;
  }

 private:
  bool need(std::size_t bytes) {
    while (in_.size() < bytes) {
      const std::string more = client_.read();
      if (more.empty()) return false;
      in_.insert(in_.end(), more.begin(), more.end());
    }
    return true;
  }

  loopback::Client client_;
  h2::Wire in_;
};

/// Takes whole messages from the front of what came on a stream.
void take_messages(std::string& partial, Heard& heard, std::atomic<unsigned>& received) {
  while (partial.size() >= codec::grpc_prefix_bytes) {
    const std::size_t length = codec::read_u32(base::bytes_of(partial).subspan(1));
    if (partial.size() < codec::grpc_prefix_bytes + length) return;
    const auto message = codec::read_publish_request(base::bytes_of(partial).subspan(codec::grpc_prefix_bytes, length));
    heard.emplace_back(message ? message->message.author : -1, message ? std::atoi(std::string(message->message.data).c_str()) : -1);
    partial.erase(0, codec::grpc_prefix_bytes + length);
    received.fetch_add(1);
    received.notify_all();
  }
}

/// Subscribes with every stream, and reads until the connection ends.
void subscribe(std::uint16_t port, Seen& seen, std::atomic<unsigned>& ready, std::atomic<unsigned>& received) {
  Connection connection(port);
  for (unsigned i = 0; i < streams_each; ++i) connection.send(h2::subscribe(2 * i + 1, {{"topic", topic_name(i % topics)}}));
  std::map<std::uint32_t, std::string> partial;
  codec::FrameHead head;
  for (h2::Wire payload; connection.read(head, payload);) {
    if (head.is(codec::FrameType::data)) {
      partial[head.stream].append(payload.begin(), payload.end());
      take_messages(partial[head.stream], seen.heard[head.stream], received);
    } else if (head.is(codec::FrameType::headers) && head.has(h2::flag::end_stream)) {
      ++seen.trailers[head.stream];
    } else if (head.is(codec::FrameType::headers)) {
      ready.fetch_add(1);
      ready.notify_all();
    } else if (head.is(codec::FrameType::rst_stream)) {
      seen.trouble = "a reset";
    }
  }
  for (const auto& [stream, rest] : partial) seen.trouble += rest.empty() ? "" : "half a message";
  received.fetch_add(1'000'000);  // after the drain, or too early: then nobody waits for ever
  received.notify_all();
}

std::string numbered(unsigned i) { return std::to_string(i) + " " + std::string(i * 37 % 900, 'x'); }

void publish_from_stream(std::uint16_t port, unsigned publisher) {
  Connection connection(port);
  connection.send(h2::call(1, h2::publish_path, {{"topic", topic_name(publisher % topics)}}));
  for (unsigned i = 0; i < each; ++i) {
    const std::string text = numbered(i);
    const codec::Message message{static_cast<std::int32_t>(publisher), text};
    h2::Wire bytes(codec::message_bytes(message));
    codec::write_message(message, bytes);
    connection.send(h2::data(1, h2::grpc(bytes)));
  }
  connection.send(h2::end_data(1));
  codec::FrameHead head;
  for (h2::Wire payload; connection.read(head, payload);) {
    if (head.is(codec::FrameType::headers) && head.has(h2::flag::end_stream)) return;
  }
}

void publish_from_socket(std::uint16_t port, unsigned publisher) {
  blocking::Socket socket(port, "/" + topic_name(publisher % topics));
  for (unsigned i = 0; i < each; ++i) {
    socket.send(0x81, R"({"author":)" + std::to_string(publisher) + R"(,"data":")" + numbered(i) + R"("})");
  }
  socket.send(0x88, "\x03\xE8");
  unsigned opcode = 0;
  for (std::string payload; socket.read_frame(opcode, payload);) {
  }
}

void publish_from_here(shard::Engine& engine) {
  for (unsigned i = 0; i < each; ++i) {
    for (unsigned topic = 0; topic < topics; ++topic) {
      const std::string payload = R"({"author":1000,"data":")" + numbered(i) + R"("})";
      CHECK(engine.publish(topic_name(topic), {codec::PayloadKind::text, base::bytes_of(payload)}).status == shard::PublishStatus::ok);
    }
    if (i % 50 == 0) CHECK(engine.stats().size() == metrics::metric_count);
  }
}

void wait_for(std::atomic<unsigned>& value, unsigned wanted) {
  for (unsigned now = value.load(); now < wanted; now = value.load()) value.wait(now);
}

void check_seen(const std::vector<Seen>& all) {
  for (unsigned topic = 0; topic < topics; ++topic) {
    const Heard& order = all.front().heard.at(2 * topic + 1);
    std::map<std::int32_t, int> next;
    for (const auto& [author, number] : order) CHECK(number == next[author]++);
    CHECK(order.size() == each * (1 + (grpc_publishers + socket_publishers) / topics));
    for (const Seen& seen : all) {
      CHECK(seen.trouble == "");
      for (unsigned i = topic; i < streams_each; i += topics) {
        const bool same = seen.heard.at(2 * i + 1) == order;
        CHECK(same);
        CHECK(seen.trailers.at(2 * i + 1) == 1);
      }
    }
  }
}

}  // namespace

TEST_CASE("engine: streams and sockets on three threads, every publication in one order for all, drain") {
  os::LinuxKernel kernel;
  Events events;
  shard::EngineOptions options;
  options.shards = 3;
  const os::Address any_port = *os::Address::parse("127.0.0.1", 0);
  options.listeners = {{codec::ProtocolId::websocket_publish, any_port, false}, {codec::ProtocolId::grpc, any_port, false}};
  shard::StartError error;
  const auto engine = shard::Engine::start(options, kernel, events, error);
  REQUIRE(engine != nullptr);
  REQUIRE(engine->run());
  const std::uint16_t socket_port = engine->listeners()[0].address.port;
  const std::uint16_t grpc_port = engine->listeners()[1].address.port;

  std::vector<Seen> seen(connections);
  std::atomic<unsigned> ready{0};
  std::atomic<unsigned> received{0};
  std::vector<std::thread> threads;
  for (Seen& each_seen : seen) threads.emplace_back([&] { subscribe(grpc_port, each_seen, ready, received); });
  wait_for(ready, connections * streams_each);
  for (unsigned i = 0; i < grpc_publishers; ++i) threads.emplace_back([=] { publish_from_stream(grpc_port, i); });
  for (unsigned i = 0; i < socket_publishers; ++i) threads.emplace_back([=] { publish_from_socket(socket_port, grpc_publishers + i); });
  publish_from_here(*engine);
  wait_for(received, connections * streams_each / topics * each * (topics + grpc_publishers + socket_publishers));
  engine->drain(500);
  events.drained.wait(false);
  for (std::thread& thread : threads) thread.join();
  CHECK(engine->memory().bytes_now() == 0);
  CHECK(engine->stream_bytes() == 0);
  engine->stop();
  check_seen(seen);
}

TEST_CASE("engine: stopped in the middle of streams, it ends at once and closes every socket") {
  os::LinuxKernel kernel;
  Events events;
  shard::EngineOptions options;
  options.listeners = {{codec::ProtocolId::grpc, *os::Address::parse("127.0.0.1", 0), false}};
  shard::StartError error;
  auto engine = shard::Engine::start(options, kernel, events, error);
  REQUIRE(engine != nullptr);
  REQUIRE(engine->run());
  Connection connection(engine->listeners()[0].address.port);
  for (std::uint32_t i = 0; i < 50; ++i) connection.send(h2::subscribe(2 * i + 1));
  connection.send(h2::call(101, h2::publish_path));
  for (int i = 0; i < 100; ++i) connection.send(h2::data(101, h2::grpc(h2::message(1, "hello"))));
  engine->stop();
  engine.reset();
  codec::FrameHead head;
  std::size_t frames = 0;
  for (h2::Wire payload; connection.read(head, payload);) ++frames;
  CHECK(frames < 100 * 50 + 200);
}
