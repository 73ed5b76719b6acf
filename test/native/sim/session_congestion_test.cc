// Sessions and HTTP requests that are too many for the control plane, on the fake kernel: what waits for it is bounded, and
// nothing is lost.
// Owner: the test. Thread: main.
#include <algorithm>

#include "test/native/sim/sessions_on_fake.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::PusherClient;
using sim::SessionsOnFake;
using sim::Texts;

namespace {

constexpr std::size_t read_bytes = 256 * 1024;  // of a shard at once
constexpr std::size_t text_bytes = 200;
constexpr std::size_t enough = 50;
constexpr unsigned texts_of_flooder = 8000;  // more than six reads
const std::string request = "POST /apps/1/events HTTP/1.1\r\nHost: sim\r\nContent-Length: 11\r\n\r\nhello world";

/// What the control plane took.
struct Tally {
  std::size_t opened = 0;
  std::size_t texts = 0;
  std::size_t ended = 0;
  std::size_t requests = 0;
  std::size_t text_bytes = 0;

  void add(std::size_t& kind, const std::string& text) {
    kind += 1;
    text_bytes += text.size();
  }
  Tally& operator+=(const Tally& more) {
    opened += more.opened;
    texts += more.texts;
    ended += more.ended;
    requests += more.requests;
    text_bytes += more.text_bytes;
    return *this;
  }
};

/// Takes everything that waits; what was asked of HTTP gets no answer.
Tally take(SessionsOnFake& on) {
  Tally tally;
  for (const shard::Event& event : on.deliver()) {
    if (const auto* const opened = std::get_if<shard::SessionOpened>(&event)) tally.add(tally.opened, opened->target);
    if (const auto* const message = std::get_if<shard::SessionMessage>(&event)) tally.add(tally.texts, message->text);
    if (const auto* const ended = std::get_if<shard::SessionEnded>(&event)) tally.add(tally.ended, ended->reason);
    if (const auto* const handed_over = std::get_if<shard::HttpConnection>(&event)) {
      tally.add(tally.requests, handed_over->head);
      on.kernel.close(handed_over->fd);
    }
  }
  return tally;
}

}  // namespace

TEST_CASE("congestion: sessions are not read until the control plane has room again, and nothing is lost") {
  shard::EngineOptions options;
  options.sessions = {1000, 500};
  options.shards = 2;
  SessionsOnFake on(options);
  std::vector<PusherClient*> sessions;
  for (int i = 0; i < 4; ++i) sessions.push_back(&on.open());
  sim::Client& publisher = on.publisher("/t");
  sim::Client& subscriber = on.subscriber("/t");
  on.settle();
  on.congested_now = true;
  Texts sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i) + std::string(1000, 'x'));
    for (PusherClient* each : sessions) each->send_text(sent.back());
  }
  publisher.send_message(sim::payload_of({0, 0, 0}, 10));
  for (int i = 0; i < 100; ++i) on.settle(20);  // longer than silence is borne
  for (PusherClient* each : sessions) {
    CHECK(on.messages_of(*each).empty());
    CHECK(each->is_open());
  }
  CHECK(subscriber.messages.size() == 1);  // others are not concerned
  CHECK(on.stat(Metric::publishers_paused) == 4);
  on.congested_now = false;
  on.settle(1);
  for (PusherClient* each : sessions) CHECK(on.messages_of(*each) == sent);
}

TEST_CASE("congestion: a session that ends meanwhile is told of all the same, and calls go on") {
  SessionsOnFake on;
  PusherClient& client = on.open();
  PusherClient& leaving = on.open();
  PusherClient& closed = on.open();
  on.congested_now = true;
  for (PusherClient* each : {&client, &leaving, &closed}) each->send_text("unread");
  on.settle(1);
  leaving.abort();
  on.send(client, "sent");
  on.join(client, "c", "hello");
  on.publish_event("c", "one");
  on.engine->close_session(on.id_of(closed), 4009, "");
  on.settle(1);
  CHECK(on.end_of(closed).code != 0);  // what it had still to say is told to nobody
  CHECK(client.heard("") == Texts{"sent"});
  CHECK(client.heard("c") == Texts{"hello", "one"});
  CHECK(closed.close_code == 4009);
  on.congested_now = false;
  on.settle(1);
  CHECK(on.messages_of(client) == Texts{"unread"});
  CHECK(on.end_of(leaving).code != 0);
  CHECK(on.messages_of(closed).empty());
  CHECK(on.stat(Metric::connections_now) == 1);
}

