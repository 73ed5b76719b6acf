// The oracle's half for gRPC: what came over each stream against what its topic published. Slow events name a connection and a topic,
// so what was skipped is compared for all of its streams of that topic together.
#include <algorithm>

#include "test/native/sim/grpc_crowd.h"

namespace sim {

namespace {

constexpr int status_ok = 0;
constexpr int status_not_found = 5;
constexpr int status_exhausted = 8;

/// How many publications are missing: where a subscription began, or ended, is not always known.
struct Missing {
  std::uint64_t least = 0;
  std::uint64_t most = 0;

  void add(std::uint64_t exactly) { least += exactly, most += exactly; }
};

class PeerReader {
 public:
  PeerReader(const GrpcPeer& peer, const std::map<unsigned, Order>& orders, const Plan& plan, bool settled)
      : peer_(peer), orders_(orders), plan_(plan), to_the_end_(settled && peer.is_open()) {}

  std::string read() {
    if (!peer_.client->trouble.empty()) return peer_.client->trouble;
    if (!peer_.trouble.empty()) fail(peer_.trouble);
    if (peer_.client->goaway && peer_.client->goaway->code != 0) fail("given up: " + peer_.client->goaway->text);
    for (const auto& [topic, order] : orders_) check_topic(topic, order);
    for (const auto& [stream, publisher] : peer_.publishers) check_publisher(stream, publisher);
    for (const auto& [stream, question] : peer_.questions) check_question(stream, question);
    if (to_the_end_ && ended_slow() != peer_.ended_slow) {
      fail(std::to_string(ended_slow()) + " streams were ended as slow, " + std::to_string(peer_.ended_slow) + " were told of");
    }
    return trouble_;
  }

 private:
  void fail(const std::string& what) {
    if (trouble_.empty()) trouble_ = what + ", gRPC client " + peer_.client->setup.address.text();
  }

  const GrpcStream& seen(std::uint32_t stream) const { return peer_.client->streams[stream]; }

  void check_topic(unsigned topic, const Order& order) {
    Missing missing;
    for (const auto& [stream, subscription] : peer_.subscriptions) {
      if (subscription.topic == topic) check_subscription(stream, subscription, order, missing);
    }
    const auto found = peer_.skipped.find(topic);
    const std::uint64_t skipped = found == peer_.skipped.end() ? 0 : found->second;
    if (skipped >= missing.least && skipped <= missing.most) return;
    fail(std::to_string(missing.least) + " to " + std::to_string(missing.most) + " missing in topic " + std::to_string(topic) + ", " +
         std::to_string(skipped) + " skipped");
  }

  void check_subscription(std::uint32_t stream, const StreamSubscription& subscription, const Order& order, Missing& missing) {
    const std::string where = ", stream " + std::to_string(stream);
    std::uint64_t begin_min = subscription.begin_min;
    std::uint64_t begin_max = subscription.begin_max.value_or(order.keys.size());
    if (subscription.greeting) {
      check_greeting(subscription, order, where);
      begin_min = begin_max = subscription.greeting->offset + 1;
    }
    std::uint64_t next = begin_min;
    bool is_first = true;
    for (const Key& key : subscription.messages) {
      const auto offset = order.offsets.find(key);
      if (offset == order.offsets.end()) return fail("a message that nobody published" + where);
      if (offset->second < next) return fail("offset " + std::to_string(offset->second) + " comes after " + std::to_string(next - 1) + where);
      missing.most += order.sayable(next, offset->second);
      missing.least += order.sayable(is_first ? std::max(next, std::min(begin_max, offset->second)) : next, offset->second);
      is_first = false;
      next = offset->second + 1;
    }
    missing.most += order.sayable(next, order.keys.size());
    const bool is_open = to_the_end_ && !seen(stream).status && !subscription.left;
    if (is_open) missing.least += order.sayable(is_first ? std::max(next, begin_max) : next, order.keys.size());
    if (is_open && !subscription.begin_max) fail("a subscription that never began" + where);
    if (is_open && subscription.wants_last && !subscription.greeting) check_without_greeting(begin_min, begin_max, order, where);
  }

  void check_greeting(const StreamSubscription& subscription, const Order& order, const std::string& where) {
    const Retained& greeting = *subscription.greeting;
    if (!subscription.wants_last && !subscription.since) return fail("a greeting that was not asked for" + where);
    if (greeting.offset >= order.keys.size() || order.keys[greeting.offset] != greeting.key) return fail("a retained message of another offset" + where);
    if (greeting.offset + 1 < subscription.begin_min) return fail("a retained message that was none any more" + where);
    if (subscription.since && greeting.offset < *subscription.since) return fail("a retained message before what was asked for" + where);
  }

  /// Right only where nothing need have been retained that could be said.
  void check_without_greeting(std::uint64_t begin_min, std::uint64_t begin_max, const Order& order, const std::string& where) {
    const bool may_be_nothing = !plan_.retains_all || begin_min == 0 || order.sayable(begin_min - 1, begin_max) < begin_max - (begin_min - 1);
    if (!may_be_nothing) fail("what was retained did not come" + where);
  }

