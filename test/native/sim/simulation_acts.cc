// The acts of a simulated life, in their order, and what must hold after each.
#include <algorithm>

#include "test/native/sim/simulation.h"

namespace sim {

namespace {
constexpr std::int64_t ms = 1'000'000;
constexpr int quiet_rounds = 200;  // at least 100 ms of virtual time without a byte: every injected refusal is over
}  // namespace

void Simulation::start() {
  shard::EngineOptions options = plan_.options;
  options.shards = plan_.shards;
  os::Address publish_at = *os::Address::parse("127.0.0.1", 8001);
  os::Address subscribe_at = *os::Address::parse("127.0.0.1", 8002);
  options.listeners = {{codec::ProtocolId::websocket_publish, publish_at, false},
                       {codec::ProtocolId::websocket_subscribe, subscribe_at, false},
                       {codec::ProtocolId::pusher, *os::Address::parse("127.0.0.1", 8003), false}};
  shard::StartError error;
  engine_ = shard::Engine::start(options, kernel_, *this, error);
  if (!engine_) return fail("the engine did not start");
  engine_->set_connection_events(true);
  const std::size_t send_buffer_bytes = std::exchange(plan_.send_buffer_bytes, std::size_t{1} << 40);
  for (unsigned topic = 0; topic < plan_.topics; ++topic) {
    Watched& witness = add_client(8002, "/" + topic_name(topic), Pace::eager);
    witness.topics = {topic};
    witnesses_.push_back(&witness);
  }
  plan_.send_buffer_bytes = send_buffer_bytes;
  for (int round = 0; round < 100; ++round) turn_everything();
  for (const Watched* witness : witnesses_) {
    if (!witness->client->is_open()) fail("a witness was not let in");
  }
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
  int quiet = 0;
  for (int round = 0; quiet < quiet_rounds && !failed(); ++round) {
    quiet = turn_everything() || kernel_.unaccepted() > 0 ? 0 : quiet + 1;
    if (round > 200'000) return fail("no end of traffic");
  }
  check_all(true);
  const std::size_t held = engine_->memory().bytes_now();
  if (held != 0) fail("logs hold " + std::to_string(held) + " bytes while all is quiet");
  const auto present = std::count_if(clients_.begin(), clients_.end(), [](const auto& each) { return !each->client->is_over(); });
  const std::int64_t connections = engine_->stats()[static_cast<std::size_t>(metrics::Metric::connections_now)];
  if (connections != present) fail(std::to_string(connections) + " connections of " + std::to_string(present) + " clients");
}

Order Simulation::order_of(unsigned topic) const {
  Order order;
  order.keys = witnesses_[topic]->client->messages;
  // What was published just before the drain may not reach a witness whose bytes were refused then; it is the last one.
  const auto last = next_sequence_.find(topic);
  const bool lacks_last = draining_ && last != next_sequence_.end() && order.keys.size() + 1 == published(topic);
  if (lacks_last) order.keys.push_back({topic, topic, last->second - 1});
  for (std::size_t i = 0; i < order.keys.size(); ++i) order.offsets[order.keys[i]] = i;
  return order;
}

void Simulation::check_all(bool settled) {
  for (unsigned topic = 0; topic < plan_.topics && !failed(); ++topic) {
    const Order order = order_of(topic);
    // A refused witness may be slow: then there is nothing to compare with.
    if (witnesses_[topic]->slow) continue;
    if (settled) fail(check_order(order, published(topic), sessions_, topic));
    for (const auto& each : clients_) {
      if (std::count(each->topics.begin(), each->topics.end(), topic) > 0) fail(check_subscriber(*each, topic, order, settled));
    }
    for (const auto& each : clients_) {  // who is still there has been heard to the end
      if (!settled || !each->publishes || each->publisher % 10 != topic || !each->client->is_open()) continue;
      const auto is_its_own = [&](const Key& key) { return key.publisher == each->publisher; };
      const auto heard = std::count_if(order.keys.begin(), order.keys.end(), is_its_own);
      if (heard != static_cast<std::ptrdiff_t>(sent_[topic][each->publisher])) fail("a publisher was not heard to the end");
    }
  }
  for (const auto& each : clients_) {
    if (!each->client->trouble.empty()) fail(each->client->trouble);
  }
  check_sessions(settled);
}

void Simulation::drain() {
  std::vector<Watched*> open;
  for (const auto& each : clients_) {
    if (each->client->is_open() && !each->client->close_code) open.push_back(each.get());
  }
  draining_ = true;
  const auto drain_ms = static_cast<std::uint32_t>(between(random_, 0, 300));
  if (drain_ms > 100) {  // published just before: there is time enough to bring it to everybody
    for (unsigned topic = 0; topic < plan_.topics; ++topic) publish(topic);
  }
  engine_->drain(drain_ms);
  for (int round = 0; !drained_ && !failed(); ++round) {
    turn_everything();
    if (round > 20'000) return fail("the drain does not end");
  }
  for (int round = 0; round < 10; ++round) turn_everything();
  check_all(false);
  for (const Watched* watched : open) check_drained(*watched);
  if (engine_->memory().bytes_now() != 0) fail("the logs hold something after the drain");
}

void Simulation::check_drained(const Watched& watched) {
  if (watched.slow_disconnect) return;
  if (!watched.client->close_code) return fail("not told of the drain: " + watched.client->setup.address.text());
  if (*watched.client->close_code != (watched.session == nullptr ? 1001 : 4200)) fail("told of the drain with " + std::to_string(*watched.client->close_code));
}

void Simulation::end() {
  kernel_.meanwhile = nullptr;
  engine_.reset();
  close_taken_over();
  if (kernel_.open_fds() != 0) fail(std::to_string(kernel_.open_fds()) + " descriptors left open");
  if (kernel_.mappings() != 0) fail(std::to_string(kernel_.mappings()) + " mappings left");
}

}  // namespace sim