TEST_CASE("congestion: of a flood, no more is told of than is enough, and everybody has a turn") {
  for (const unsigned shards : {1u, 2u}) {
    CAPTURE(shards);
    shard::EngineOptions options;
    options.shards = shards;
    options.control_frames_per_second_max = 65'535;
    SessionsOnFake on(options);
    std::vector<PusherClient*> sessions;
    std::vector<conn::ConnectionId> ids;
    for (int i = 0; i < 6; ++i) {
      sessions.push_back(&on.open());
      ids.push_back(on.id_of(*sessions.back()));
    }
    on.deliver();
    on.backlog.emplace(shard::BacklogLimits{enough, SIZE_MAX, SIZE_MAX});
    for (unsigned i = 0; i < texts_of_flooder; ++i) sessions[0]->send_text(std::to_string(i) + std::string(text_bytes, 'x'));
    for (std::size_t i = 1; i < sessions.size(); ++i) sessions[i]->send_text("0");
    std::vector<unsigned> heard(sessions.size());
    for (int round = 0; heard[0] < texts_of_flooder; ++round) {
      REQUIRE(round < 200);
      on.settle(1);
      const std::vector<shard::Event> events = on.deliver();
      CHECK(events.size() <= enough);
      for (const shard::Event& event : events) {
        REQUIRE(sim::is<shard::SessionMessage>(event));
        const auto who = static_cast<std::size_t>(std::find(ids.begin(), ids.end(), sim::id_of(event)) - ids.begin());
        REQUIRE(who < ids.size());
        CHECK(std::stoul(std::get<shard::SessionMessage>(event).text) == heard[who]++);
      }
      // Not behind all of the flood; other shards wait until this one, which always turns first here, leaves them room.
      if (round == 2 && shards == 1) CHECK(std::count(heard.begin() + 1, heard.end(), 1) == 5);
    }
    on.settle(1);
    for (const shard::Event& event : on.deliver()) heard[static_cast<std::size_t>(std::find(ids.begin(), ids.end(), sim::id_of(event)) - ids.begin())]++;
    CHECK(std::count(heard.begin() + 1, heard.end(), 1) == 5);
    CHECK(heard[0] == texts_of_flooder);
  }
}

