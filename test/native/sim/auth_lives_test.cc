// Lives of an engine that asks who may do what, one a seed: verdicts of all kinds at any time, ends, what falls, clocks that are set, clients that
// leave. A model that knows nothing of the engine says who may publish and hear. SIM_SEED=n begins at another seed, SIM_RUNS=n runs that many.
// Owner: the test. Thread: main.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "test/native/sim/auth_on_fake.h"
#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

namespace {

using sim::AuthOnFake;
using sim::between;
using sim::chance;
using sim::Key;

constexpr std::int64_t never_ms = INT64_MAX;
constexpr std::int64_t tick_ms = 1000;  // an end is seen to within it
constexpr std::int64_t handshake_ms = 10'000;
const std::array<std::string, 3> names = {"a/0", "a/1", "b"};
const std::array<std::string, 7> patterns = {"a/0", "a/1", "b", "a/*", "*", "**", "a/*/c"};

/// What each of the patterns stands for, by topic.
constexpr bool stands_for[7][3] = {{true, false, false}, {false, true, false}, {false, false, true}, {true, true, false},
                                   {false, false, true}, {true, true, true},   {false, false, false}};

struct Person {
  sim::Client* client = nullptr;
  bool publishes = false;
  std::vector<unsigned> topics;
  unsigned sent = 0;
  std::optional<sim::AskedNow> asked;
  std::int64_t came_ms = 0;
  bool answered = false;
  bool allowed = false;  // by the answer, and for each of its topics
  int refused_with = 0;
  std::uint32_t standing = 0;
  std::int64_t ends_from_ms = never_ms;  // not before; while it stands both are the same
  std::int64_t ends_until_ms = never_ms;
  bool fallen = false;
  bool left = false;
};

class Life {
 public:
  Life(std::uint64_t seed, const shard::EngineOptions& options) : random_(seed), on_(options) {
    on_.kernel.faults.short_send = seed % 3 == 0 ? 200 : 0;
    if (options.tls) on_.kernel.layer_bytes_max = between(random_, 1, 300);  // records come in parts
  }

