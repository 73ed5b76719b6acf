// Sessions in a simulated life: their clients, the control plane that they are told to and that asks for things at any moment,
// and visitors that only speak HTTP.
#include <algorithm>

#include "native/base/check.h"
#include "test/native/sim/simulation.h"

namespace sim {

namespace {
constexpr std::uint16_t session_port = 8003;
const std::string client_event = "client-e";
constexpr std::size_t client_event_bytes_max = 9000;
}  // namespace

// What the engine tells. It must not be called from here.

void Simulation::on_session_event(const shard::Event& event, Watched& watched) {
  SessionRecord& record = watched.record;
  const std::string who = ": " + watched.client->setup.address.text();
  if (watched.session == nullptr) return fail("a session's event of another client" + who);
  if (record.ended) return fail("an event behind a session's end" + who);
  if (congested_ && !is<shard::SessionEnded>(event)) fail("told of more than is taken" + who);
  if (is<shard::SessionOpened>(event)) {
    if (record.id != 0 || id_of(event) == 0) fail("a session opened twice" + who);
    record.id = id_of(event);
    by_session_[record.id] = &watched;
    return;
  }
  if (id_of(event) != record.id || record.id == 0) return fail("an event of a session that is not open" + who);
  if (const auto* const message = std::get_if<shard::SessionMessage>(&event)) return on_session_message(*message, record);
  if (const auto* const published = std::get_if<shard::SessionPublished>(&event)) {
    Key key;
    if (!record.reports || !read_payload(published->data, key) || published->topic != topic_name(key.topic)) fail("a wrong report" + who);
    record.reported[key.topic].push_back(key.sequence);
  } else if (is<shard::SessionEnded>(event)) {
    record.ended = true;
  } else {
    fail("an event that no session has" + who);
  }
}

void Simulation::on_session_message(const shard::SessionMessage& event, SessionRecord& record) {
  if (event.text == "text " + std::to_string(record.texts_heard)) {
    ++record.texts_heard;
    return;
  }
  Key key;
  const auto client_publication = read_event(event.text);
  if (!client_publication || !read_payload(client_publication->data, key)) return fail("a message that nobody sent: " + event.text);
  record.refused[key.topic].push_back(key.sequence);
}

void Simulation::on_http_connection(const shard::HttpConnection& event) {
  taken_over_.push_back(event.fd);
  if (congested_) fail("a request handed over that is not taken");
  for (Visitor& visitor : visitors_) {
    if (visitor.socket != event.fd) continue;  // the fake kernel has one number for both ends
    if (std::exchange(visitor.taken_over, true)) fail("a socket handed over twice");
    if (event.head != visitor.head) fail("a request that nobody sent: " + event.head);
    return;
  }
  fail("a socket that nobody opened");
}

// Clients.

void Simulation::act_for_sessions() {
  const auto present = std::count_if(clients_.begin(), clients_.end(), [](const auto& each) { return !each->client->is_over(); });
  if (static_cast<unsigned>(present) < plan_.clients_max * 2 && chance(random_, 100)) open_session();
  if (chance(random_, 10)) visit();
  if (chance(random_, plan_.publish_in_thousand)) speak();
  if (chance(random_, plan_.calls_in_thousand)) call();
  if (chance(random_, congested_ ? 100 : plan_.congested_in_thousand)) congested_ = !congested_;
  for (Visitor& visitor : visitors_) {
    if (visitor.unsent.empty() || !chance(random_, 100)) continue;
    const std::size_t bytes = between(random_, 1, visitor.unsent.size());
    visitor.unsent.erase(0, kernel_.peer_write(visitor.socket, base::bytes_of(visitor.unsent).first(bytes)));
  }
}

void Simulation::open_session() {
  auto watched = std::make_unique<Watched>();
  auto client = std::make_unique<PusherClient>(kernel_, random_, setup_of(session_port, "/app/key", world_.any_pace()));
  watched->session = client.get();
  watched->client = std::move(client);
  watched->publisher = world_.next_publisher++ * 10;
  by_address_[watched->client->setup.address.text()] = watched.get();
  sessions_[watched->publisher] = watched.get();
  clients_.push_back(std::move(watched));
}

/// A visitor's head is all that it ever sends: what would come behind it is not the engine's to look at.
void Simulation::visit() {
  Visitor visitor;
  visitor.head = "POST /apps/1/events HTTP/1.1\r\nHost: sim\r\nX-Number: " + std::to_string(visitors_.size()) + "\r\n\r\n";
  visitor.unsent = visitor.head;
  visitor.socket = kernel_.connect(session_port, address_of(world_.next_address++), 64 * 1024);
  if (visitor.socket >= 0) visitors_.push_back(visitor);
}

/// A session's client says something: a text for the control plane, or publications to a topic that it may have joined.
void Simulation::speak() {
  std::vector<Watched*> present;
  for (const auto& each : clients_) {
    if (each->session != nullptr && each->client->is_open()) present.push_back(each.get());
  }
  if (present.empty()) return;
  Watched& watched = *present[random_() % present.size()];
  if (chance(random_, 300)) watched.session->send_text("text " + std::to_string(watched.record.texts_sent++));
  if (chance(random_, 50)) watched.session->send_application_ping();
  const auto topic = static_cast<unsigned>(random_() % plan_.topics);
  for (std::size_t burst = between(random_, 0, 4); burst > 0; --burst) {
    const Key key{topic, watched.publisher, watched.record.sent[topic]++};
    excluded_[key] = &watched;
    watched.session->send_event({client_event, topic_name(topic), payload_of(key, world_.filler(std::min(client_event_bytes_max, (world_.message_bytes_max() - 300) / 6)))});
  }
}

// The control plane's calls, at any moment, also for sessions that have ended.

void Simulation::call() {
  std::vector<Watched*> known;
  for (const auto& each : clients_) {
    if (each->record.id != 0 && !each->record.closed) known.push_back(each.get());
  }
  if (known.empty()) return;
  Watched& watched = *known[random_() % known.size()];
  SessionRecord& record = watched.record;
  if (!record.accepted) call_accept(record);
  const auto topic = static_cast<unsigned>(random_() % plan_.topics);
  for (std::size_t calls = chance(random_, 300) ? between(random_, 1, 6) : 1; calls > 0; --calls) {
    const std::size_t choice = random_() % 100;
    if (choice < 45) {
      if (!record.joined[topic] || chance(random_, 100)) call_join(watched, topic);
    } else if (choice < 75) {
      call_leave(record, topic);
    } else if (choice < 98 || !plan_.hostile) {
      call_send(record);
    } else {
      engine_->close_session(record.id, 4009, "closed by the control plane");
      record.closed = true;
      return;
    }
  }
}

void Simulation::call_accept(SessionRecord& record) {
  const std::uint32_t rates[] = {0, 3, 60'000, 60'000};
  record.reports = chance(random_, 300);
  record.accepted = true;
  engine_->accept_session(record.id, {"", rates[random_() % 4], record.reports});
}

void Simulation::call_join(Watched& watched, unsigned topic) {
  SessionRecord& record = watched.record;
  topic::Join join;
  join.connection = record.id;
  join.greeting = frame_of({"said", topic_name(topic), std::to_string(record.said.size())});
  join.publishes = chance(random_, 700);
  join.user_id = user_of(watched.publisher);
  record.said.push_back({topic, record.joined[topic], world_.published(topic)});
  record.joined[topic] = true;
  if (engine_->join_topic(topic_name(topic), std::move(join)) != shard::JoinStatus::ok) fail("a join was refused");
}

void Simulation::call_leave(SessionRecord& record, unsigned topic) {
  engine_->leave_topic(record.id, topic_name(topic));
  record.joined[topic] = false;
}

void Simulation::call_send(SessionRecord& record) {
  engine_->send_to_session(record.id, frame_of({"said", "", std::to_string(record.said.size())}));
  record.said.push_back({});
}

const Watched* Simulation::someone_to_exclude() {
  std::vector<const Watched*> known;
  for (const auto& each : clients_) {
    if (each->record.id != 0) known.push_back(each.get());
  }
  return known.empty() || !chance(random_, 400) ? nullptr : known[random_() % known.size()];
}

// Ends and checks.

void Simulation::end_congestion_and_visits() {
  congested_ = false;
  for (Visitor& visitor : visitors_) {
    while (!visitor.unsent.empty()) {
      const std::size_t written = kernel_.peer_write(visitor.socket, base::bytes_of(visitor.unsent));
      if (written == 0) break;  // it was reset
      visitor.unsent.erase(0, written);
    }
  }
}

void Simulation::close_taken_over() {
  for (const int fd : taken_over_) kernel_.close(fd);
  taken_over_.clear();
}

void Simulation::check_sessions(bool settled) {
  const std::map<unsigned, Order> orders = this->orders();
  for (const auto& each : clients_) {
    if (each->session == nullptr) continue;
    fail(check_session(*each, orders, excluded_, settled));
    if (settled) fail(check_publications(*each, orders, settled));
    const bool is_gone = each->client->is_over() && each->record.id != 0;
    if (settled && is_gone && !each->record.ended) fail("a session's end was not told of: " + each->client->setup.address.text());
  }
  for (const Visitor& visitor : visitors_) {
    if (settled && !visitor.taken_over && !kernel_.peer_at_end(visitor.socket)) fail("a visitor waits for ever");
  }
}

}  // namespace sim
