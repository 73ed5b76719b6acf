// The acts of a simulated life, in their order, and what must hold after each.
#include <algorithm>

#include "test/native/sim/simulation.h"

namespace sim {

namespace {
constexpr std::int64_t ms = 1'000'000;
constexpr int quiet_rounds = 200;  // at least 100 ms of virtual time without a byte: every injected refusal is over
}  // namespace

void Simulation::start() {
  kernel_.advance_ns(plan_.begins_ms * ms - kernel_.now_ns());
  shard::EngineOptions options = plan_.options;
  options.shards = plan_.shards;
  os::Address publish_at = *os::Address::parse("127.0.0.1", 8001);
  os::Address subscribe_at = *os::Address::parse("127.0.0.1", 8002);
  options.listeners = {{codec::ProtocolId::websocket_publish, publish_at, false},
                       {codec::ProtocolId::websocket_subscribe, subscribe_at, false},
                       {codec::ProtocolId::pusher, *os::Address::parse("127.0.0.1", 8003), false}};
  if (plan_.everything) {
    options.listeners.push_back({codec::ProtocolId::grpc, *os::Address::parse("127.0.0.1", 8004), false});
    options.listeners.push_back({codec::ProtocolId::responder_line, *os::Address::parse("127.0.0.1", 8005), false});
  }
  shard::StartError error;
  engine_ = shard::Engine::start(options, kernel_, *this, error);
  if (!engine_) return fail("the engine did not start");
  engine_->set_connection_events(true);
  const std::size_t send_buffer_bytes = std::exchange(plan_.send_buffer_bytes, std::size_t{1} << 40);
  for (unsigned topic = 0; topic < plan_.topics; ++topic) {
    Watched& witness = add_client(8002, "/" + topic_name(topic), Pace::eager);
    witness.topics = {topic};
    if (plan_.everything) kernel_.spare(witness.client->socket());
    witnesses_.push_back(&witness);
  }
  plan_.send_buffer_bytes = send_buffer_bytes;
  for (int round = 0; round < 100; ++round) turn_everything();
  for (const Watched* witness : witnesses_) {
    if (!witness->client->is_open()) fail("a witness was not let in");
  }
  // An offset of 0 is not written: what a topic retains is never at it.
  const std::size_t large_bytes = std::exchange(world_.large_bytes_left, 0);
  for (unsigned topic = 0; plan_.everything && topic < plan_.topics; ++topic) {
    for (; world_.published(topic) < 2 && !failed(); turn_everything()) publish(topic);
  }
  world_.large_bytes_left = large_bytes;
}

/// Everything at once.
void Simulation::crowd() {
  kernel_.faults = plan_.faults;
  if (plan_.publish_between_calls_in_thousand > 0 || plan_.calls_between_in_thousand > 0) {
    kernel_.meanwhile = [this] {
      if (chance(random_, plan_.publish_between_calls_in_thousand)) publish(static_cast<unsigned>(random_() % plan_.topics));
      if (plan_.sessions && chance(random_, plan_.calls_between_in_thousand)) call();
    };
  }
  for (unsigned step = 0; step < plan_.steps && !failed(); ++step) {
    act();
    for (const Watched* witness : witnesses_) witness->client->step();
    if (plan_.everything && chance(random_, 500)) grpc_.step(), askers_.step();
  }
}

/// Nobody publishes any more; whoever can read, reads; whoever is stuck gives up.
void Simulation::calm() {
  kernel_.meanwhile = nullptr;
  end_congestion_and_visits();
  for (const auto& each : clients_) {
    if (each->client->pace == Pace::stuck) each->client->abort();
    each->client->pace = Pace::eager;
  }
  grpc_.calm();
  askers_.calm();
  int quiet = 0;
  for (int round = 0; quiet < quiet_rounds && !failed(); ++round) {
    // The end of a call whose deadline has just come may still be refused.
    const bool is_quiet = !turn_everything() && kernel_.unaccepted() == 0 && engine_->stream_bytes() == 0;
    quiet = is_quiet ? quiet + 1 : 0;
    if (round > 200'000) return fail("no end of traffic, with " + std::to_string(engine_->stream_bytes()) + " bytes of streams");
  }
  check_all(true);
  check_settled();
}

Order Simulation::order_of(unsigned topic) {
  std::vector<Key> keys = witnesses_[topic]->client->messages;
  // What was published just before the drain may not reach a witness whose bytes were refused then; it is the last one.
  const auto last = next_sequence_.find(topic);
  const bool lacks_last = draining_ && last != next_sequence_.end() && keys.size() + 1 == world_.published(topic);
  if (lacks_last && !plan_.everything) keys.push_back({topic, topic, last->second - 1});
  return Order(std::move(keys));
}

/// Where nothing but their number bounds what histories keep, and what is replayed of them.
std::map<unsigned, std::uint64_t> Simulation::kept_at_least() const {
  std::map<unsigned, std::uint64_t> messages;
  if (plan_.history_messages == 0 || plan_.large_bytes > 0 || plan_.filler_bytes_max > 2000) return messages;
  for (unsigned topic = 0; topic < plan_.topics; ++topic) {
    const conn::SlowRule& rule = conn::slow_rule_for(plan_.options.slow_rules, topic_name(topic));
    const topic::HistoryRule& kept = plan_.options.history.rules.front();
    const bool is_roomy = rule.limits.bytes_behind_max >= 16u << 20 && kept.bytes_max >= 16u << 20 && plan_.options.history.bytes_max >= 16u << 20;
    if (is_roomy && kept.seconds_max >= 300) messages[topic] = plan_.history_messages;
  }
  return messages;
}

/// A refused witness may be slow: then there is nothing to compare with.
std::map<unsigned, Order> Simulation::orders() {
  std::map<unsigned, Order> orders;
  for (unsigned topic = 0; topic < plan_.topics; ++topic) {
    if (!witnesses_[topic]->slow) orders[topic] = order_of(topic);
  }
  return orders;
}

void Simulation::check_all(bool settled) {
  for (const auto& each : clients_) fail(take_recovery(*each, kept_at_least()));
  const std::map<unsigned, Order> all = orders();
  for (const auto& [topic, order] : all) {
    if (failed()) return;
    if (settled) fail(check_order(order, world_.published(topic), sessions_, topic));
    for (const auto& each : clients_) {
      if (std::count(each->topics.begin(), each->topics.end(), topic) > 0) fail(check_subscriber(*each, topic, order, settled));
    }
    for (const auto& each : clients_) {  // who is still there has been heard to the end
      if (!settled || !each->publishes || each->publisher % 10 != topic || !each->client->is_open()) continue;
      if (order.count_of(each->publisher) != sent_[topic][each->publisher]) fail("a publisher was not heard to the end");
    }
  }
  for (const auto& each : clients_) {
    if (!each->client->trouble.empty()) fail(each->client->trouble);
    fail(check_events(*each, all, settled));
  }
  check_sessions(settled);
  fail(grpc_.check(all, settled));
  fail(askers_.check(all, settled));
}

void Simulation::drain() {
  std::vector<Watched*> open;
  for (const auto& each : clients_) {
    if (each->client->is_open() && !each->client->close_code) open.push_back(each.get());
  }
  draining_ = true;
  world_.large_bytes_left = 0;  // a connection that is cut at the end of the time is cut anywhere
  const auto drain_ms = static_cast<std::uint32_t>(between(random_, 0, 300));
  if (drain_ms > 100) {  // published just before: there is time enough to bring it to everybody
    for (unsigned topic = 0; topic < plan_.topics; ++topic) publish(topic);
  }
  grpc_.ask_while_draining();
  engine_->drain(drain_ms);
  for (int round = 0; !drained_ && !failed(); ++round) {
    turn_everything();
    if (round < 3) grpc_.ask_while_draining();
    if (round > 20'000) return fail("the drain does not end");
  }
  for (int round = 0; round < 10; ++round) turn_everything();
  check_all(false);
  for (const Watched* watched : open) check_drained(*watched);
  fail(grpc_.check_drained());
  if (engine_->memory().bytes_now() != 0) fail("the logs hold something after the drain");
  check_ended();
}

void Simulation::check_drained(const Watched& watched) {
  if (watched.slow_disconnect || !watched.client->is_told_why()) return;
  if (!watched.client->close_code) return fail("not told of the drain: " + watched.client->setup.address.text());
  if (*watched.client->close_code != (watched.session == nullptr ? 1001 : 4100)) fail("told of the drain with " + std::to_string(*watched.client->close_code));
}

void Simulation::end() {
  kernel_.meanwhile = nullptr;
  if (engine_) stats_ = engine_->stats();
  engine_.reset();
  close_taken_over();
  if (kernel_.open_fds() != 0) fail(std::to_string(kernel_.open_fds()) + " descriptors left open");
  if (kernel_.mappings() != 0) fail(std::to_string(kernel_.mappings()) + " mappings left");
}

}  // namespace sim
