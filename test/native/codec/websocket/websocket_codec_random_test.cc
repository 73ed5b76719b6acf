// Covers native/codec/websocket/websocket_codec.cc: random clients, random cuts, and random garbage, each from a printed seed.
// Owner: the test. Thread: main.
#include <bit>
#include <random>
#include <string>

#include "native/codec/websocket/websocket_codec.h"
#include "test/native/codec/random_seed.h"
#include "test/native/codec/recorded_commands.h"

using namespace wire;

namespace {

/// A client that sends random messages and writes down what the broker should make of them.
class RandomClient {
 public:
  explicit RandomClient(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  void send_message() {
    const bool text = below(2) == 0;
    const std::string payload = text ? random_text() : random_bytes(random_length());
    std::uint8_t opcode = text ? 0x1 : 0x2;
    std::size_t at = 0;
    for (std::size_t fragments = below(3) == 0 ? below(6) : 0; fragments > 0; --fragments) {
      const std::size_t end = at + below(payload.size() - at + 1);
      send(opcode, payload.substr(at, end - at));
      at = end;
      opcode = 0;
      while (below(3) == 0) send_control();
    }
    send(static_cast<std::uint8_t>(0x80 | opcode), payload.substr(at));
    expected += text ? "text(" + payload + ") " : "binary(" + to_hex(payload) + ") ";
    while (below(4) == 0) send_control();
  }

  Wire sent;
  std::string expected;

 private:
  void send(std::uint8_t first_byte, const std::string& payload) {
    const std::uint32_t mask = random_();
    sent = std::move(sent) + frame(first_byte, payload, std::bit_cast<Mask>(mask));
  }
  void send_control() {
    const bool ping = below(2) == 0;
    const std::string payload = random_bytes(below(126));
    send(ping ? 0x89 : 0x8A, payload);
    expected += (ping ? "ping(" : "pong(") + payload + ") ";
  }
  std::size_t random_length() {
    const std::size_t bounds[] = {1, 8, 126, 140, 2000, 70000};
    return below(bounds[below(40) == 0 ? 5 : below(5)]);
  }
  std::string random_bytes(std::size_t length) {
    std::string bytes;
    while (bytes.size() < length) bytes += static_cast<char>(random_());
    return bytes;
  }
  std::string random_text() {
    const std::string characters[] = {"a", "Z", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "0123456789abcdef"};
    std::string text;
    for (std::size_t left = random_length() / 4; left > 0; --left) text += characters[below(6)];
    return text;
  }

  std::mt19937 random_;
};

std::string run_in_random_pieces(RandomClient& client, std::size_t piece_bytes_max, const Setup& setup) {
  Run run(setup);
  for (std::size_t at = 0; at < client.sent.size();) {
    const std::size_t end = std::min(client.sent.size(), at + client.below(piece_bytes_max) + 1);
    run.feed(client.sent, at, end);
    at = end;
  }
  return run.result();
}

}  // namespace

TEST_CASE("websocket: random messages arrive whole, in order, however they were cut") {
  const std::uint32_t seed = seed_of_run(6455);
  MESSAGE("CORE_TEST_SEED=" << seed);
  const Setup setup = {{.message_bytes_max = 100'000, .fragments_per_message_max = 64}, codec::DataFrames::deliver};
  for (std::uint32_t round = 0; round < 120; ++round) {
    RandomClient client(seed + round);
    for (std::size_t count = 0; count < 20; ++count) client.send_message();
    for (const std::size_t piece_bytes_max : {1u, 16u, 300u, 5000u, 200'000u}) {
      CAPTURE(round);
      CAPTURE(piece_bytes_max);
      const bool same = run_in_random_pieces(client, piece_bytes_max, setup) == client.expected + "open";
      REQUIRE(same);  // not the strings themselves: they are long
    }
  }
}

TEST_CASE("websocket: mutated streams get one verdict, however they are cut") {
  const std::uint32_t seed = seed_of_run(6455);
  MESSAGE("CORE_TEST_SEED=" << seed);
  const Setup setup = {{.message_bytes_max = 3000, .fragments_per_message_max = 3}, codec::DataFrames::deliver};
  for (std::uint32_t round = 0; round < 1500; ++round) {
    RandomClient client(seed + round);
    for (std::size_t count = 0; count < 3; ++count) client.send_message();
    for (std::size_t changes = 1 + client.below(3); changes > 0; --changes) {
      const std::size_t place = client.below(std::min<std::size_t>(client.sent.size(), 300));
      client.sent[place] = static_cast<std::uint8_t>(client.below(256));
    }
    if (client.sent.size() > 5000) client.sent.resize(5000);
    const std::string whole = run_whole(client.sent, setup);
    CAPTURE(round);
    for (const std::size_t piece_bytes_max : {1u, 9u, 400u}) {
      const bool same = run_in_random_pieces(client, piece_bytes_max, setup) == whole;
      REQUIRE(same);
    }
  }
}

TEST_CASE("websocket: garbage never does worse than failing") {
  const std::uint32_t seed = seed_of_run(6455);
  MESSAGE("CORE_TEST_SEED=" << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    Wire garbage(random() % 64);
    for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random());
    if (garbage.size() > 1) {  // mostly plausible, so that it gets somewhere
      garbage[0] &= 0x8B;
      garbage[1] = static_cast<std::uint8_t>(0x80 | (garbage[1] % 128));
    }
    const Setup setup = {{}, random() % 2 == 0 ? codec::DataFrames::deliver : codec::DataFrames::ignore};
    const std::string whole = run_whole(garbage, setup);
    const bool same = garbage.empty() || run_in_pieces(garbage, 1, setup) == whole;
    REQUIRE(same);
  }
}
