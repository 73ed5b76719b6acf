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

}  // namespace

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
  CHECK(on.count(shard::EventKind::session_published) == 256);
  on.batch_now = 2;
  on.settle(1);
  CHECK(on.count(shard::EventKind::session_published) == 300);
}
