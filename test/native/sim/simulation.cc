#include "test/native/sim/simulation.h"

#include <algorithm>

#include "native/base/check.h"
#include "test/native/sim/post_client.h"
#include "test/native/sim/sse_client.h"

namespace sim {

namespace {
constexpr std::uint16_t publish_port = 8001;
constexpr std::uint16_t subscribe_port = 8002;
constexpr std::size_t witness_buffer_bytes = std::size_t{1} << 40;
constexpr std::int64_t ms = 1'000'000;
}  // namespace

Simulation::Simulation(Plan plan)
    : plan_(std::move(plan)),
      random_(plan_.seed),
      kernel_(plan_.seed + 1),
      world_{plan_, random_, kernel_, engine_},
      grpc_(world_),
      askers_(world_) {}

Simulation::~Simulation() = default;

std::string Simulation::run() {
  start();
  if (!failed()) crowd();
  if (!failed()) calm();
  if (!failed()) drain();
  end();
  return failure_;
}

void Simulation::fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
}

// The engine's events: what it says of a client is written down beside that client.

/// By its peer, or by its session's id where it tells none.
Watched* Simulation::find(const shard::Event& event) {
  const std::string peer = peer_of(event);
  if (peer.empty()) {
    const auto session = by_session_.find(id_of(event));
    if (session != by_session_.end()) return session->second;
    fail("an event of a session that has not opened");
    return nullptr;
  }
  const auto found = by_address_.find(peer);
  if (found != by_address_.end()) return found->second;
  fail("an event of an unknown client: " + peer);
  return nullptr;
}

bool Simulation::post(shard::Event&& event) {
  if (is<shard::Drained>(event)) {
    if (std::exchange(drained_, true)) fail("drained twice");
    if (!draining_) fail("drained without a drain");
  }
  if (is<shard::Drained>(event) || is<shard::Warning>(event)) return true;
  if (const auto* const request = std::get_if<shard::HttpConnection>(&event)) {
    on_http_connection(*request);
    return true;
  }
  tally(event);
  if (grpc_.on_event(event) || askers_.owns(peer_of(event))) return true;
  Watched* const watched = find(event);
  if (watched == nullptr) return true;
  if (is<shard::Connected>(event)) {
    watched->accepted = true;
    for (const unsigned topic : watched->topics) watched->first[topic] = world_.published(topic);
  } else if (const auto* const slow = std::get_if<shard::Slow>(&event)) {
    on_slow(*slow, *watched);
  } else if (const auto* const gone = std::get_if<shard::Disconnected>(&event)) {
    watched->disconnect_code = gone->code;
  } else {
    on_session_event(event, *watched);
  }
  return true;
}

void Simulation::tally(const shard::Event& event) {
  const auto* const gone = std::get_if<shard::Disconnected>(&event);
  if (gone != nullptr && gone->reason.starts_with("slow consumer: ")) ++tally_.connections_closed;
  const auto* const slow = std::get_if<shard::Slow>(&event);
  if (slow == nullptr) return;
  ++tally_.events;
  tally_.skipped += slow->skipped;
  tally_.by_topic[{topic_in(*slow), slow->policy}] += slow->skipped;
}

void Simulation::on_slow(const shard::Slow& event, Watched& watched) {
  watched.slow = true;
  if (!kernel_.is_refusing(watched.client->socket())) fail("called slow while the kernel takes its bytes: " + event.peer);
  if (event.age_ms > 1u << 30) fail("an impossible age: " + std::to_string(event.age_ms) + " ms");
  const bool is_witness = watched.client->setup.send_buffer_bytes == witness_buffer_bytes;
  if (is_witness && plan_.faults.refused_send == 0) fail("the witness is called slow");
  if (event.policy == conn::SlowPolicyId::disconnect) {
    watched.slow_disconnect = true;
    return;
  }
  watched.skipped[topic_in(event)] += event.skipped;
}

// Acts.

ClientSetup Simulation::setup_of(std::uint16_t port, const std::string& target, Pace pace) {
  ClientSetup setup;
  setup.port = port;
  setup.target = target;
  setup.pace = pace;
  setup.send_buffer_bytes = plan_.send_buffer_bytes;
  setup.address = address_of(world_.next_address++);
  return setup;
}

Watched& Simulation::add_client(std::uint16_t port, const std::string& target, Pace pace) {
  return add_client(std::make_unique<Client>(kernel_, random_, setup_of(port, target, pace)));
}

Watched& Simulation::add_client(std::unique_ptr<Client> client) {
  auto watched = std::make_unique<Watched>();
  watched->client = std::move(client);
  by_address_[watched->client->setup.address.text()] = watched.get();
  clients_.push_back(std::move(watched));
  return *clients_.back();
}

void Simulation::subscribe() {
  std::vector<unsigned> topics;
  for (unsigned topic = 0; topic < plan_.topics; ++topic) {
    if (chance(random_, 500)) topics.push_back(topic);
  }
  if (topics.empty()) topics.push_back(static_cast<unsigned>(random_() % plan_.topics));
  std::string target = "/?";
  for (const unsigned topic : topics) target += "topic=" + topic_name(topic) + "&";
  const bool hears_events = plan_.everything && chance(random_, 400);
  std::map<unsigned, std::uint64_t> wanted;
  if (plan_.history_messages > 0 && !hears_events && chance(random_, 500)) {
    const bool all = chance(random_, 300);
    for (const unsigned topic : topics) {
      wanted[topic] = all ? 0 : between(random_, 0, world_.published(topic));
      target += "since=" + codec::position_text(header_in(witnesses_[topic]->client->answer, "Broker-Epoch"), wanted[topic]) + "&";
    }
  }
  const ClientSetup setup = setup_of(subscribe_port, target, world_.any_pace());
  auto client = hears_events ? std::make_unique<SseClient>(kernel_, random_, setup) : std::make_unique<Client>(kernel_, random_, setup);
  Watched& watched = add_client(std::move(client));
  watched.topics = topics;
  watched.wanted = std::move(wanted);
}

