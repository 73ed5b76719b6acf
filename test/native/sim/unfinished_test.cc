// Messages whose rest a peer owes, on the fake kernel: what all of them keep has a bound, and each has its time.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::SessionsOnFake;

namespace {

/// The head of a masked frame, and so many bytes of a payload that has `length`.
std::string frame_part(unsigned first_byte, std::size_t length, std::size_t bytes) {
  std::string frame;
  frame += static_cast<char>(first_byte);
  if (length < 126) {
    frame += static_cast<char>(0x80 | length);
  } else {
    frame += static_cast<char>(0xFE);
    frame += static_cast<char>(length >> 8);
    frame += static_cast<char>(length & 0xFF);
  }
  return frame + std::string(4, '\0') + std::string(bytes, 'x');
}

std::string whole(unsigned first_byte, std::size_t length) { return frame_part(first_byte, length, length); }

class Place : public SessionsOnFake {
 public:
  using SessionsOnFake::SessionsOnFake;

  void write(const Client& client, const std::string& bytes) { kernel.peer_write(client.socket(), base::bytes_of(bytes)); }
  void wait_ms(int ms) {
    for (; ms > 0; ms -= 20) settle(0), kernel.advance_ns(20'000'000);
    settle();
  }
};

shard::EngineOptions with_message_ms(std::uint32_t message_ms) {
  shard::EngineOptions options;
  options.message_ms = message_ms;
  options.codecs.websocket.message_bytes_max = 65'000;
  return options;
}

constexpr unsigned text = 0x81;
constexpr unsigned text_begins = 0x01;
constexpr unsigned goes_on = 0x00;
constexpr unsigned ping = 0x89;

}  // namespace

