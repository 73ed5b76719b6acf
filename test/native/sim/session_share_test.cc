// One session that says more than its share of what waits for the control plane, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

namespace {

struct Flood {
  std::size_t text_bytes;
  int share;  // so many are one session's share
};

/// As small as messages are: a frame of eight bytes, masked with zeros.
std::string small_message(int number) {
  std::string text = std::to_string(number % 100);
  text.resize(2, '.');
  return std::string("\x81\x82\0\0\0\0", 6) + text;
}

}  // namespace

TEST_CASE("shares: one read of small messages is no more than one share a batch, and whole") {
  for (const bool bounded : {false, true}) {  // by the share, by what waits for the control plane from everybody
    CAPTURE(bounded);
    constexpr int count = 8000;
    SessionsOnFake on;
    if (bounded) on.backlog.emplace(shard::BacklogLimits{300, 1 << 30, 1000});
    else on.batch_now = 1;
    PusherClient& flooding = on.open();
    on.deliver();
    std::string read;
    Texts sent;
    for (int i = 0; i < count; ++i) {
      read += small_message(i);
      sent.push_back(small_message(i).substr(6));
    }
    REQUIRE(on.kernel.peer_write(flooding.socket(), base::bytes_of(read)) == read.size());
    const std::size_t batch_max = bounded ? 300 : 256;
    Texts told;
    for (int batches = 0; batches < 200 && told.size() < sent.size(); ++batches) {
      for (int i = 0; i < 3; ++i) on.turn(10);
      const auto events = on.deliver();
      CHECK(events.size() <= batch_max);
      for (const shard::Event& event : events) told.push_back(std::get<shard::SessionMessage>(event).text);
      ++on.batch_now;
    }
    CHECK(told == sent);
    CHECK(on.engine->received_bytes() == 0);
    CHECK(flooding.is_open());
  }
}

TEST_CASE("shares: a session that ends while some of what it said waits takes that with it") {
  SessionsOnFake on;
  on.batch_now = 1;
  PusherClient& flooding = on.open();
  PusherClient& closed = on.open();
  std::string read;
  for (int i = 0; i < 1000; ++i) read += small_message(i);
  on.kernel.peer_write(flooding.socket(), base::bytes_of(read));
  on.kernel.peer_write(closed.socket(), base::bytes_of(read + std::string("\x88\x80\0\0\0\0", 6)));
  on.settle(1);
  CHECK(on.messages_of(flooding).size() == 256);
  CHECK(on.engine->received_bytes() >= 2 * 744 * 8);
  on.engine->close_session(on.id_of(closed), 4009, "not you");
  flooding.abort();
  on.settle(1);
  CHECK(on.messages_of(closed).size() == 256);
  CHECK(closed.close_code == 4009);
  CHECK(on.engine->received_bytes() < 2 * 744 * 8);
  for (; on.batch_now < 6; ++on.batch_now) on.settle(10);
  CHECK(on.messages_of(flooding).size() == 1000);  // what it had said before it went
  CHECK(on.engine->received_bytes() == 0);
  CHECK(on.stat(metrics::Metric::connections_now) == 0);
}

TEST_CASE("shares: who says more waits for the next batch, and nobody else does") {
  for (const Flood flood : {Flood{10, 256}, Flood{60'000, 5}}) {
    CAPTURE(flood.text_bytes);
    SessionsOnFake on;
    on.batch_now = 1;
    PusherClient& flooding = on.open();
    PusherClient& other = on.open();
    Texts sent;
    for (int i = 0; i < flood.share + 3; ++i) {
      sent.push_back(std::to_string(i) + std::string(flood.text_bytes, 'x'));
      flooding.send_text(sent.back());
      on.settle();
    }
    other.send_text("heard");
    for (int i = 0; i < 10; ++i) on.settle(20);
    CHECK(on.messages_of(flooding) == Texts(sent.begin(), sent.begin() + flood.share));
    CHECK(on.messages_of(other) == Texts{"heard"});
    CHECK(flooding.is_open());
    on.batch_now = 2;
    on.settle(1);
    CHECK(on.messages_of(flooding) == sent);  // nothing is lost
  }
}

TEST_CASE("shares: what the engine does by itself goes on for others, and sessions begin") {
  SessionsOnFake on;
  on.batch_now = 1;
  PusherClient& flooding = on.open();
  PusherClient& writer = on.open(sim::terms_of(100));
  PusherClient& reader = on.open();
  on.join_to_publish(writer, "private-c");
  on.join(reader, "private-c");
  on.settle();
  for (int i = 0; i < 1000; ++i) flooding.send_text(std::string(1000, 'x'));
  on.settle(1);
  writer.send_text(R"({"event":"client-a","channel":"private-c","data":"still here"})");
  writer.send_application_ping();
  PusherClient& late = on.open();
  CHECK(on.id_of(late) != 0);
  CHECK(reader.heard("private-c") == Texts{"still here"});
  CHECK(writer.application_pongs == 1);
  CHECK(on.messages_of(flooding).size() < 1000);
}

TEST_CASE("shares: publications that are told of count too") {
  SessionsOnFake on;
  on.batch_now = 1;
  conn::SessionTerms terms = sim::terms_of(65'535);
  terms.report_publications = true;
  PusherClient& writer = on.open(std::move(terms));
  on.join_to_publish(writer, "private-c");
  for (int i = 0; i < 300; ++i) {
    writer.send_text(R"({"event":"client-a","channel":"private-c","data":"d"})");
    on.settle();
  }
  CHECK(on.count<shard::SessionPublished>() == 256);
  on.batch_now = 2;
  on.settle(1);
  CHECK(on.count<shard::SessionPublished>() == 300);
}
