#include "native/shard/engine.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

#include "native/base/wrapping_time.h"
#include "native/os/latency.h"
#include "native/os/linux_kernel.h"

namespace shard {

using metrics::Metric;

namespace {
/// Port 0 on several addresses means one free port on all of them: the first choice may be taken on the second address.
constexpr int port_choices_max = 16;
/// Whose sessions the control plane has rules for, as long as there is one such protocol.
constexpr codec::ProtocolId session_protocol = codec::ProtocolId::pusher;

TopicCounts counts_of(const topic::Topic& topic) {
  TopicCounts counts;
  counts.name = topic.name();
  counts.subscribers = static_cast<std::uint64_t>(std::max<std::int64_t>(0, topic.subscribers()));
  counts.published = topic.published();
  for (std::size_t i = 0; i < counts.skipped.size(); ++i) counts.skipped[i] = topic.skipped(i);
  return counts;
}

bool is_any_port(const os::Endpoint& address) { return address.port == 0 && !address.local; }

bool is_absent_address(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EPROTONOSUPPORT; }
}  // namespace

const codec::Manners& session_manners() { return codec::protocol(session_protocol).manners; }

std::unique_ptr<Engine> Engine::start(EngineOptions options, os::Kernel& kernel, EventSink& events, StartError& error) {
  CHECK(options.shards >= 1 && options.shards <= topic::shards_max);
  CHECK(!options.slow_rules.empty() && options.slow_rules.back().topics == "*");
  options.codecs.http = options.http;  // of requests behind the first one, too
  std::unique_ptr<Engine> engine(new Engine(std::move(options), kernel, events));
  if (!engine->bind_all(error)) return nullptr;
  return engine;
}

Engine::Engine(EngineOptions options, os::Kernel& kernel, EventSink& events)
    : context_(std::move(options), kernel, events), publishing_(context_, metrics_), heap_(os::heap_state()) {}

Engine::~Engine() { stop(); }

bool Engine::bind_all(StartError& error) {
  std::vector<Listener> listeners;
  bool bound = false;
  for (int choice = 0; choice < port_choices_max && !bound; ++choice) {
    bound = bind_once(listeners, error);
    if (bound) break;
    for (const Listener& listener : listeners) context_.kernel.close_listener(listener.fd, listener.address);
    listeners.clear();
    bound_.clear();
    skipped_.clear();
    const bool chosen_by_us = std::any_of(context_.options.listeners.begin(), context_.options.listeners.end(),
                                          [](const ListenerOptions& each) { return is_any_port(each.address); });
    if (error.error != EADDRINUSE || !chosen_by_us) return false;
  }
  if (!bound) return false;
  bool usable = true;
  for (unsigned i = 0; i < context_.options.shards; ++i) {
    context_.shards.push_back(std::make_unique<Shard>(i, context_));
    usable = usable && context_.shards.back()->usable();
  }
  usable = context_.shards.front()->listen(std::move(listeners)) && usable;
  if (!usable) error = {EMFILE, bound_.empty() ? os::Endpoint() : bound_.front().address};
  return usable;
}

/// `::` takes IPv4 clients too, as people expect of it, unless `0.0.0.0` stands beside it for them.
bool Engine::is_dual_stack(const ListenerOptions& wanted) const {
  if (!wanted.address.v6 || !wanted.address.is_any()) return false;
  const std::vector<ListenerOptions>& all = context_.options.listeners;
  return std::none_of(all.begin(), all.end(), [&](const ListenerOptions& each) {
    return each.address.is_any() && !each.address.v6 && each.protocol == wanted.protocol;
  });
}

bool Engine::bind_once(std::vector<Listener>& listeners, StartError& error) {
  const ListenerOptions* previous = nullptr;
  std::uint16_t previous_port = 0;
  for (const ListenerOptions& wanted : context_.options.listeners) {
    os::ListenOptions options;
    options.address = wanted.address;
    options.send_buffer_bytes = context_.options.send_buffer_bytes;
    options.reuse_port = context_.options.reuse_port;
    options.dual_stack = is_dual_stack(wanted);
    const bool shares_port = is_any_port(wanted.address) && previous && is_any_port(previous->address) && previous->protocol == wanted.protocol;
    if (shares_port) options.address.port = previous_port;
    const os::Listening listening = context_.kernel.listen(options);
    if (listening.fd < 0 && wanted.optional && is_absent_address(listening.error)) {
      skipped_.push_back({wanted.protocol, options.address, listening.error});
      continue;
    }
    if (listening.fd < 0) {
      error = {listening.error, options.address};
      return false;
    }
    os::Endpoint address = wanted.address;
    address.port = listening.port;
    address.inode = listening.inode;
    const auto index = static_cast<std::uint16_t>(&wanted - context_.options.listeners.data());
    listeners.push_back({address, listening.fd, index});
    bound_.push_back({wanted.protocol, address, 0, options.dual_stack, listening.shared});
    previous = &wanted;
    previous_port = listening.port;
  }
  return true;
}

bool Engine::run() {
  CHECK(threads_.empty());
  thread_tuning_.resize(shards());
  const int memory_error = context_.options.latency.lock_memory ? os::lock_memory() : 0;
  try {
    for (unsigned i = 0; i < shards(); ++i) threads_.emplace_back([this, i] { thread_main(i); });
  } catch (const std::system_error&) {  // the only way std::thread has to say that there are too many
    stop();
    return false;
  }
  for (unsigned tuned = threads_tuned_.load(std::memory_order_acquire); tuned < shards(); tuned = threads_tuned_.load(std::memory_order_acquire)) {
    threads_tuned_.wait(tuned, std::memory_order_acquire);
  }
  report_tuning(memory_error);
  return true;
}

void Engine::report_tuning(int memory_error) {
  ThreadTuning worst;
  for (const ThreadTuning& each : thread_tuning_) {
    if (each.cpu_error != 0) worst.cpu_error = each.cpu_error;
    if (each.real_time_error != 0) worst.real_time_error = each.real_time_error;
  }
  const LatencyOptions& wanted = context_.options.latency;
  if (wanted.spin_us > 0) tuning_.push_back({"spin", 0});
  if (!context_.options.cpus.empty()) tuning_.push_back({"cpus", worst.cpu_error});
  if (wanted.real_time) tuning_.push_back({"real-time", worst.real_time_error});
  if (wanted.lock_memory) tuning_.push_back({"memory", memory_error});
}

void Engine::thread_main(unsigned index) {
  const std::string name = "broker-" + std::to_string(index);
  os::prepare_thread(name.c_str());
  tune_thread(index);
  context_.shards[index]->run();
}

void Engine::tune_thread(unsigned index) {
  const std::vector<int>& cpus = context_.options.cpus;
  if (!cpus.empty()) thread_tuning_[index].cpu_error = os::pin_thread(cpus[index % cpus.size()]);
  if (context_.options.latency.real_time) thread_tuning_[index].real_time_error = os::set_real_time();
  threads_tuned_.fetch_add(1, std::memory_order_release);
  threads_tuned_.notify_one();
}

void Engine::stop() {
  if (threads_.empty()) return;
  for (const auto& shard : context_.shards) shard->post({});  // a message is `stop` unless it says otherwise
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Engine::drain(std::uint32_t drain_ms) {
  for (const auto& shard : context_.shards) {
    Message message;
    message.kind = MessageKind::drain;
    message.number = drain_ms;
    shard->post(std::move(message));
  }
}

PublishOutcome Engine::publish(std::string_view topic, const codec::Publication& publication) {
  return publishing_.publish_checked(topic, publication, base::moment_of_ns(context_.kernel.now_ns()));
}

void Engine::post_to(conn::ConnectionId id, Message&& message) {
  const unsigned shard = conn::shard_of(id);
  if (shard >= context_.shards.size()) return;  // an id that JavaScript made up
  message.connection = id;
  context_.shards[shard]->post(std::move(message));
}

void Engine::accept_session(conn::ConnectionId id, conn::SessionTerms terms) {
  Message message;
  message.kind = MessageKind::accept_session;
  message.terms = std::make_unique<conn::SessionTerms>(std::move(terms));
  post_to(id, std::move(message));
}

void Engine::send_to_session(conn::ConnectionId id, std::string frames) {
  Message message;
  message.kind = MessageKind::send;
  message.text = std::move(frames);
  post_to(id, std::move(message));
}

JoinStatus Engine::join_topic(std::string_view name, topic::Join join) {
  if (!codec::is_valid_topic(name, context_.options.topics.topic_bytes_max)) return JoinStatus::invalid_topic;
  const unsigned shard = conn::shard_of(join.connection);
  if (shard >= context_.shards.size()) return JoinStatus::ok;
  const topic::TopicRef topic = context_.topics.open(name);
  if (!topic) return JoinStatus::topics_full;
  const codec::EncodingId encoding = codec::protocol(session_protocol).encoding;
  Message message;
  message.kind = MessageKind::join;
  message.encoding = encoding;
  message.topic = topic;
  const conn::ConnectionId id = join.connection;
  message.join = topic->join(encoding, shard, std::move(join));
  post_to(id, std::move(message));
  return JoinStatus::ok;
}

/// One for all ears of a topic: they share its slice, and the copies of what they hear.
unsigned Engine::shard_of_ears(std::string_view topic) const {
  return static_cast<unsigned>(std::hash<std::string_view>{}(topic) % context_.shards.size());
}

ListenStatus Engine::listen(std::string_view name, const std::shared_ptr<topic::Ear>& ear) {
  if (!codec::is_valid_topic(name, context_.options.topics.topic_bytes_max)) return ListenStatus::invalid_topic;
  const topic::TopicRef topic = context_.topics.open(name);
  if (!topic) return ListenStatus::topics_full;
  const unsigned shard = shard_of_ears(name);
  topic::Join join;
  join.ear = ear;
  Message message;
  message.kind = MessageKind::join;
  message.encoding = codec::readable_encoding;
  message.topic = topic;
  message.join = topic->join(codec::readable_encoding, shard, std::move(join));
  context_.shards[shard]->post(std::move(message));
  return ListenStatus::ok;
}

JoinStatus Engine::read_history(std::string_view name, const codec::ReplayWish& wish, std::size_t messages_max, std::size_t bytes_max,
                                topic::HistoryPage& page) {
  if (!codec::is_valid_topic(name, context_.options.topics.topic_bytes_max)) return JoinStatus::invalid_topic;
  const topic::TopicRef topic = context_.topics.open(name);
  if (!topic) return JoinStatus::topics_full;
  page = topic->read_history(wish, messages_max, bytes_max, base::moment_of_ns(context_.kernel.now_ns()));
  return JoinStatus::ok;
}

void Engine::unlisten(std::string_view name, topic::Ear& ear) {
  ear.close();
  const topic::TopicRef topic = context_.topics.find(name);
  CHECK(topic);  // an ear that listens keeps it in use
  Message message;
  message.kind = MessageKind::unlisten;
  message.encoding = codec::readable_encoding;
  message.topic = topic;
  message.join = ear.id();
  context_.shards[shard_of_ears(name)]->post(std::move(message));
}

void Engine::leave_topic(conn::ConnectionId id, std::string topic) {
  Message message;
  message.kind = MessageKind::leave;
  message.text = std::move(topic);
  post_to(id, std::move(message));
}

void Engine::close_session(conn::ConnectionId id, std::uint16_t code, std::string reason) {
  Message message;
  message.kind = MessageKind::close_session;
  message.number = code;
  message.text = std::move(reason);
  post_to(id, std::move(message));
}

void Engine::find_connections(std::uint64_t ask, ConnectionQuery query) {
  const auto shared = std::make_shared<const ConnectionQuery>(std::move(query));
  for (const auto& shard : context_.shards) {
    Message message;
    message.kind = MessageKind::find;
    message.join = ask;
    message.query = shared;
    shard->post(std::move(message));
  }
}

bool Engine::remove_connection(std::uint64_t ask, conn::ConnectionId id) {
  if (conn::shard_of(id) >= context_.shards.size()) return false;
  Message message;
  message.kind = MessageKind::remove;
  message.join = ask;
  post_to(id, std::move(message));
  return true;
}

bool Engine::take_back(int fd, std::size_t listener, const os::Address& peer, std::string head) {
  const std::vector<ListenerOptions>& listeners = context_.options.listeners;
  if (listener >= listeners.size() || !codec::protocol(listeners[listener].protocol).shares_port_with_http) return false;
  Message message;
  message.kind = MessageKind::take_back;
  message.listener = static_cast<std::uint16_t>(listener);
  message.fd = fd;
  message.address = peer;
  message.text = std::move(head);
  context_.shards.front()->post(std::move(message));
  return true;
}

void Engine::give_back() {
  context_.memory.give_back();
  context_.histories.expire(base::moment_of_ns(context_.kernel.now_ns()));
  context_.topics.forget_unused_in_parts();
  if (!heap_.is_worth_trimming(os::heap_state())) return;
  os::trim_heap();
  heap_.on_trimmed(os::heap_state());
}

std::vector<std::uint32_t> Engine::silent_ms() const {
  std::vector<std::uint32_t> silent;
  for (const auto& shard : context_.shards) silent.push_back(shard->silent_ms());
  return silent;
}

void Engine::set_connection_events(bool on) { context_.connection_events.store(on, std::memory_order_relaxed); }

std::array<std::int64_t, metrics::metric_count> Engine::stats() const {
  std::array<std::int64_t, metrics::metric_count> sums{};
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto metric = static_cast<Metric>(i);
    sums[i] = metrics_.get(metric);
    for (const auto& shard : context_.shards) sums[i] += shard->metrics().get(metric);
  }
  return sums;
}

std::vector<std::vector<std::string>> Engine::flight_records() const {
  std::vector<std::vector<std::string>> records;
  for (const auto& shard : context_.shards) records.push_back(shard->recorder().lines());
  return records;
}

std::optional<TopicCounts> Engine::topic_count(std::string_view name) const {
  const topic::TopicRef topic = context_.topics.find(name);
  if (!topic) return std::nullopt;
  return counts_of(*topic);
}

std::vector<TopicCounts> Engine::topic_counts(std::size_t max) const {
  std::vector<TopicCounts> counts;
  for (const topic::TopicRef& topic : context_.topics.all()) counts.push_back(counts_of(*topic));
  const auto rank = [](const TopicCounts& each) {
    std::uint64_t skipped = 0;
    for (const std::uint64_t part : each.skipped) skipped += part;
    return std::tuple(~skipped, ~each.subscribers, std::string_view(each.name));
  };
  std::sort(counts.begin(), counts.end(), [&](const TopicCounts& a, const TopicCounts& b) { return rank(a) < rank(b); });
  if (counts.size() > max) counts.resize(max);
  return counts;
}

}  // namespace shard