TEST_CASE("half-sent messages: all of them together have a bound; who has more than its part ends, the others go on") {
  shard::EngineOptions options;
  options.received_bytes_max = 200'000;
  Place on(options);
  sim::TextClient& subscriber = on.text_subscriber("/t");
  Client& good = on.publisher("/t");
  std::vector<Client*> greedy;
  for (int i = 0; i < 3; ++i) greedy.push_back(&on.publisher("/t"));
  for (int i = 0; i < 3; ++i) greedy.push_back(&on.open());
  on.settle();
  on.write(good, frame_part(text, 1010, 1000));
  on.settle();
  CHECK(on.engine->received_bytes() >= 1000);
  for (Client* each : greedy) {
    on.write(*each, frame_part(text, 60'001, 60'000));
    on.settle();
  }
  CHECK(on.engine->received_bytes() <= 200'000);
  int ended = 0;
  for (Client* each : greedy) {
    if (!each->close_code) continue;
    ++ended;
    CHECK(each->close_code == (each->setup.port == 8001 ? 1013 : 4100));
    CHECK(each->close_reason == "the server is out of buffers");
  }
  CHECK(ended == 3);
  CHECK(on.stat(Metric::connections_closed_held) == 3);
  on.write(good, std::string(10, 'x'));
  on.settle();
  CHECK(subscriber.texts == sim::Texts{std::string(1010, 'x')});
  for (const auto& client : on.clients) client->vanish();
  on.settle();
  CHECK(on.engine->received_bytes() == 0);
}

TEST_CASE("half-sent request heads count too, and are refused with 503") {
  shard::EngineOptions options;
  options.received_bytes_max = 20'000;
  Place on(options);
  std::vector<int> sockets;
  for (int i = 0; i < 4; ++i) {
    sockets.push_back(on.kernel.connect(8002, sim::address_of(100 + static_cast<std::uint32_t>(i)), 64 * 1024));
    on.kernel.peer_write(sockets.back(), base::bytes_of("GET /t HTTP/1.1\r\nX: " + std::string(8'000, 'x')));
    on.settle();
  }
  CHECK(on.stat(Metric::handshakes_refused) == 2);
  CHECK(on.engine->received_bytes() <= 20'000);
  std::string answer(2000, '\0');
  answer.resize(on.kernel.peer_read(sockets[2], {reinterpret_cast<std::uint8_t*>(answer.data()), answer.size()}));
  CHECK(answer.starts_with("HTTP/1.1 503 "));
  CHECK(answer.find("the server is out of buffers") != std::string::npos);
}

TEST_CASE("half-sent messages: closed with 1008 when the time from the first byte is over, however often a byte comes") {
  for (const bool session : {false, true}) {
    CAPTURE(session);
    Place on(with_message_ms(1000));
    Client& client = session ? static_cast<Client&>(on.open()) : on.publisher("/t");
    on.settle();
    on.write(client, frame_part(text_begins, 500, 1));
    for (int i = 0; i < 9; ++i) {
      on.wait_ms(100);
      on.write(client, "x");
    }
    on.settle();
    CHECK(!client.close_code);
    on.wait_ms(200);
    CHECK(client.close_code == 1008);
    CHECK(client.close_reason == "the message took too long");
    CHECK(on.stat(Metric::connections_closed_overdue) == 1);
    CHECK(on.engine->received_bytes() == 0);
  }
}

TEST_CASE("half-sent messages: neither fragments, nor pings between them, nor an empty frame give more time") {
  Place on(with_message_ms(1000));
  Client& fragments = on.publisher("/t");
  Client& pings = on.publisher("/t");
  Client& nothing = on.publisher("/t");
  Client& header = on.publisher("/t");
  on.settle();
  for (Client* each : {&fragments, &pings}) on.write(*each, whole(text_begins, 3));
  on.write(nothing, whole(text_begins, 0));
  on.write(header, std::string(1, '\x81'));
  for (int i = 0; i < 9; ++i) {
    on.wait_ms(100);
    on.write(fragments, whole(goes_on, 3));
    on.write(pings, whole(ping, 3));
  }
  on.wait_ms(300);
  for (Client* each : {&fragments, &pings, &nothing, &header}) CHECK(each->close_code == 1008);
}

TEST_CASE("half-sent messages: whoever ends each in time is left alone, though every read ends within one") {
  Place on(with_message_ms(1000));
  Client& busy = on.publisher("/t");
  on.settle();
  const std::string one = whole(text, 100);
  on.write(busy, one.substr(0, 50));
  for (int i = 0; i < 60; ++i) {
    on.wait_ms(60);
    on.write(busy, one.substr(50) + one.substr(0, 50));
  }
  on.settle();
  CHECK(busy.is_open());
  CHECK(on.stat(Metric::messages_received) == 60);
  on.wait_ms(1200);
  CHECK(busy.close_code == 1008);
}

TEST_CASE("half-sent messages: a subscriber owes its control frames, and may take as long as it likes for what is ignored") {
  Place on(with_message_ms(1000));
  Client& talks = on.subscriber("/t");
  Client& stops = on.subscriber("/t");
  on.settle();
  on.write(talks, frame_part(text, 60'000, 100));
  on.write(stops, frame_part(ping, 10, 3));
  on.wait_ms(3000);
  CHECK(talks.is_open());
  CHECK(stops.close_code == 1008);
}

TEST_CASE("half-sent messages: who is not read because the logs are full is given its time anew") {
  shard::EngineOptions options = with_message_ms(1000);
  options.log_bytes_max = 300 * 1024;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {1 << 30, 3'600'000}}};
  Place on(options);
  Client& publisher = on.publisher("/t");
  Client& many = on.subscriber("/u", 1 << 30);
  on.settle();
  on.write(publisher, frame_part(text, 100, 50));
  on.settle();
  many.pace = sim::Pace::stuck;
  while (on.publish("u", 10'000) == shard::PublishStatus::ok) {
  }
  on.kernel.faults.refused_send = 1000;
  on.write(publisher, std::string(10, 'x'));
  on.turn();
  REQUIRE(on.stat(Metric::publishers_paused) >= 1);
  for (int i = 0; i < 3; ++i) on.turn(600);
  on.kernel.faults.refused_send = 0;
  many.pace = sim::Pace::eager;
  while (on.engine->memory().bytes_now() > 0) on.settle(1);
  on.turn(900);
  CHECK(publisher.is_open());
  on.write(publisher, std::string(40, 'x'));
  on.settle();
  CHECK(on.stat(Metric::messages_received) == 1);
}
