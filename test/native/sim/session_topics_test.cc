// Sessions that join and leave topics: each hears everything from its join on and nothing from before, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using sim::Client;
using sim::Pace;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

TEST_CASE("joins: the greeting, then exactly what was published after the call, before any turn or behind it") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  on.publish_event("c", "before");
  CHECK(on.join(client, "c", "hello") == shard::JoinStatus::ok);
  on.publish_event("c", "at once");
  on.settle();
  on.publish_event("c", "later");
  on.settle();
  CHECK(client.heard("c") == Texts{"hello", "at once", "later"});
  CHECK(on.subscribers("c") == 1);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("joins: where others are ahead, behind, or have nothing pending") {
  for (const Pace pace : {Pace::eager, Pace::stuck}) {
    for (const bool settled : {true, false}) {
      CAPTURE(pace);
      CAPTURE(settled);
      SessionsOnFake on;
      PusherClient& other = on.open(sim::terms_of(0), 2000);
      Client& plain = on.subscriber("/" + sim::app_namespace + "c");
      on.join(other, "c");
      on.settle();
      other.pace = pace;
      PusherClient& client = on.open();
      for (int i = 0; i < 20; ++i) on.publish("pusher/1/c", 500);
      if (settled) on.settle();
      on.join(client, "c", "hello");
      for (int i = 0; i < 3; ++i) on.publish("pusher/1/c", 500);
      on.settle();
      other.pace = Pace::eager;
      on.settle();
      CHECK(client.heard("c").size() == 4);
      CHECK(client.heard("c").front() == "hello");
      CHECK(other.heard("c").size() == 23);
      CHECK(plain.messages.size() == 23);
      CHECK(on.engine->memory().bytes_now() == 0);
    }
  }
}

TEST_CASE("joins: sessions of all shards, at any moment between publications and turns") {
  shard::EngineOptions options;
  options.shards = 4;
  SessionsOnFake on(options);
  sim::Random random(3);
  std::vector<std::pair<PusherClient*, Texts>> all;
  for (int i = 0; i < 40; ++i) all.emplace_back(&on.open(), Texts{});
  std::size_t joined = 0;
  for (int i = 0; i < 2000; ++i) {
    if (sim::chance(random, 20) && joined < all.size()) {
      const std::string greeting = "greeting " + std::to_string(joined);
      on.join(*all[joined].first, "c", greeting);
      all[joined++].second.push_back(greeting);
    }
    if (sim::chance(random, 300)) {
      on.publish_event("c", std::to_string(i));
      for (std::size_t who = 0; who < joined; ++who) all[who].second.push_back(std::to_string(i));
    }
    if (sim::chance(random, 300)) on.engine->shard(static_cast<unsigned>(random() % 4)).turn(0);
  }
  on.settle();
  REQUIRE(joined > 10);
  for (const auto& [client, wanted] : all) CHECK(client->heard("c") == wanted);
  CHECK(on.engine->memory().bytes_now() == 0);
}

TEST_CASE("joins: several topics of one session, each with its greeting first") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  for (int i = 0; i < 30; ++i) {
    const std::string channel = "c" + std::to_string(i);
    on.join(client, channel, "hello");
    on.publish_event(channel, "one");
  }
  on.settle();
  for (int i = 0; i < 30; ++i) on.publish_event("c" + std::to_string(i), "two");
  on.settle();
  for (int i = 0; i < 30; ++i) CHECK(client.heard("c" + std::to_string(i)) == Texts{"hello", "one", "two"});
  CHECK(on.stat(metrics::Metric::subscriptions_now) == 30);
  client.vanish();
  on.settle();
  CHECK(on.stat(metrics::Metric::subscriptions_now) == 0);
  CHECK(on.subscribers("c7") == 0);
}

TEST_CASE("joins: who joins a topic again is greeted again, in order, and is one subscriber") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  on.join(client, "c", "hello");
  on.join(client, "c", "hello again");
  on.publish_event("c", "one");
  on.settle();
  on.join(client, "c", "and again");
  on.publish_event("c", "two");
  on.settle();
  CHECK(client.heard("c") == Texts{"hello", "hello again", "one", "and again", "two"});
  CHECK(on.subscribers("c") == 1);
}

TEST_CASE("joins: names are checked, and topics are bounded") {
  shard::EngineOptions options;
  options.topics_max = 1;
  SessionsOnFake on(options);
  PusherClient& client = on.open();
  CHECK(on.join(client, "a\n") == shard::JoinStatus::invalid_topic);
  CHECK(on.join(client, std::string(300, 'a')) == shard::JoinStatus::invalid_topic);
  CHECK(on.join(client, "#server-to-user-7") == shard::JoinStatus::ok);
  on.settle();
  CHECK(on.join(client, "b") == shard::JoinStatus::topics_full);
}

TEST_CASE("joins: a connection that has ended, or is about to, does not join and leaves no interest") {
  for (const bool had_vanished : {true, false}) {
    CAPTURE(had_vanished);
    SessionsOnFake on;
    PusherClient& client = on.open();
    if (had_vanished) client.vanish();
    on.join(client, "c", "hello");
    if (!had_vanished) on.engine->close_session(on.id_of(client), 4000, "");
    on.publish_event("c", "x");
    on.settle();
    on.join(client, "c", "hello");
    on.publish_event("c", "y");
    on.settle();
    CHECK(on.subscribers("c") == 0);
    CHECK(on.engine->memory().bytes_now() == 0);
    const std::int64_t encodes = on.stat(metrics::Metric::encodes);
    on.publish_event("c", "z");
    CHECK(on.stat(metrics::Metric::encodes) == encodes);
  }
}

