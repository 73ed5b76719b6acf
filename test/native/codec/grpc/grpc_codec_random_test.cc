// Covers native/codec/grpc/grpc_codec*.cc and http2_connection*.cc: random clients, random cuts, and mutated streams, each from a
// printed seed.
// Owner: the test. Thread: main.
#include <random>
#include <string>

#include "test/native/codec/http2/hpack_encoder.h"
#include "test/native/codec/memory_in_use.h"
#include "test/native/codec/random_seed.h"

using namespace h2;
using codec::Ending;

namespace {

/// A client that opens, feeds and ends streams at random, its header blocks encoded in every way.
class RandomClient {
 public:
  explicit RandomClient(std::uint32_t seed) : encoder_(seed) {}

  std::size_t below(std::size_t bound) { return encoder_.below(bound); }

  void act() {
    switch (below(10)) {
      case 0:
      case 1: return open(subscribe_path);
      case 2: return open(publish_path);
      case 3: return open(last_path);
      case 4: return cancel();
      case 5: return other();
      default: return publish();
    }
  }

  Wire sent;
  std::string expected;  // of messages

 private:
  void open(std::string_view path) {
    const std::uint32_t id = next_id_;
    next_id_ += 2 * static_cast<std::uint32_t>(1 + below(2));
    const std::string topic = below(3) == 0 ? "news" : "";
    Wire header_block;
    Fields fields = call_fields(path);
    if (!topic.empty()) fields.emplace_back("topic", topic);
    for (const auto& field : fields) header_block = header_block + encoder_.encode(field);
    send_block(id, header_block);
    if (path == publish_path) publishers_.emplace_back(id, topic.empty() ? "default" : topic);
    else send(end_data(id, grpc({})));
  }
  void send_block(std::uint32_t id, const Wire& header_block) {
    const std::size_t cut = below(header_block.size() + 1);
    if (below(2) == 0) return send(headers(id, header_block));
    const auto middle = header_block.begin() + static_cast<std::ptrdiff_t>(cut);
    send(headers(id, Wire(header_block.begin(), middle), 0));
    send(frame(FrameType::continuation, flag::end_headers, id, Wire(middle, header_block.end())));
  }
  void publish() {
    if (publishers_.empty()) return;
    const auto& [id, topic] = publishers_[below(publishers_.size())];
    Wire content;
    for (std::size_t count = 1 + below(3); count > 0; --count) {
      const std::string text(below(8) == 0 ? below(3000) : below(60), static_cast<char>('a' + below(26)));
      const int author = static_cast<int>(below(128));
      Wire body = {0x08, static_cast<std::uint8_t>(author)};
      if (!text.empty()) body = body + Wire{0x12} + length(text.size()) + bytes(text);
      content = content + grpc(body);
      expected += "message(" + std::to_string(id) + "," + topic + "," + std::to_string(author) + "," + text + ") ";
    }
    while (!content.empty()) {
      const std::size_t size = below(4) == 0 ? 1 + below(content.size()) : content.size();
      send(data(id, Wire(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size))));
      content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }
  static Wire length(std::size_t value) {
    if (value < 128) return {static_cast<std::uint8_t>(value)};
    return {static_cast<std::uint8_t>(value | 0x80), static_cast<std::uint8_t>(value >> 7)};
  }
  void cancel() {
    if (publishers_.empty()) return;
    const std::size_t at = below(publishers_.size());
    send(below(2) == 0 ? rst_stream(publishers_[at].first) : end_data(publishers_[at].first));
    publishers_.erase(publishers_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void other() {
    switch (below(5)) {
      case 0: return send(ping());
      case 1: return send(settings({{4, static_cast<std::uint32_t>(below(100'000))}}));
      case 2: return send(window_update(0, static_cast<std::uint32_t>(16 + below(1000))));
      case 3: return send(frame(0x30, 0, 0, Wire(below(100), 0)));
      default: return send(frame(FrameType::priority, 0, next_id_, Wire(5, 0)));
    }
  }
  void send(const Wire& bytes_sent) { sent.insert(sent.end(), bytes_sent.begin(), bytes_sent.end()); }

  hpack::RandomEncoder encoder_;
  std::uint32_t next_id_ = 1;
  std::vector<std::pair<std::uint32_t, std::string>> publishers_;
};

/// A sink that does something about half of what it hears.
Setup lively() {
  return {{}, [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
            if (what == "last" && stream.id % 3 != 0) codec.answer(stream, grpc(message(1, "retained")), stream.id);
            if (what == "subscribe" && stream.id % 7 == 0) codec.finish(stream, Ending::unavailable, "no");
          }};
}

Outcome run_in_random_pieces(RandomClient& client, std::size_t piece_bytes_max, const Setup& setup) {
  Connection connection(setup);
  for (std::size_t at = 0; at < client.sent.size();) {
    const std::size_t end = std::min(client.sent.size(), at + client.below(piece_bytes_max) + 1);
    connection.feed(client.sent, at, end);
    at = end;
  }
  return outcome_of(connection);
}

std::string messages_in(const std::string& commands) {
  std::string messages;
  for (std::size_t at = 0; (at = commands.find("message(", at)) != std::string::npos;) {
    const std::size_t end = commands.find(") ", at) + 2;
    messages += commands.substr(at, end - at);
    at = end;
  }
  return messages;
}

}  // namespace

TEST_CASE("grpc random: every message arrives whole, in order, however it was cut") {
  const std::uint32_t seed = seed_of_run(50051);
  MESSAGE("CORE_TEST_SEED=" << seed);
  for (std::uint32_t round = 0; round < 60; ++round) {
    RandomClient client(seed + round);
    for (int i = 0; i < 150; ++i) client.act();
    const Outcome whole = run_whole(client.sent, lively());
    CAPTURE(round);
    REQUIRE(whole.commands.ends_with("open"));
    const bool same_messages = messages_in(whole.commands) == client.expected;
    REQUIRE(same_messages);
    for (const std::size_t piece_bytes_max : {1u, 16u, 300u, 5000u}) {
      const bool same = run_in_random_pieces(client, piece_bytes_max, lively()) == whole;
      CAPTURE(piece_bytes_max);
      REQUIRE(same);
    }
  }
}

TEST_CASE("grpc random: mutated streams get one verdict, however they are cut") {
  const std::uint32_t seed = seed_of_run(50051);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::size_t failures = 0;
  for (std::uint32_t round = 0; round < 2500; ++round) {
    RandomClient client(seed + round);
    for (int i = 0; i < 12; ++i) client.act();
    for (std::size_t changes = 1 + client.below(4); changes > 0; --changes) {
      const std::size_t place = client.below(client.sent.size());
      switch (client.below(3)) {
        case 0: client.sent[place] = static_cast<std::uint8_t>(client.below(256)); break;
        case 1: client.sent[place] ^= static_cast<std::uint8_t>(1u << client.below(8)); break;
        default: client.sent.erase(client.sent.begin() + static_cast<std::ptrdiff_t>(place)); break;
      }
    }
    const Outcome whole = run_whole(client.sent, lively());
    if (!whole.commands.ends_with("open")) ++failures;
    CAPTURE(round);
    for (const std::size_t piece_bytes_max : {1u, 9u, 400u}) {
      const bool same = run_in_random_pieces(client, piece_bytes_max, lively()) == whole;
      REQUIRE(same);
    }
  }
  CHECK(failures > 500);
}

TEST_CASE("grpc random: plausible frames of garbage never do worse than failing, and leave no memory behind") {
  const std::uint32_t seed = seed_of_run(50051);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  const auto garbage = [&](std::size_t bytes_in_it) {
    Wire made(bytes_in_it);
    for (auto& byte : made) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 8 : random());
    return made;
  };
  const auto session = [&] {
    Connection connection(lively());
    connection.recorder.writes_commands = false;
    std::uint32_t id = 1;
    for (int frames = 0; frames < 60 && connection.verdict() == "open"; ++frames) {
      if (random() % 3 == 0) {
        connection.feed(call(id, random() % 2 == 0 ? publish_path : "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"));
        id += 2;
      }
      const auto type = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 12 : 0);
      const bool sized = random() % 4 != 0;
      const std::size_t length = !sized || type == 0 ? random() % 60 : type == 4 ? 6 : type == 6 ? 8 : type == 2 ? 5 : 4;
      const std::uint32_t stream = type == 4 || type == 6 ? 0 : id < 3 ? 1 : (random() % (id / 2)) * 2 + 1;
      Wire payload = garbage(length);
      if (type == 0 && random() % 2 == 0) payload = grpc(payload);
      connection.feed(frame(type, static_cast<std::uint8_t>(random() % 4 == 0 ? random() : 0), stream, payload));
      connection.codec().consume_replies(connection.codec().replies().size());
    }
  };
  for (int round = 0; round < 200; ++round) session();
  const std::size_t before = memory_in_use();
  for (int round = 0; round < 3000; ++round) session();
  if (counts_memory) CHECK(memory_in_use() < before + 64 * 1024);
}
