// What the engine says of itself, against what its clients have seen: counters, last values, and that nothing is kept.
#include <algorithm>

#include "test/native/sim/simulation.h"

namespace sim {

using metrics::Metric;

std::size_t Simulation::present() const {
  const auto clients = std::count_if(clients_.begin(), clients_.end(), [](const auto& each) { return !each->client->is_over(); });
  return static_cast<std::size_t>(clients) + grpc_.present() + askers_.present();
}

void Simulation::check_count(Metric metric, std::uint64_t expected, const std::string& name) {
  if (stat(metric) == static_cast<std::int64_t>(expected)) return;
  fail(name + " is " + std::to_string(stat(metric)) + " instead of " + std::to_string(expected));
}

/// While all is quiet and everybody who is still there has everything.
void Simulation::check_settled() {
  if (plan_.history_messages > 0) {
    kernel_.advance_ns(std::int64_t{topic::replay_reuse_ms} * 1'000'000);
    engine_->give_back();  // what was encoded for replays that are over
  }
  const std::size_t held = engine_->memory().bytes_now();
  if (held != 0) fail("logs hold " + std::to_string(held) + " bytes while all is quiet");
  check_count(Metric::connections_now, present(), "connections_now");
  if (!plan_.everything) return;
  check_count(Metric::slow_events, tally_.events, "slow_events");
  check_count(Metric::publications_skipped, tally_.skipped, "publications_skipped");
  for (unsigned topic = 0; topic < plan_.topics; ++topic) {
    const auto counts = engine_->topic_count(topic_name(topic));
    if (!counts) return fail("a topic is gone");
    published_ += counts->published;
    for (std::size_t policy = 0; policy < conn::slow_policy_count; ++policy) {
      const auto told = tally_.by_topic.find({topic, static_cast<conn::SlowPolicyId>(policy)});
      if (counts->skipped[policy] != (told == tally_.by_topic.end() ? 0 : told->second)) fail("a topic's skipped publications are not those told of");
    }
  }
  check_count(Metric::publications, published_, "publications");
  check_count(Metric::subscriptions_now, count_subscriptions(), "subscriptions_now");
  std::uint64_t bytes = 0;  // that gRPC has no way to say, where it was in use
  for (const auto& [topic, order] : orders()) bytes += order.keys.size() - order.sayable(0, order.keys.size());
  if (stat(Metric::publications_not_encodable) > static_cast<std::int64_t>(bytes)) fail("publications were passed over that can be said");
  check_retained();
}

std::uint64_t Simulation::count_subscriptions() const {
  std::uint64_t subscriptions = grpc_.subscriptions();
  for (const auto& each : clients_) {
    if (!each->client->is_open()) continue;
    subscriptions += each->topics.size();
    for (const auto& [topic, joined] : each->record.joined) subscriptions += joined ? 1 : 0;
  }
  return subscriptions;
}

/// Only the newest is ever retained; where there is room for all, it is.
void Simulation::check_retained() {
  const topic::Retained& retained = engine_->retained();
  std::size_t topics = 0;
  std::size_t bytes = 0;
  for (const auto& [topic, order] : orders()) {
    const topic::LastValueRef last = retained.find(topic_name(topic));
    if (!last) {
      if (plan_.retains_all && !order.keys.empty() && retained.wants(topic_name(topic))) fail("a last value is missing");
      continue;
    }
    ++topics;
    bytes += last->payload.size();
    Key key;
    if (!read_payload(base::text_of(last->payload), key)) return fail("a last value with wrong bytes");
    if (order.keys.empty() || key != order.keys.back() || last->offset + 1 != order.keys.size()) return fail("a last value that is not the last");
    if ((last->kind == codec::PayloadKind::binary) < (form_of(key) == Form::bytes)) return fail("a last value of another kind");
  }
  if (retained.size() != topics || retained.bytes_now() != bytes) fail("the account of last values is wrong");
}

/// Every connection is gone: what each had been sent is known to the byte, also of those that were reset.
void Simulation::check_ended() {
  if (!plan_.everything || failed()) return;
  for (const Metric metric : {Metric::connections_now, Metric::subscriptions_now, Metric::streams_now, Metric::events_dropped}) {
    check_count(metric, 0, "gauge " + std::to_string(static_cast<int>(metric)));
  }
  check_count(Metric::connections_closed_slow, tally_.connections_closed, "connections_closed_slow");
  const auto requests = static_cast<std::uint64_t>(stat(Metric::requests));  // some answers found their asker gone
  if (requests < askers_.answers() || requests > askers_.questions()) fail(std::to_string(requests) + " requests were counted");
  if (stat(Metric::streams_closed_slow) < static_cast<std::int64_t>(grpc_.ended_slow())) fail("more streams were ended than are counted");
  if (engine_->stream_bytes() != 0 || engine_->received_bytes() != 0) fail("bytes of connections that are gone");
  check_count(Metric::deliveries, count_deliveries(), "deliveries");
}

std::uint64_t Simulation::count_deliveries() {
  grpc_.read_lost();
  std::uint64_t deliveries = grpc_.deliveries();
  for (const auto& each : clients_) {
    each->client->read_lost();
    deliveries += each->client->messages.size();
    if (each->session == nullptr) continue;
    const auto& events = each->session->events;
    const auto is_publication = [](const PusherEvent& event) { return event.name != "said" && event.name != "pusher:error"; };
    deliveries += static_cast<std::uint64_t>(std::count_if(events.begin(), events.end(), is_publication));
  }
  return deliveries;
}

}  // namespace sim
