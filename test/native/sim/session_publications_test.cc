// Publications of session clients themselves, which the engine delivers without the control plane, on the fake kernel.
// Owner: the test. Thread: main.
#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using sim::Client;
using sim::PusherClient;
using sim::PusherEvent;
using sim::SessionsOnFake;
using sim::Texts;

TEST_CASE("client publications: reach everybody but the sender, with its name and user, without the control plane") {
  SessionsOnFake on;
  PusherClient& sender = on.open(sim::terms_of(10));
  PusherClient& listener = on.open();
  on.join_to_publish(sender, "private-c", "user-7");
  on.join(listener, "private-c");
  on.settle();
  sender.send_event({"client-typed", "private-c", "a \"quoted\" word\n"});
  on.settle();
  CHECK(listener.events == std::vector<PusherEvent>{{"client-typed", "private-c", "a \"quoted\" word\n", "user-7"}});
  CHECK(sender.events.empty());
  CHECK(on.messages_of(sender).empty());
  CHECK(on.count<shard::SessionPublished>() == 0);
  CHECK(on.stat(metrics::Metric::session_messages) == 0);
  CHECK(on.stat(metrics::Metric::messages_received) == 1);
}

TEST_CASE("client publications: nobody's user, data that is no string, and subscribers of other protocols") {
  SessionsOnFake on;
  PusherClient& sender = on.open(sim::terms_of(10));
  PusherClient& listener = on.open();
  on.join_to_publish(sender, "c");
  on.join(listener, "c");
  Client& plain = on.subscriber("/pusher/1/c");
  on.settle();
  const std::string payload = sim::payload_of({0, 5, 0}, 30);
  sender.send_event({"client-e", "c", payload});
  on.settle();
  CHECK(plain.messages == std::vector<sim::Key>{{0, 5, 0}});
  CHECK(listener.events == std::vector<PusherEvent>{{"client-e", "c", payload, ""}});
  sender.send_text(R"({"event":"client-e","channel":"c","data":{"a":[1, 2]}})");
  on.settle();
  CHECK(listener.heard("c").back() == R"({"a":[1, 2]})");
}

