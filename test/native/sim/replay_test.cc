// Replays on the fake kernel: what subscribers of the plain port are told, and that what they get meets live delivery exactly.
// Owner: the test. Thread: main.
#include "test/native/sim/engine_on_fake.h"
#include "test/native/sim/raw_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::Client;
using sim::EngineOnFake;
using sim::TextClient;

namespace {

shard::EngineOptions with_history(std::size_t messages = 1000, std::size_t bytes = 1 << 20) {
  shard::EngineOptions options;
  options.epoch_seed = "run1234";
  options.history.rules.push_back({"*", messages, bytes, 300});
  return options;
}

struct Scene : sim::EngineOnFake {
  explicit Scene(shard::EngineOptions options = with_history()) : EngineOnFake(std::move(options)) {}
  void publish_some(const std::string& topic, int from, int to) {
    for (int i = from; i < to; ++i) REQUIRE(publish(topic, topic + std::to_string(i)) == shard::PublishStatus::ok);
  }
  /// The epochs that topics get, in the order in which they are first named.
  static std::string epoch(int number) { return "run1234" + std::to_string(number); }
};

std::vector<std::string> numbered(const std::string& topic, int from, int to) {
  std::vector<std::string> texts;
  for (int i = from; i < to; ++i) texts.push_back(topic + std::to_string(i));
  return texts;
}

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string in_envelope(int epoch, const std::string& topic, int i) {
  return R"({"topic":")" + topic + R"(","epoch":"run1234)" + std::to_string(epoch) + R"(","offset":)" + std::to_string(i) + R"(,"data":")" + topic +
         std::to_string(i) + R"("})";
}

std::vector<std::string> enveloped(int epoch, const std::string& topic, int from, int to) {
  std::vector<std::string> texts;
  for (int i = from; i < to; ++i) texts.push_back(in_envelope(epoch, topic, i));
  return texts;
}

std::string live(int epoch, const std::string& topic, int next) {
  return R"({"live":"run1234)" + std::to_string(epoch) + "-" + std::to_string(next - 1) + R"(","topic":")" + topic + R"("})";
}

/// The head of the answer to that target.
std::string head_of(const std::string& target, shard::EngineOptions options, int published) {
  sim::SessionsOnFake on(std::move(options));
  for (int i = 0; i < published; ++i) on.publish("a", "a" + std::to_string(i));
  sim::Raw raw(on, 8002, 7);
  raw.write(sim::upgrade_request(target));
  on.turn();
  const std::string answer = raw.read();
  return answer.substr(0, answer.find("\r\n\r\n") + 2);
}

bool has(const std::string& head, const std::string& line) { return head.find("\r\n" + line + "\r\n") != std::string::npos; }

}  // namespace

TEST_CASE_FIXTURE(Scene, "replay: from a position, the newest N, the beginning; then what is published from then on") {
  publish_some("a", 0, 10);
  TextClient& since = text_subscriber("/a?since=run12340-3");
  TextClient& last = text_subscriber("/a?last=2");
  TextClient& all = text_subscriber("/a?since=beginning");
  TextClient& live = text_subscriber("/a");
  settle();
  publish_some("a", 10, 13);
  settle();
  CHECK(since.texts == numbered("a", 4, 13));
  CHECK(last.texts == numbered("a", 8, 13));
  CHECK(all.texts == numbered("a", 0, 13));
  CHECK(live.texts == numbered("a", 10, 13));
  CHECK(stat(Metric::replays) == 3);
  CHECK(stat(Metric::publications_replayed) == 6 + 2 + 10);
  CHECK(stat(Metric::recoveries_whole) == 2);
  CHECK(stat(Metric::recoveries_with_gap) == 0);
}