TEST_CASE("congestion: of sessions, requests and large texts without end, what waits stays in its bounds") {
  constexpr shard::BacklogLimits limits{1000, 1024 * 1024, 10};
  constexpr std::uint32_t rounds = 20;
  constexpr std::uint32_t each = 40;
  SessionsOnFake on;
  on.backlog.emplace(limits);
  Tally tally;
  for (std::uint32_t i = 0; i < rounds * each; ++i) {
    PusherClient& client = on.session();
    client.send_text(std::string(50'000, 'x'));
    client.send_close(1000);
    const int socket = on.kernel.connect(SessionsOnFake::session_port, sim::address_of(100'000 + i), 64 * 1024);
    on.kernel.peer_write(socket, base::bytes_of(request));
    if (i % each + 1 < each) continue;
    on.settle(1);
    const Tally more = take(on);
    CHECK(more.text_bytes <= limits.bytes_max + read_bytes);
    CHECK(more.requests <= limits.descriptors_max);
    tally += more;
  }
  CHECK(tally.opened > 0);
  CHECK(tally.opened < rounds * each);  // more came than was taken
  for (int i = 0; i < 500 && tally.requests + tally.ended < 2 * rounds * each; ++i) {
    on.settle(1);
    tally += take(on);
  }
  for (const std::size_t all : {tally.opened, tally.texts, tally.ended, tally.requests}) CHECK(all == rounds * each);
}

TEST_CASE("congestion: no session begins meanwhile, and those that wait begin with what they said") {
  for (const unsigned shards : {1u, 3u}) {
    shard::EngineOptions options;
    options.shards = shards;
    SessionsOnFake on(options);
    on.congested_now = true;
    std::vector<PusherClient*> waiting;
    for (int i = 0; i < 20; ++i) {
      waiting.push_back(&on.session());
      waiting.back()->send_text("first");
    }
    sim::Client& subscriber = on.subscriber("/t");
    for (int i = 0; i < 50; ++i) on.settle(20);
    CHECK(subscriber.is_open());  // others are not concerned
    CHECK(on.count<shard::SessionOpened>() == 0);
    for (PusherClient* each : waiting) CHECK(each->status == 0);
    on.congested_now = false;
    on.settle(1);
    for (PusherClient* each : waiting) {
      CHECK(each->is_open());
      CHECK(on.messages_of(*each) == Texts{"first"});
    }
  }
}

TEST_CASE("congestion: sessions and requests that come and go meanwhile are no more than connections may be, and end in time") {
  for (const bool by_http : {false, true}) {
    CAPTURE(by_http);
    shard::EngineOptions options;
    options.connections_max = 20;
    SessionsOnFake on(options);
    on.congested_now = true;
    for (std::uint32_t i = 0; i < 500; ++i) {
      if (by_http) {
        const int socket = on.kernel.connect(SessionsOnFake::session_port, sim::address_of(1000 + i), 64 * 1024);
        on.kernel.peer_write(socket, base::bytes_of(request));
        on.turn();
        on.kernel.peer_abort(socket);
      } else {
        PusherClient& client = on.session();
        client.step();
        on.turn();
        client.abort();
      }
      on.turn();
      CHECK(on.stat(Metric::connections_now) <= 20 + 32);  // and those that are only to be refused
    }
    CHECK(on.count<shard::SessionOpened>() + on.count<shard::HttpConnection>() == 0);
    on.settle(11'000);
    CHECK(on.stat(Metric::connections_now) == 0);
    on.congested_now = false;
    on.settle(1);
    CHECK(on.count<shard::SessionOpened>() + on.count<shard::SessionEnded>() + on.count<shard::HttpConnection>() == 0);
    PusherClient& next = on.session();
    on.settle();
    CHECK(next.is_open());
  }
}

TEST_CASE("congestion: who has waited goes before who comes") {
  SessionsOnFake on;
  on.congested_now = true;
  PusherClient& waiting = on.session();
  on.settle();
  on.congested_now = false;
  on.backlog.emplace(shard::BacklogLimits{5, SIZE_MAX, SIZE_MAX});
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (std::uint32_t i = 0; i < 20; ++i) {
      const int socket = on.kernel.connect(SessionsOnFake::session_port, sim::address_of(1000 + round * 20 + i), 64 * 1024);
      on.kernel.peer_write(socket, base::bytes_of(request));
    }
    on.settle(1);
    for (const shard::Event& event : on.deliver()) {
      if (const auto* const told = std::get_if<shard::HttpConnection>(&event)) on.kernel.close(told->fd);
    }
  }
  CHECK(waiting.is_open());
}

TEST_CASE("congestion: an HTTP request waits on its socket, and is handed over whole") {
  SessionsOnFake on;
  on.congested_now = true;
  const int socket = on.kernel.connect(SessionsOnFake::session_port, sim::address_of(1), 64 * 1024);
  on.kernel.peer_write(socket, base::bytes_of(request));
  for (int i = 0; i < 50; ++i) on.settle(20);
  CHECK(on.count<shard::HttpConnection>() == 0);
  CHECK(!on.kernel.peer_at_end(socket));
  on.congested_now = false;
  on.settle(1);
  REQUIRE(on.count<shard::HttpConnection>() == 1);
  const auto& told = std::get<shard::HttpConnection>(on.events.back());
  CHECK(told.head == request);
  on.kernel.close(told.fd);
}

TEST_CASE("congestion: who has waited for too long is refused, whether it goes on or not, and the drain does not wait either") {
  for (const bool drained : {false, true}) {
    SessionsOnFake on;
    on.congested_now = true;
    PusherClient& client = on.session();
    on.settle();
    if (drained) on.engine->drain(1000);
    for (int i = 0; i < 100 && !client.is_over(); ++i) on.settle(200);
    CHECK(client.status == (drained ? 503 : 408));
    on.settle();
    CHECK(on.stat(Metric::connections_now) == 0);
    CHECK(on.count<shard::SessionOpened>() + on.count<shard::SessionEnded>() == 0);
    CHECK(on.count<shard::Drained>() == (drained ? 1 : 0));
  }
}