TEST_CASE("client publications: without the right to it they come to the control plane as they are") {
  SessionsOnFake on;
  PusherClient& listener = on.open();
  on.join(listener, "c");
  on.join(listener, "other");
  PusherClient& client = on.open(sim::terms_of(10));
  PusherClient& without_rate = on.open(sim::terms_of(0));
  on.join(client, "c");
  on.join_to_publish(client, "granted");
  on.join_to_publish(without_rate, "c");
  on.settle();
  const Texts texts = {R"({"event":"client-e","channel":"c","data":"joined without the right"})",
                       R"({"event":"client-e","channel":"other","data":"not joined"})",
                       R"({"event":"client-e","channel":"grante","data":"a part of a name"})",
                       R"({"event":"client-e","channel":"pusher/1/granted","data":"a whole name"})",
                       R"({"event":"client-e","data":"no channel"})", R"({"event":"e","channel":"granted","data":"no client's name"})"};
  for (const std::string& text : texts) client.send_text(text);
  without_rate.send_text(texts[0]);
  on.settle();
  CHECK(on.messages_of(client) == texts);
  CHECK(on.messages_of(without_rate) == Texts{texts[0]});
  for (const shard::Event& event : on.events) {
    if (const auto* const message = std::get_if<shard::SessionMessage>(&event)) CHECK(!message->over_rate);
  }
  CHECK(listener.events.empty());
}

TEST_CASE("client publications: the right ends with the subscription and comes back with it") {
  SessionsOnFake on;
  PusherClient& client = on.open(sim::terms_of(10));
  PusherClient& listener = on.open();
  on.join(listener, "c");
  on.join_to_publish(client, "c", "first");
  on.join_to_publish(client, "d");
  on.leave(client, "c");
  on.settle();
  client.send_event({"client-e", "c", "left"});
  on.settle();
  CHECK(on.messages_of(client).size() == 1);
  on.join_to_publish(client, "c", "second");
  on.settle();
  client.send_event({"client-e", "c", "back"});
  on.settle();
  CHECK(listener.events == std::vector<PusherEvent>{{"client-e", "c", "back", "second"}});
  CHECK(on.messages_of(client).size() == 1);
}

TEST_CASE("client publications: over the rate they come to the control plane, until the next second") {
  SessionsOnFake on;
  PusherClient& client = on.open(sim::terms_of(3));
  PusherClient& listener = on.open();
  on.join_to_publish(client, "c");
  on.join(listener, "c");
  on.settle();
  on.kernel.advance_ns(1'000'000'000 - on.kernel.now_ns() % 1'000'000'000);
  for (int second = 0; second < 2; ++second) {
    for (int i = 0; i < 5; ++i) client.send_event({"client-e", "c", std::to_string(second * 10 + i)});
    client.send_text("anything else");
    on.settle();
    on.kernel.advance_ns(1'000'000'000);
  }
  CHECK(listener.heard("c") == Texts{"0", "1", "2", "10", "11", "12"});
  std::vector<bool> over_rate;
  for (const shard::Event& event : on.told_of(client)) {
    if (const auto* const message = std::get_if<shard::SessionMessage>(&event)) over_rate.push_back(message->over_rate);
  }
  CHECK(over_rate == std::vector<bool>{true, true, false, true, true, false});
  CHECK(on.messages_of(client)[0] == sim::json_of({"client-e", "c", "3"}));
}

TEST_CASE("client publications: are reported where the terms say so, in their place among the messages") {
  SessionsOnFake on;
  PusherClient& client = on.open({sim::app_namespace, 10, true});
  on.join_to_publish(client, "c");
  on.settle();
  client.send_text("before");
  client.send_event({"client-e", "c", "data"});
  client.send_text("after");
  on.settle();
  std::vector<shard::Event> told = on.told_of(client);
  REQUIRE(told.size() >= 3);
  told.erase(told.begin(), told.end() - 3);
  CHECK(std::get<shard::SessionMessage>(told[0]).text == "before");
  REQUIRE(sim::is<shard::SessionPublished>(told[1]));
  const auto& published = std::get<shard::SessionPublished>(told[1]);
  CHECK(published.topic == "pusher/1/c");
  CHECK(published.name == "client-e");
  CHECK(published.data == "data");
  CHECK(std::get<shard::SessionMessage>(told[2]).text == "after");
}

TEST_CASE("client publications: two clients, each hears the other's in order and none of its own") {
  for (const unsigned shards : {1u, 2u}) {
    shard::EngineOptions options;
    options.shards = shards;
    SessionsOnFake on(options);
    PusherClient* clients[] = {&on.open(sim::terms_of(60'000)), &on.open(sim::terms_of(60'000))};
    for (PusherClient* client : clients) on.join_to_publish(*client, "c");
    on.settle();
    Texts sent[2];
    for (int i = 0; i < 400; ++i) {
      const std::size_t who = static_cast<std::size_t>(i * i / 3) % 2;
      sent[who].push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 50) * 40, 'x'));
      clients[who]->send_event({"client-e", "c", sent[who].back()});
      if (i % 9 == 0) on.turn();
      if (i % 5 == 0) clients[i % 2]->step();
    }
    on.settle();
    CHECK(clients[0]->heard("c") == sent[1]);
    CHECK(clients[1]->heard("c") == sent[0]);
    CHECK(on.engine->memory().bytes_now() == 0);
  }
}

TEST_CASE("client publications: with a long name or much data they come to the control plane, which knows what to say") {
  conn::SessionTerms terms = sim::terms_of(100);
  terms.publication_bytes_max = 50;
  SessionsOnFake on;
  PusherClient& client = on.open(terms);
  PusherClient& listener = on.open();
  on.join_to_publish(client, "c");
  on.join(listener, "c");
  on.settle();
  client.send_event({"client-e", "c", std::string(50, 'a')});
  client.send_event({"client-e", "c", std::string(51, 'b')});
  client.send_event({"client-" + std::string(193, 'e'), "c", "c"});
  client.send_event({"client-" + std::string(194, 'e'), "c", "d"});
  on.settle();
  CHECK(listener.heard("c") == Texts{std::string(50, 'a'), "c"});
  CHECK(on.messages_of(client) == Texts{sim::json_of({"client-e", "c", std::string(51, 'b')}),
                                        sim::json_of({"client-" + std::string(194, 'e'), "c", "d"})});
}