void Simulation::join_publisher() {
  const auto topic = static_cast<unsigned>(random_() % plan_.topics);
  const bool posts = plan_.everything && chance(random_, 400);
  const ClientSetup setup = setup_of(publish_port, "/" + topic_name(topic), chance(random_, 500) ? Pace::eager : Pace::leisurely);
  auto client = posts ? std::make_unique<PostClient>(kernel_, random_, setup) : std::make_unique<Client>(kernel_, random_, setup);
  Watched& watched = add_client(std::move(client));
  watched.publishes = true;
  watched.publisher = world_.publisher_of(topic, any_kind_of_publisher());
}

/// publish() belongs to one thread at a time, so what happens between system calls leaves it alone meanwhile.
void Simulation::publish(unsigned topic) {
  if (std::exchange(publishing_, true)) return;
  const unsigned publisher = any_kind_of_publisher() + topic;
  const Key key{topic, publisher, next_sequence_[publisher]};
  const std::string payload = payload_of(key, filler_for(key));
  const std::string event = event_of(key);
  const auto kind = form_of(key) == Form::bytes ? codec::PayloadKind::binary : codec::PayloadKind::text;
  codec::Publication publication{kind, base::bytes_of(payload), event};
  const Watched* const excluded = plan_.sessions ? someone_to_exclude() : nullptr;
  if (excluded != nullptr) publication.excluded = excluded->record.id;
  const auto outcome = engine_->publish(topic_name(topic), publication);
  publishing_ = false;
  if (excluded != nullptr && outcome.status == shard::PublishStatus::ok) excluded_[key] = excluded;
  if (outcome.status == shard::PublishStatus::ok) ++next_sequence_[publisher];
  if (outcome.status != shard::PublishStatus::ok && outcome.status != shard::PublishStatus::logs_full) fail("publish() refused");
}

void Simulation::publish_from_socket() {
  std::vector<Watched*> publishers;
  for (const auto& each : clients_) {
    if (each->publishes && !each->client->is_over()) publishers.push_back(each.get());
  }
  if (publishers.empty()) return;
  Watched& watched = *publishers[random_() % publishers.size()];
  const unsigned topic = watched.publisher % 10;
  for (std::size_t burst = between(random_, 1, 5); burst > 0; --burst) {
    const Key key{topic, watched.publisher, sent_[topic][watched.publisher]++};
    watched.client->send_message(payload_of(key, filler_for(key)));
  }
}

unsigned Simulation::any_kind_of_publisher() {
  if (!plan_.everything) return 0;
  const unsigned kinds[] = {0, mixed_publishers, schema_publishers};
  return kinds[random_() % 3];
}

/// A payload of the schema grows by six before it is published.
Filler Simulation::filler_for(const Key& key) {
  const std::size_t most = world_.message_bytes_max() - 200;
  return world_.filler(form_of(key) == Form::schema ? most / 6 : most);
}

void Simulation::someone_leaves() {
  Watched& watched = *clients_[random_() % clients_.size()];
  if (std::find(witnesses_.begin(), witnesses_.end(), &watched) != witnesses_.end() || watched.client->is_over()) return;
  switch (random_() % 5) {
    case 0:
      return watched.client->vanish();
    case 1:
      return watched.client->abort();
    case 2:
      if (watched.client->status == 101) watched.client->send_ping("are you there?");
      return;
    case 3:
      if (!watched.publishes) watched.client->pace = static_cast<Pace>(random_() % 4);
      return;
    default:
      watched.client->left = watched.client->status == 0;
      if (watched.client->status == 101) watched.client->send_close(1000);
      watched.client->left = false;
  }
}

void Simulation::act() {
  if (chance(random_, plan_.publish_in_thousand)) publish_from_socket();
  if (chance(random_, plan_.publish_in_thousand / 2)) publish(static_cast<unsigned>(random_() % plan_.topics));
  const auto present = std::count_if(clients_.begin(), clients_.end(), [](const auto& each) { return !each->client->is_over(); });
  if (static_cast<unsigned>(present) < plan_.clients_max && chance(random_, 100)) {
    chance(random_, 600) ? subscribe() : join_publisher();
  }
  if (plan_.hostile && chance(random_, 20)) someone_leaves();
  if (plan_.sessions) act_for_sessions();
  if (plan_.everything) grpc_.act(), askers_.act();
  if (plan_.everything && chance(random_, 5)) engine_->give_back();
  if (chance(random_, 20)) kernel_.advance_ns(static_cast<std::int64_t>(random_() % (20 * ms)));
  if (chance(random_, 700)) engine_->shard(static_cast<unsigned>(random_() % plan_.shards)).turn(0);
  clients_[random_() % clients_.size()]->client->step();
}

bool Simulation::turn_everything() {
  kernel_.advance_ns(static_cast<std::int64_t>(random_() % ms));
  for (unsigned i = 0; i < plan_.shards; ++i) engine_->shard(static_cast<unsigned>(random_() % plan_.shards)).turn(0);
  bool moved = false;
  for (const auto& each : clients_) moved = each->client->step() || moved;
  moved = grpc_.step() || moved;
  return askers_.step() || moved;
}

}  // namespace sim
