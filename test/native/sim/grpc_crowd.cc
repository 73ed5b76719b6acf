#include "test/native/sim/grpc_crowd.h"

#include <algorithm>

namespace sim {

using wire::operator+;

namespace {

constexpr std::uint16_t grpc_port = 8004;
constexpr std::uint32_t wide_window = 1u << 29;
constexpr std::size_t grant_bytes_min = 16;  // smaller ones are of no use, and a thousand of those end the connection
constexpr std::string_view v1_publish_path = "/broker.v1.MessageService/Publish";
constexpr std::string_view v1_publish_one_path = "/broker.v1.MessageService/PublishOne";

/// Some calls are not to last.
h2::Fields deadline_of(Random& random) {
  if (!chance(random, 60)) return {};
  return {{"grpc-timeout", std::to_string(between(random, 1, 100)) + "m"}};
}

}  // namespace

void GrpcCrowd::act() {
  if (present() < world_.plan.grpc_clients_max && chance(world_.random, 60)) connect();
  GrpcPeer* const peer = someone();
  if (peer != nullptr) act_of(*peer);
}

GrpcPeer* GrpcCrowd::someone() {
  if (peers_.empty()) return nullptr;
  GrpcPeer& peer = *peers_[world_.random() % peers_.size()];
  return peer.is_open() ? &peer : nullptr;
}

void GrpcCrowd::connect() {
  Random& random = world_.random;
  GrpcSetup setup;
  setup.port = grpc_port;
  setup.address = address_of(world_.next_address++);
  setup.send_buffer_bytes = world_.plan.send_buffer_bytes;
  setup.stream_window_bytes = static_cast<std::uint32_t>(chance(random, 600) ? 65'535 : chance(random, 200) ? 0 : between(random, 64, 3000));
  auto peer = std::make_unique<GrpcPeer>();
  peer->client = std::make_unique<GrpcClient>(world_.kernel, setup);
  peer->client->grows_windows = !chance(random, 300);
  peer->pace = world_.any_pace();
  peer->client->on_message = [this, to = peer.get()](std::uint32_t stream, const GrpcMessage& message) { on_message(*to, stream, message); };
  by_address_[setup.address.text()] = peer.get();
  peers_.push_back(std::move(peer));
  for (std::size_t streams = between(random, 1, 3); streams > 0; --streams) subscribe(*peers_.back());
}

void GrpcCrowd::act_of(GrpcPeer& peer) {
  const std::size_t choice = world_.random() % 100;
  if (choice < 6) return subscribe(peer);
  if (choice < 12) return begin_publishing(peer);
  if (choice < 22) return publish_one(peer);
  if (choice < 52) return publish(peer);
  if (choice < 64) return ask(peer);
  if (choice < 80) return grant(peer);
  if (choice < 85) return leave_a_stream(peer);
  if (choice < 90 && world_.plan.hostile) return change(peer);
}

void GrpcCrowd::subscribe(GrpcPeer& peer) {
  if (peer.subscriptions.size() > 12) return;
  Random& random = world_.random;
  StreamSubscription subscription;
  subscription.topic = world_.any_topic();
  subscription.begin_min = world_.published(subscription.topic);
  const std::string topic = topic_name(subscription.topic);
  std::uint32_t stream = 0;
  if (chance(random, 400)) {
    stream = peer.client->subscribe(topic);
  } else {
    h2::Wire request = h2::text_field(1, "s") + h2::text_field(2, topic);
    subscription.wants_last = chance(random, 500);
    if (!subscription.wants_last && chance(random, 300)) subscription.since = between(random, 0, subscription.begin_min + 1);
    if (subscription.since) request = request + h2::Wire{3 << 3} + h2::varint(*subscription.since);
    if (subscription.wants_last) request = request + h2::Wire{4 << 3, 1};
    stream = peer.client->call(h2::v1_subscribe_path, request, deadline_of(random));
  }
  peer.subscriptions[stream] = subscription;
}

void GrpcCrowd::begin_publishing(GrpcPeer& peer) {
  if (peer.publishers.size() > 12) return;
  StreamPublisher publisher;
  publisher.topic = world_.any_topic();
  publisher.publisher = world_.publisher_of(publisher.topic, schema_publishers);
  publisher.counts = chance(world_.random, 500);
  const std::uint32_t stream = peer.client->begin_publish(publisher.counts ? v1_publish_path : h2::publish_path, topic_name(publisher.topic));
  peer.publishers[stream] = publisher;
}

std::string GrpcCrowd::text_for(StreamPublisher& publisher) {
  const Key key{publisher.topic, publisher.publisher, publisher.sent++};
  return text_of(key, world_.filler(world_.message_bytes_max() - 100));
}

void GrpcCrowd::publish(GrpcPeer& peer) {
  for (auto& [stream, publisher] : peer.publishers) {
    if (publisher.ended || peer.client->streams[stream].status || !chance(world_.random, 400)) continue;
    for (std::size_t burst = between(world_.random, 1, 4); burst > 0; --burst) {
      peer.client->publish(stream, static_cast<std::int32_t>(publisher.publisher), text_for(publisher));
    }
    publisher.ended = chance(world_.random, 100);
    if (publisher.ended) peer.client->end(stream);
    return;
  }
}

/// As one call, whose content may have to wait for windows.
void GrpcCrowd::publish_one(GrpcPeer& peer) {
  if (peer.publishers.size() > 24) return;
  StreamPublisher publisher;
  publisher.topic = world_.any_topic();
  publisher.publisher = world_.publisher_of(publisher.topic, schema_publishers);
  publisher.counts = true;
  publisher.ended = true;
  const std::string text = text_for(publisher);
  const std::uint32_t stream = peer.client->begin_publish(v1_publish_one_path, topic_name(publisher.topic));
  peer.client->publish(stream, static_cast<std::int32_t>(publisher.publisher), text);
  peer.client->end(stream);
  peer.publishers[stream] = publisher;
}

void GrpcCrowd::ask(GrpcPeer& peer) {
  if (peer.questions.size() > 24) return;
  StreamQuestion question;
  question.topic = world_.any_topic();
  question.published = world_.published(question.topic);
  const std::uint32_t stream = peer.client->call(h2::last_path, h2::text_field(1, topic_name(question.topic)));
  peer.questions[stream] = question;
}

void GrpcCrowd::leave_a_stream(GrpcPeer& peer) {
  for (auto& [stream, subscription] : peer.subscriptions) {
    if (subscription.left || peer.client->streams[stream].status || !chance(world_.random, 300)) continue;
    subscription.left = true;
    return peer.client->reset(stream);
  }
  for (auto& [stream, publisher] : peer.publishers) {
    if (publisher.ended || peer.client->streams[stream].status || !chance(world_.random, 300)) continue;
    publisher.ended = true;
    return peer.client->reset(stream);
  }
}

/// A little more window, for one stream, all of them, or the connection.
void GrpcCrowd::grant(GrpcPeer& peer) {
  GrpcClient& client = *peer.client;
  if (client.grows_windows) return;
  Random& random = world_.random;
  client.grow_window(0, static_cast<std::uint32_t>(between(random, grant_bytes_min, 60'000)));
  for (const auto& [stream, subscription] : peer.subscriptions) {
    if (client.streams[stream].status || subscription.left || !chance(random, 300)) continue;
    client.grow_window(stream, static_cast<std::uint32_t>(between(random, grant_bytes_min, 20'000)));
  }
}

void GrpcCrowd::change(GrpcPeer& peer) {
  Random& random = world_.random;
  switch (random() % 6) {
    case 0: return peer.client->vanish();
    case 1: return peer.client->abort();
    case 2: return peer.client->send(h2::ping());
    case 3:
      peer.client->grows_windows = false;
      return;
    case 4: return peer.client->raise_windows(70'000);
    default: peer.pace = world_.any_pace();
  }
}

bool GrpcCrowd::step() {
  bool moved = false;
  for (const auto& peer : peers_) {
    GrpcClient& client = *peer->client;
    if (client.is_over()) continue;
    client.reads = peer->pace != Pace::stuck && (peer->pace != Pace::slow || chance(world_.random, 100));
    client.read_max = peer->pace == Pace::eager ? SIZE_MAX : between(world_.random, 1, peer->pace == Pace::slow ? 1500 : 20'000);
    moved = client.step() || moved;
    look_at(*peer);
  }
  return moved;
}

/// What it has seen in this step.
void GrpcCrowd::look_at(GrpcPeer& peer) {
  for (auto& [stream, subscription] : peer.subscriptions) {
    const GrpcStream& seen = peer.client->streams[stream];
    if (!subscription.begin_max && seen.has_headers) subscription.begin_max = world_.published(subscription.topic);
  }
  for (auto& [stream, question] : peer.questions) {
    if (!question.published_then && peer.client->streams[stream].status) question.published_then = world_.published(question.topic);
  }
}

void GrpcCrowd::on_message(GrpcPeer& peer, std::uint32_t stream, const GrpcMessage& message) {
  Key key;
  if (!read_message(message.author, message.data, key)) {
    peer.trouble = "a message with wrong bytes, stream " + std::to_string(stream);
    return;
  }
  if (const auto question = peer.questions.find(stream); question != peer.questions.end()) {
    if (question->second.answer) peer.trouble = "a wrong answer to Last";
    question->second.answer = Retained{message.offset.value_or(0), key};
    return;
  }
  const auto found = peer.subscriptions.find(stream);
  if (found == peer.subscriptions.end()) {
    peer.trouble = "a message for a stream that has not subscribed";
    return;
  }
  StreamSubscription& subscription = found->second;
  if (key.topic != subscription.topic) peer.trouble = "a message of another topic";
  if (message.offset) {
    if (subscription.greeting || !subscription.messages.empty()) peer.trouble = "a retained message behind the first one";
    subscription.greeting = Retained{*message.offset, key};
  } else {
    subscription.messages.push_back(key);
  }
}

bool GrpcCrowd::on_event(const shard::Event& event) {
  const auto found = by_address_.find(peer_of(event));
  if (found == by_address_.end()) return false;
  GrpcPeer& peer = *found->second;
  if (is<shard::Disconnected>(event)) peer.closed = true;
  const auto* const slow = std::get_if<shard::Slow>(&event);
  if (slow == nullptr) return true;
  peer.skipped[topic_in(*slow)] += slow->skipped;
  if (slow->policy == conn::SlowPolicyId::disconnect) ++peer.ended_slow;
  return true;
}

void GrpcCrowd::calm() {
  for (const auto& peer : peers_) {
    GrpcClient& client = *peer->client;
    if (peer->pace == Pace::stuck && chance(world_.random, 500)) client.abort();
    peer->pace = Pace::eager;
    if (client.is_over()) continue;
    client.grows_windows = true;
    client.grow_window(0, wide_window);
    for (const auto& [stream, seen] : client.streams) {
      if (!seen.status && !seen.reset) client.grow_window(stream, wide_window);
    }
  }
}

void GrpcCrowd::ask_while_draining() {
  for (const auto& peer : peers_) {
    if (peer->client->goaways.size() < 2 && !peer->client->is_over()) ask(*peer);
  }
}

std::size_t GrpcCrowd::present() const {
  return static_cast<std::size_t>(std::count_if(peers_.begin(), peers_.end(), [](const auto& each) { return !each->client->is_over(); }));
}

}  // namespace sim