  void check_publisher(std::uint32_t stream, const StreamPublisher& publisher) {
    const auto order = orders_.find(publisher.topic);
    if (order == orders_.end() || !to_the_end_ || seen(stream).reset) return;
    const GrpcStream& answer = seen(stream);
    const std::string where = ", publisher " + std::to_string(publisher.publisher);
    if (answer.status.value_or(status_ok) != status_ok) return;  // it was told that not all were taken
    if (order->second.count_of(publisher.publisher) != publisher.sent) return fail("a publisher was not heard to the end" + where);
    if (!publisher.ended) return;
    if (answer.answers != std::vector<std::string>{"ok"}) return fail("a publisher without its answer" + where);
    if (publisher.counts && answer.answered != publisher.sent) fail(std::to_string(answer.answered) + " messages were answered for" + where);
  }

  void check_question(std::uint32_t stream, const StreamQuestion& question) {
    const auto found = orders_.find(question.topic);
    if (found == orders_.end()) return;
    const Order& order = found->second;
    if (to_the_end_ && !seen(stream).status) return fail("Last was not answered");
    if (!question.published_then) return;
    if (question.answer) {
      const std::uint64_t offset = question.answer->offset;
      if (offset + 1 < question.published || offset >= *question.published_then) return fail("an old answer to Last");
      if (order.keys[offset] != question.answer->key) fail("an answer to Last that is of another offset");
    } else if (seen(stream).status == status_not_found) {
      const std::uint64_t from = question.published == 0 ? 0 : question.published - 1;
      const bool may_be_nothing = !plan_.retains_all || question.published == 0 ||
                                  order.sayable(from, *question.published_then) < *question.published_then - from;
      if (!may_be_nothing) fail("Last found nothing");
    }
  }

  std::size_t ended_slow() const { return count_ended_slow(peer_); }

 public:
  static std::size_t count_ended_slow(const GrpcPeer& peer) {
    return static_cast<std::size_t>(std::count_if(peer.subscriptions.begin(), peer.subscriptions.end(), [&](const auto& each) {
      const GrpcStream& stream = peer.client->streams[each.first];
      return stream.status == status_exhausted && stream.status_text.ends_with("bytes behind");
    }));
  }

 private:
  const GrpcPeer& peer_;
  const std::map<unsigned, Order>& orders_;
  const Plan& plan_;
  const bool to_the_end_;
  std::string trouble_;
};

}  // namespace

std::string check_peer(const GrpcPeer& peer, const std::map<unsigned, Order>& orders, const Plan& plan, bool settled) {
  return PeerReader(peer, orders, plan, settled).read();
}

std::string GrpcCrowd::check(const std::map<unsigned, Order>& orders, bool settled) const {
  for (const auto& peer : peers_) {
    if (std::string trouble = check_peer(*peer, orders, world_.plan, settled); !trouble.empty()) return trouble;
  }
  return "";
}

/// RFC 9113 §6.8: first that the connection will end, then which stream was the last. What came before is answered.
std::string GrpcCrowd::check_drained() const {
  for (const auto& peer : peers_) {
    const GrpcClient& client = *peer->client;
    if (client.goaways.empty() || world_.kernel.was_reset(client.socket())) continue;
    const std::string who = ", gRPC client " + client.setup.address.text();
    if (client.goaways.size() != 2) return std::to_string(client.goaways.size()) + " GOAWAYs" + who;
    if (client.goaway->code != 0) return "GOAWAY with an error" + who;
    if (client.goaways.front() != 0x7FFFFFFF) return "the first GOAWAY refuses streams" + who;
    for (const auto& [stream, seen] : client.streams) {
      const bool is_refused = stream > client.goaways.back();
      if (is_refused && (seen.has_headers || seen.status)) return "a refused stream was answered" + who;
      if (!is_refused && !seen.status && !seen.reset) return "stream " + std::to_string(stream) + " without an end" + who;
    }
  }
  return "";
}

std::size_t GrpcCrowd::subscriptions() const {
  std::size_t open = 0;
  for (const auto& peer : peers_) {
    if (!peer->is_open()) continue;
    for (const auto& [stream, subscription] : peer->subscriptions) open += peer->client->streams[stream].status || subscription.left ? 0 : 1;
  }
  return open;
}

std::uint64_t GrpcCrowd::deliveries() const {
  std::uint64_t messages = 0;
  for (const auto& peer : peers_) {
    for (const auto& [stream, subscription] : peer->subscriptions) messages += subscription.messages.size();
  }
  return messages;
}

std::size_t GrpcCrowd::ended_slow() const {
  std::size_t ended = 0;
  for (const auto& peer : peers_) ended += PeerReader::count_ended_slow(*peer);
  return ended;
}

}  // namespace sim
