// See fleet.h.
#include "bench/load/fleet.h"

#include "bench/load/clock.h"
#include "native/base/check.h"

namespace load {
namespace {

std::string topic_name(const Options& options, std::uint32_t topic) {
  return options.topics == 1 ? options.topic : options.topic + "-" + std::to_string(topic);
}

}  // namespace

ClientOptions client_options(const Options& options) {
  return {options.verify_every, options.connect_parallel, options.connect_timeout_s, options.spin != 0,
          options.kernel_time != 0, options.tls_resume != 0};
}

Fleet::Fleet(const Options& options, std::uint32_t messages_each)
    : options_(options),
      ledger_({options.publishers, messages_each, options.subscribers, options.topics}),
      client_(client_options(options), &ledger_),
      readers_(options.topics),
      outgoing_(options.publishers) {
  for (std::uint32_t topic = 0; topic < options.topics; ++topic) {
    publish_endpoints_.push_back(resolve(options.publish_url, topic_name(options, topic), Side::publish));
    subscribe_endpoints_.push_back(resolve(options.subscribe_url, topic_name(options, topic), Side::subscribe));
  }
}

bool Fleet::is_silent(std::uint32_t subscriber) const {
  const std::uint64_t percent = options_.slow_percent;
  return subscriber * percent / 100 != (subscriber + 1) * percent / 100;
}

OpenResult Fleet::open() {
  std::vector<Wanted> publishers;
  for (std::uint32_t i = 0; i < options_.publishers; ++i) {
    publishers.push_back({Role::publisher, i, &publish_endpoints_[i % options_.topics]});
  }
  std::vector<Wanted> subscribers;
  for (std::uint32_t i = 0; i < options_.subscribers; ++i) {
    const Role role = is_silent(i) ? Role::silent : Role::subscriber;
    if (role == Role::subscriber) ++readers_[i % options_.topics];
    subscribers.push_back({role, i, &subscribe_endpoints_[i % options_.topics]});
  }
  OpenResult result = client_.open(subscribers, AfterOpen::keep);
  client_.open(publishers, AfterOpen::keep);
  return result;
}

std::uint64_t Fleet::silent_bytes() const {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < options_.subscribers; ++i) {
    if (is_silent(i)) sum += client_.unread_bytes(i);
  }
  return sum;
}

void Fleet::prepare(std::uint32_t publisher, std::uint32_t burst, std::uint32_t payload_bytes) {
  Outgoing& outgoing = outgoing_[publisher];
  CHECK(outgoing.prepared == 0);
  outgoing.bytes.clear();
  const Endpoint& endpoint = publish_endpoints_[publisher % options_.topics];
  for (std::uint32_t i = 0; i < burst; ++i) {
    endpoint.wire->append_publication(outgoing.bytes, endpoint.target, payload_bytes,
                                      {publisher, outgoing.next_sequence + i, 0});
  }
  outgoing.prepared = burst;
  outgoing.payload_bytes = payload_bytes;
}

std::uint64_t Fleet::fire(std::uint32_t publisher) {
  Outgoing& outgoing = outgoing_[publisher];
  CHECK(outgoing.prepared != 0 && outgoing.bytes.size() % outgoing.prepared == 0);
  const Endpoint& endpoint = publish_endpoints_[publisher % options_.topics];
  const Wire& wire = *endpoint.wire;
  const std::size_t one_bytes = outgoing.bytes.size() / outgoing.prepared;
  const std::uint64_t now = now_ns();
  for (std::uint32_t i = 0; i < outgoing.prepared; ++i) {
    wire.stamp({outgoing.bytes.data() + i * one_bytes, one_bytes}, endpoint.target, outgoing.payload_bytes, now);
    ledger_.record_send(publisher, outgoing.next_sequence + i, now, readers(publisher));
  }
  client_.publish(options_.subscribers + publisher, outgoing.bytes, outgoing.prepared);  // publishers were opened after the subscribers
  outgoing.next_sequence += outgoing.prepared;
  outgoing.prepared = 0;
  return now;
}

}  // namespace load
