#include "test/native/sim/oracle.h"

#include <algorithm>

#include "test/native/sim/sse_client.h"

namespace sim {

namespace {
bool contains(const std::vector<unsigned>& numbers, unsigned number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}
}  // namespace

std::string header_in(const std::string& head, const std::string& name) {
  const std::size_t line = head.find("\r\n" + name + ": ");
  if (line == std::string::npos) return "";
  const std::size_t at = line + name.size() + 4;
  return head.substr(at, head.find("\r\n", at) - at);
}

namespace {

/// The numbers of a list; 10^18 for what is none.
std::vector<std::uint64_t> numbers_in(const std::string& list) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t at = 0; at < list.size(); at = list.find(',', at) == std::string::npos ? list.size() : list.find(',', at) + 2) {
    const bool is_number = list[at] >= '0' && list[at] <= '9';
    numbers.push_back(is_number ? std::strtoull(list.c_str() + at, nullptr, 10) : 1'000'000'000'000'000'000);
  }
  return numbers;
}

}  // namespace

std::string take_recovery(Watched& watched, const std::map<unsigned, std::uint64_t>& messages_max) {
  const Client& client = *watched.client;
  if (watched.wanted.empty() || client.status != 101) return "";
  const std::vector<std::uint64_t> live = numbers_in(header_in(client.answer, "Broker-Offset"));
  const std::vector<std::uint64_t> skipped = numbers_in(header_in(client.answer, "Broker-Skipped"));
  if (live.size() != watched.topics.size() || skipped.size() != live.size()) return "an answer without its recovery: " + client.answer;
  for (std::size_t i = 0; i < live.size(); ++i) {
    const unsigned topic = watched.topics[i];
    const std::uint64_t first = watched.wanted[topic] + skipped[i];
    if (first > live[i]) return "a replay that begins behind live delivery: " + client.answer;
    const auto kept = messages_max.find(topic);
    const std::uint64_t least = kept == messages_max.end() ? 0 : std::min(kept->second, live[i] - watched.wanted[topic]);
    if (live[i] - first < least) return "a replay of " + std::to_string(live[i] - first) + ", of which " + std::to_string(least) + " were kept: " + client.answer;
    if (kept != messages_max.end() && live[i] - first > kept->second) return "a replay of more than is kept: " + client.answer;
    watched.first[topic] = first;
  }
  return "";
}

Order::Order(std::vector<Key> in_order) : keys(std::move(in_order)) {
  texts.reserve(keys.size() + 1);
  for (const Key& key : keys) {
    offsets[key] = texts.size() - 1;
    texts.push_back(texts.back() + (form_of(key) == Form::bytes ? 0 : 1));
    ++by_publisher[key.publisher];
  }
}

std::uint64_t Order::count_of(unsigned publisher) const {
  const auto found = by_publisher.find(publisher);
  return found == by_publisher.end() ? 0 : found->second;
}

unsigned topic_in(const shard::Slow& event) {
  return static_cast<unsigned>(std::atoi(event.topic.c_str() + std::string_view("topic-").size()));
}

std::string check_order(const Order& order, std::uint64_t published, const std::map<unsigned, const Watched*>& sessions, unsigned topic) {
  if (order.keys.size() != published) {
    return "the witness saw " + std::to_string(order.keys.size()) + " of " + std::to_string(published) + " publications";
  }
  std::map<unsigned, unsigned> next;
  for (const Key& key : order.keys) {
    unsigned& expected = next[key.publisher];
    if (const auto session = sessions.find(key.publisher); session != sessions.end()) {
      const auto refused = session->second->record.refused.find(topic);
      while (refused != session->second->record.refused.end() && contains(refused->second, expected)) ++expected;
    }
    if (key.sequence != expected) {
      return "publisher " + std::to_string(key.publisher) + " is at " + std::to_string(key.sequence) + " instead of " +
             std::to_string(expected);
    }
    ++expected;
  }
  return "";
}

std::string check_subscriber(const Watched& watched, unsigned topic, const Order& order, bool settled) {
  const Client& client = *watched.client;
  const std::string who = ", client " + client.setup.address.text() + " " + client.setup.target + " topic " + std::to_string(topic);
  if (!client.trouble.empty()) return client.trouble;
  const auto first = watched.first.find(topic);
  if (first == watched.first.end()) return client.messages.empty() ? "" : "messages without a subscription" + who;
  // Where it begins stands in an answer that has not come.
  if (!watched.wanted.empty() && client.status != 101) return "";
  const auto skipped_at = watched.skipped.find(topic);
  const std::uint64_t skipped = skipped_at == watched.skipped.end() ? 0 : skipped_at->second;

  std::uint64_t next = first->second;
  std::uint64_t gaps = 0;
  for (const Key& key : client.messages) {
    if (key.topic != topic) continue;
    const auto offset = order.offsets.find(key);
    if (offset == order.offsets.end()) return "a message that nobody published" + who;
    if (offset->second < next) return "offset " + std::to_string(offset->second) + " comes after " + std::to_string(next - 1) + who;
    gaps += offset->second - next;
    next = offset->second + 1;
  }
  if (gaps > skipped) return std::to_string(gaps) + " missing, " + std::to_string(skipped) + " reported as skipped" + who;
  if (skipped > gaps + order.keys.size() - next) return std::to_string(skipped) + " skipped, more than there were" + who;
  if (watched.slow_disconnect || !settled || !client.is_open()) return "";
  gaps += order.keys.size() - next;
  if (gaps == skipped) return "";
  return std::to_string(gaps) + " missing at the end, " + std::to_string(skipped) + " reported as skipped" + who;
}

std::string check_events(const Watched& watched, const std::map<unsigned, Order>& orders, bool settled) {
  const auto* const client = dynamic_cast<const SseClient*>(watched.client.get());
  if (client == nullptr) return "";
  const std::string who = ", client " + client->setup.address.text() + " " + client->setup.target;
  for (std::size_t i = 0; i < client->messages.size(); ++i) {
    const auto order = orders.find(client->messages[i].topic);
    if (order == orders.end()) continue;
    const auto offset = order->second.offsets.find(client->messages[i]);
    if (offset == order->second.offsets.end() || offset->second != client->offsets[i]) return "an event with another's id" + who;
  }
  for (const unsigned topic : watched.topics) {
    const auto told = client->told_missing.find(topic_name(topic));
    const auto skipped = watched.skipped.find(topic);
    const std::uint64_t told_of = told == client->told_missing.end() ? 0 : told->second;
    const std::uint64_t were = skipped == watched.skipped.end() ? 0 : skipped->second;
    if (told_of > were || (told_of < were && settled && client->is_open())) return "told of " + std::to_string(told_of) + " missing of " + std::to_string(were) + who;
  }
  return "";
}

}  // namespace sim