  /// Empty when everything held; else the first thing that did not.
  std::string run() {
    for (unsigned step = 0; step < 150 && failure_.empty(); ++step) {
      act();
      for (std::size_t turns = between(random_, 0, 3); turns > 0; --turns) move(static_cast<std::int64_t>(random_() % 40));
      if (chance(random_, 20)) move(static_cast<std::int64_t>(between(random_, 1000, 12'000)));
      check();
    }
    for (int i = 0; i < 40 && failure_.empty(); ++i) {  // until whatever has an end is over
      move(500);
      check();
    }
    return failure_;
  }
  std::array<std::int64_t, 3> sums() const { return {on_.stat(metrics::Metric::auth_questions), on_.stat(metrics::Metric::auth_ended), heard_}; }

 private:
  std::int64_t now() { return on_.kernel.now_ns() / 1'000'000; }
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  void act() {
    if (people_.size() < 16 && chance(random_, 300)) come();
    if (chance(random_, 400)) answer();
    if (chance(random_, 500)) publish();
    if (chance(random_, 40)) fall();
    if (chance(random_, 30)) set_clock();
    if (!people_.empty() && chance(random_, 30)) leave(*people_[random_() % people_.size()]);
  }

  void come() {
    auto made = std::make_unique<Person>();
    made->publishes = chance(random_, 400);
    made->came_ms = now();
    made->topics = {static_cast<unsigned>(random_() % names.size())};
    std::string target = (made->publishes ? "/" : "/?topic=") + names[made->topics[0]];
    if (!made->publishes && chance(random_, 400)) {
      made->topics.push_back((made->topics[0] + 1) % static_cast<unsigned>(names.size()));
      target += "&topic=" + names[made->topics[1]];
    }
    made->client = made->publishes ? &on_.publisher(target) : &on_.subscriber(target);
    by_peer_[made->client->setup.address.host()] = made.get();
    people_.push_back(std::move(made));
  }

  /// To one of those who wait; now and then with something that is no answer to anything.
  void answer() {
    std::vector<Person*> waiting;
    for (const auto& each : people_) {
      if (each->asked && !each->answered) waiting.push_back(each.get());
    }
    if (waiting.empty()) return;
    Person& person = *waiting[random_() % waiting.size()];
    if (chance(random_, 100)) {
      sim::AskedNow other = *person.asked;
      other.question.number += 7;
      on_.answer(other, AuthOnFake::allowing({"**"}, {"**"}));
    }
    person.answered = true;
    if (chance(random_, 250)) {
      constexpr int statuses[] = {401, 403, 429, 503};
      person.refused_with = statuses[random_() % 4];
      return on_.answer(*person.asked, AuthOnFake::refusing(person.refused_with));
    }
    sim::Patterns granted;
    std::array<bool, 3> may{};
    for (std::size_t count = between(random_, 0, 3); count > 0; --count) {
      const std::size_t pattern = random_() % patterns.size();
      granted.push_back(patterns[pattern]);
      for (std::size_t topic = 0; topic < may.size(); ++topic) may[topic] = may[topic] || stands_for[pattern][topic];
    }
    person.allowed = std::all_of(person.topics.begin(), person.topics.end(), [&](unsigned topic) { return may[topic]; });
    const sim::Patterns other = {"**"};  // what may be done in the other direction does not count
    shard::AuthVerdict verdict = person.publishes ? AuthOnFake::allowing(granted, other) : AuthOnFake::allowing(other, granted);
    verdict.standing = person.standing = static_cast<std::uint32_t>(between(random_, 1, 4));
    if (chance(random_, 500)) {
      verdict.ends_in_ms = between(random_, 0, 8000);
      person.ends_from_ms = now() + static_cast<std::int64_t>(*verdict.ends_in_ms);
      person.ends_until_ms = person.ends_from_ms;
    }
    on_.answer(*person.asked, std::move(verdict));
    on_.turn();  // ends are counted from when it is heard
  }

  void publish() {
    for (const auto& each : people_) {
      if (!each->publishes || each->client->is_over() || each->client->close_code || chance(random_, 500)) continue;
      if (each->client->status != 101 && chance(random_, 900)) continue;  // some do not wait for the answer
      each->client->send_message(sim::payload_of({each->topics[0], number_of(*each), each->sent++}, 20));
    }
  }
  unsigned number_of(const Person& person) const {
    const auto found = std::find_if(people_.begin(), people_.end(), [&](const auto& each) { return each.get() == &person; });
    return static_cast<unsigned>(found - people_.begin());
  }

  void fall() {
    const auto standing = static_cast<std::uint32_t>(between(random_, 1, 4));
    const auto within_ms = static_cast<std::uint32_t>(between(random_, 0, 3000));
    on_.engine->revoke({standing}, within_ms);
    on_.turn();
    for (const auto& each : people_) {
      if (!each->answered || !each->allowed || each->standing != standing) continue;
      each->fallen = true;
      each->ends_from_ms = std::min(each->ends_from_ms, now());
      each->ends_until_ms = std::min(each->ends_until_ms, now() + within_ms);
    }
  }

  void set_clock() {
    const std::int64_t ahead_ms = static_cast<std::int64_t>(random_() % 10'000) - 5000;
    on_.engine->shift_ends(ahead_ms);
    on_.turn();
    for (const auto& each : people_) {
      if (each->fallen || each->ends_until_ms == never_ms) continue;
      if (each->ends_from_ms <= now()) each->ends_from_ms = std::min(each->ends_from_ms, now());  // it may be over already
      else each->ends_from_ms -= ahead_ms;
      each->ends_until_ms = std::max(each->ends_until_ms - ahead_ms, now());  // what is over by the new clock ends from now on
    }
  }

  void leave(Person& person) {
    if (person.client->is_over()) return;
    person.left = true;
    person.client->abort();
  }

  void move(std::int64_t ms) {
    // Who has an end is not run past it in one leap: the engine would not have had its tick.
    for (; ms > 0; ms -= 500) on_.step(std::min<std::int64_t>(ms, 500));
    on_.settle();
    for (const shard::Event& event : on_.deliver()) {
      const auto* const asked = std::get_if<shard::AuthAsked>(&event);
      if (asked == nullptr) continue;
      Person& person = *by_peer_.at(asked->question->peer);
      if (person.asked) fail("asked twice");
      person.asked = sim::AskedNow{asked->id, *asked->question};
    }
  }

  void check() {
    for (const auto& each : people_) {
      check_answer(*each);
      check_end(*each);
      if (!each->publishes) check_heard(*each);
      if (!each->client->trouble.empty()) fail(each->client->trouble);
    }
  }

  void check_answer(const Person& person) {
    const int status = person.client->status;
    if (status == 0 || person.left) return;
    if (status == 101 && !(person.answered && person.allowed)) return fail("let in without a yes");
    if (status == 101) return;
    if (status == 408 && !person.asked) return;  // over TLS its request can come too late to be asked about
    const bool late = status == 503 && (!person.answered || now() - person.came_ms >= handshake_ms - tick_ms);
    const int expected = !person.answered ? 503 : person.refused_with != 0 ? person.refused_with : person.allowed ? 101 : 403;
    if (status != expected && !late) fail("told " + std::to_string(status) + " instead of " + std::to_string(expected));
  }

  void check_end(const Person& person) {
    const sim::Client& client = *person.client;
    if (client.status != 101 || person.left) return;
    const bool closed = client.close_code.has_value() || client.is_over();
    if (closed && client.close_code != 1008) fail("closed without being told why");
    if (closed && now() < person.ends_from_ms) fail("closed before its end");
    if (!closed && person.ends_until_ms != never_ms && now() > person.ends_until_ms + tick_ms + 500) fail("open behind its end");
  }

  void check_heard(Person& person) {
    std::map<unsigned, unsigned> next;
    const std::vector<Key>& messages = person.client->messages;
    for (const Key& key : messages) {
      const Person& by = *people_.at(key.publisher);
      if (std::find(person.topics.begin(), person.topics.end(), key.topic) == person.topics.end()) fail("heard another topic");
      if (!by.answered || !by.allowed || by.topics[0] != key.topic) fail("heard what nobody might publish");
      const auto known = next.find(key.publisher);
      if (known != next.end() && known->second != key.sequence) fail("one is missing");
      next[key.publisher] = key.sequence + 1;
    }
    if (!messages.empty() && !(person.answered && person.allowed)) fail("heard without a yes");
    heard_ += static_cast<std::int64_t>(messages.size()) - std::exchange(counted_[&person], static_cast<std::int64_t>(messages.size()));
  }

  sim::Random random_;
  AuthOnFake on_;
  std::vector<std::unique_ptr<Person>> people_;
  std::map<std::string, Person*> by_peer_;
  std::map<const Person*, std::int64_t> counted_;
  std::int64_t heard_ = 0;
  std::string failure_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const given = std::getenv(variable);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

std::shared_ptr<transport::TlsContexts> over_tls() {
  const auto contexts = std::make_shared<transport::TlsContexts>();
  transport::TlsProblem problem;
  contexts->add(transport::TlsContext::make(tls_link::options_of(certificates::localhost()), contexts->tickets(), problem));
  return contexts;
}

}  // namespace

TEST_CASE("auth lives: whatever is decided, ends or falls, nobody publishes or hears beyond it") {
  const std::uint64_t first = number_from("SIM_SEED", 1);
  const std::uint64_t runs = number_from("SIM_RUNS", 30);
  std::array<std::int64_t, 3> sums{};
  for (std::uint64_t seed = first; seed < first + runs; ++seed) {
    shard::EngineOptions options;
    options.shards = 1 + static_cast<unsigned>(seed % 3);
    if (seed % 10 == 0) options.tls = over_tls();
    Life life(seed, options);
    const std::string failure = life.run();
    CAPTURE(seed);
    CHECK(failure == "");
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += life.sums()[i];
  }
  std::printf("auth lives: %lld questions, %lld ended, %lld heard\n", static_cast<long long>(sums[0]), static_cast<long long>(sums[1]),
              static_cast<long long>(sums[2]));
  for (const std::int64_t each : sums) CHECK(each > 0);  // what never happens was not tested
}