TEST_CASE("leaving: nothing comes any more, and the last one takes the interest along") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  on.join(client, "c", "hello");
  on.join(client, "d");
  on.publish_event("c", "one");
  on.settle();
  on.leave(client, "c");
  on.leave(client, "never joined");
  on.settle();
  on.publish_event("c", "two");
  on.publish_event("d", "still here");
  on.settle();
  CHECK(client.heard("c") == Texts{"hello", "one"});
  CHECK(client.heard("d") == Texts{"still here"});
  CHECK(on.subscribers("c") == 0);
  CHECK(on.stat(metrics::Metric::publications_unheard) == 1);
}

TEST_CASE("leaving: and joining again before the shard turned, in every order, counts as the calls came") {
  // What the shard has seen of it when the publications come: nothing, or everything before the last join.
  for (const bool turned : {false, true}) {
    for (const bool joined_before : {false, true}) {
      for (const bool another_joins_first : {false, true}) {
        CAPTURE(turned);
        CAPTURE(joined_before);
        CAPTURE(another_joins_first);
        SessionsOnFake on;
        PusherClient& client = on.open();
        PusherClient& other = on.open();
        if (joined_before) on.join(client, "c");
        on.settle();
        if (another_joins_first) on.join(other, "c");
        if (!joined_before) on.join(client, "c");
        on.leave(client, "c");
        if (turned) on.turn();
        on.publish_event("c", "between");
        on.join(client, "c", "hello");
        on.publish_event("c", "after");
        on.settle();
        CHECK(client.heard("c") == Texts{"hello", "after"});
        if (another_joins_first) CHECK(other.heard("c") == Texts{"between", "after"});
        on.leave(client, "c");
        on.settle();
        CHECK(on.subscribers("c") == (another_joins_first ? 1 : 0));
      }
    }
  }
}

TEST_CASE("joins: another session's does not bring one's own in before what was asked for it earlier") {
  SessionsOnFake on;
  PusherClient& first = on.open();
  PusherClient& second = on.session();
  on.settle();
  on.join(first, "c");
  on.join(first, "d");
  on.engine->accept_session(on.id_of(second), sim::terms_of(10));
  on.send(second, "established");
  on.join(second, "d", "hello");
  on.join_to_publish(second, "c");
  on.settle();
  REQUIRE(second.events.size() == 2);
  CHECK(second.events[0].data == "established");
  CHECK(second.events[1].data == "hello");
  second.send_event({"client-event", "c", "granted"});
  on.settle();
  CHECK(first.heard("c") == Texts{"granted"});
}

TEST_CASE("leaving: a frame that is half written is completed, whether the kernel has refused the rest or not") {
  for (const int turns : {1, 2, 3}) {
    for (const bool has_another_topic : {false, true}) {
      CAPTURE(turns);
      CAPTURE(has_another_topic);
      SessionsOnFake on;
      PusherClient& client = on.open(sim::terms_of(0), 3000);
      on.join(client, "c");
      if (has_another_topic) on.join(client, "d");
      on.settle();
      client.pace = Pace::stuck;
      on.publish_event("c", std::string(10'000, 'a'));
      on.publish_event("c", "behind");
      for (int i = 0; i < turns; ++i) on.turn();
      on.leave(client, "c");
      on.turn();
      client.pace = Pace::eager;
      on.settle();
      CHECK(client.heard("c") == Texts{std::string(10'000, 'a')});
      on.send(client, "private");
      on.publish_event("d", "other");
      on.settle();
      CHECK(client.heard("") == Texts{"private"});
      CHECK(client.heard("d") == (has_another_topic ? Texts{"other"} : Texts{}));
      CHECK(client.trouble.empty());
      CHECK(on.engine->memory().bytes_now() == 0);
    }
  }
}

TEST_CASE("leaving: several topics one after another while the kernel refuses everything") {
  SessionsOnFake on;
  PusherClient& client = on.open(sim::terms_of(0), 3000);
  for (const char* channel : {"a", "b", "c", "d"}) on.join(client, channel);
  on.settle();
  client.pace = Pace::stuck;
  for (const char* channel : {"a", "b", "c", "d"}) on.publish_event(channel, std::string(5000, channel[0]));
  on.turn();
  on.turn();
  for (const char* channel : {"b", "a", "d"}) on.leave(client, channel);
  on.turn();
  on.join(client, "a", "back");
  on.publish_event("a", "new");
  on.turn();
  client.pace = Pace::eager;
  on.settle();
  CHECK(client.trouble.empty());
  CHECK(client.heard("c") == Texts{std::string(5000, 'c')});
  const Texts a = client.heard("a");
  REQUIRE(a.size() >= 2);
  CHECK(a[a.size() - 2] == "back");
  CHECK(a.back() == "new");
  CHECK(on.engine->memory().bytes_now() == 0);
}