TEST_CASE("replay: the answer to the handshake says where live delivery begins, and what was missed") {
  const std::string plain = head_of("/a", with_history(), 3);
  CHECK(has(plain, "Broker-Epoch: run12340"));
  CHECK(has(plain, "Broker-Offset: 3"));
  CHECK(plain.find("Broker-Recovered") == std::string::npos);
  const std::string whole = head_of("/a?since=run12340-0", with_history(), 3);
  CHECK(has(whole, "Broker-Offset: 3"));
  CHECK(has(whole, "Broker-Recovered: true"));
  CHECK(has(whole, "Broker-Skipped: 0"));
  const std::string part = head_of("/a?since=run12340-1", with_history(3), 10);
  CHECK(has(part, "Broker-Recovered: false"));
  CHECK(has(part, "Broker-Skipped: 5"));
  const std::string unknown = head_of("/a?since=elsewhere-1", with_history(), 3);
  CHECK(has(unknown, "Broker-Recovered: false"));
  CHECK(has(unknown, "Broker-Skipped: unknown"));
  const std::string several = head_of("/?topic=a&topic=b&since=run12340--1&since=", with_history(2), 3);
  CHECK(has(several, "Broker-Epoch: run12340, run12341"));
  CHECK(has(several, "Broker-Offset: 3, 0"));
  CHECK(has(several, "Broker-Recovered: false, -"));
  CHECK(has(several, "Broker-Skipped: 1, -"));
  shard::EngineOptions none;
  none.epoch_seed = "run1234";
  const std::string without = head_of("/a?since=run12340-0", none, 3);
  CHECK(has(without, "Broker-Recovered: false"));
  CHECK(has(without, "Broker-Skipped: 2"));
}

TEST_CASE_FIXTURE(Scene, "replay: several topics one behind the other, each in its order, each complete") {
  publish_some("a", 0, 200);
  publish_some("b", 0, 200);
  TextClient& reader = text_subscriber("/?topic=a&topic=b&since=beginning", 4096);
  settle();
  publish_some("a", 200, 205);
  publish_some("b", 200, 205);
  settle();
  std::vector<std::string> first_texts(reader.texts.begin(), reader.texts.begin() + 400);
  CHECK(first_texts == numbered("a", 0, 200) + numbered("b", 0, 200));
  CHECK(reader.texts.size() == 410);
}

TEST_CASE_FIXTURE(Scene, "replay: in envelopes each topic says when it is live, and where that is") {
  publish_some("a", 0, 3);
  publish_some("b", 0, 2);
  TextClient& reader = text_subscriber("/?topic=a&topic=b&topic=c&envelope=1&since=run12340-0&since=beginning&since=");
  settle();
  CHECK(reader.texts == enveloped(0, "a", 1, 3) + std::vector{live(0, "a", 3)} + enveloped(1, "b", 0, 2) + std::vector{live(1, "b", 2)} +
                            std::vector<std::string>{R"({"live":"run12342--1","topic":"c"})"});
  publish_some("c", 0, 1);
  publish_some("a", 3, 4);
  settle();
  CHECK(reader.texts.size() == 9);
}

TEST_CASE("replay: in envelopes a gap at the beginning comes before everything else of its topic") {
  Scene on(with_history(2));
  on.publish_some("a", 0, 5);
  TextClient& reader = on.text_subscriber("/a?envelope=1&since=run12340-0");
  TextClient& stranger = on.text_subscriber("/a?envelope=1&since=elsewhere-0");
  on.settle();
  const std::string gap = R"({"gap":{"topic":"a","from":"run12340-1","to":"run12340-2","skipped":2}})";
  CHECK(reader.texts == std::vector{gap} + enveloped(0, "a", 3, 5) + std::vector{live(0, "a", 5)});
  CHECK(stranger.texts.front() == R"({"gap":{"topic":"a","from":null,"to":null,"skipped":null}})");
  CHECK(stranger.texts.size() == 4);
}

TEST_CASE_FIXTURE(Scene, "replay: the offset in an envelope grows by a digit while others publish") {
  TextClient& reader = text_subscriber("/a?envelope=1");
  settle();
  publish_some("a", 0, 101);
  settle();
  CHECK(reader.texts == std::vector<std::string>{R"({"live":"run12340--1","topic":"a"})"} + enveloped(0, "a", 0, 101));
}

TEST_CASE("replay: what a slow subscriber is not sent is announced in envelopes, once for what it never saw any of") {
  shard::EngineOptions options = with_history();
  options.slow_rules = {{"*", conn::SlowPolicyId::drop_oldest, {16 * 1024, 10'000}}};
  Scene on(options);
  TextClient& reader = on.text_subscriber("/a?envelope=1", 4096);
  on.settle();
  reader.pace = sim::Pace::stuck;
  int published = 0;
  for (int round = 0; round < 50; ++round) {
    on.publish_some("a", published, published + 100);
    published += 100;
    on.settle();
  }
  reader.pace = sim::Pace::eager;
  on.settle();
  std::uint64_t next = 0;
  std::size_t gaps = 0;
  for (const std::string& text : reader.texts) {
    if (text.starts_with(R"({"live)")) continue;
    if (text.starts_with(R"({"gap)")) {
      unsigned long from = 0, to = 0, skipped = 0;
      REQUIRE(std::sscanf(text.c_str(), R"({"gap":{"topic":"a","from":"run12340-%lu","to":"run12340-%lu","skipped":%lu}})", &from, &to, &skipped) == 3);
      CHECK(from == next);
      CHECK(skipped == to - from + 1);
      next = to + 1;
      ++gaps;
      continue;
    }
    REQUIRE(text == in_envelope(0, "a", static_cast<int>(next)));
    ++next;
  }
  CHECK(next == static_cast<std::uint64_t>(published));
  CHECK(gaps >= 1);
  CHECK(gaps <= 3);
}

TEST_CASE_FIXTURE(Scene, "replay: 1000 come back at once for the same 100 publications: they are encoded once in each encoding") {
  publish_some("a", 0, 100);
  const std::int64_t before = stat(Metric::encodes);
  std::vector<TextClient*> plain, enveloped_clients;
  for (int i = 0; i < 500; ++i) {
    plain.push_back(&text_subscriber("/a?since=run12340--1"));
    enveloped_clients.push_back(&text_subscriber("/a?envelope=1&since=run12340--1"));
    if (i % 50 == 0) settle();
  }
  settle();
  CHECK(stat(Metric::encodes) - before <= 2 * 100);
  for (const TextClient* each : plain) CHECK(each->texts == numbered("a", 0, 100));
  for (const TextClient* each : enveloped_clients) CHECK(each->texts.size() == 101);
}

TEST_CASE("replay: it is judged like live publications: who does not take it is slow") {
  shard::EngineOptions options = with_history(100'000, 64 << 20);
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {64 * 1024, 10'000}}};
  Scene on(options);
  for (int i = 0; i < 100; ++i) on.publish("a", std::string(1000, 'x'));
  TextClient& stuck = on.text_subscriber("/a?since=beginning", 4096);
  on.settle();
  stuck.pace = sim::Pace::stuck;
  TextClient& eager = on.text_subscriber("/a?since=beginning", 4096);
  on.settle();
  // Three quarters of what it may be behind are replayed, so that being replayed makes nobody slow.
  CHECK(eager.texts.size() == 48 * 1024 / 1004);
  CHECK(eager.is_open());
  for (int i = 0; i < 100; ++i) {
    on.publish("a", std::string(1000, 'y'));
    on.settle();
  }
  CHECK(eager.texts.size() == 48 * 1024 / 1004 + 100);
}

TEST_CASE("replay: while the logs are full it is refused, a plain subscription is not") {
  shard::EngineOptions options = with_history();
  options.log_bytes_max = 1024 * 1024;
  options.slow_rules = {{"*", conn::SlowPolicyId::disconnect, {1ull << 30, 3'600'000}}};
  Scene on(options);
  TextClient& stuck = on.text_subscriber("/a", 4096);
  on.settle();
  stuck.pace = sim::Pace::stuck;
  while (on.publish("a", std::string(16'000, 'x')) == shard::PublishStatus::ok) on.turn();
  TextClient& refused = on.text_subscriber("/a?last=1");
  TextClient& plain = on.text_subscriber("/b");
  for (int i = 0; i < 4; ++i) {
    refused.step();
    plain.step();
    on.turn();
  }
  refused.step();
  plain.step();
  CHECK(refused.status == 503);
  CHECK(plain.status == 101);
}
