// What publications, takes, look-ups and messages between shards cost when 1 to 16 threads are at the same structures: nanoseconds of a CPU
// each, and how long the slowest of a thousand took. Threads beyond the CPUs show what a lock costs whose holder is not running.
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/micro/measure.h"
#include "native/os/linux_kernel.h"
#include "native/shard/inbox.h"
#include "native/topic/registry.h"
#include "native/topic/retained.h"

namespace {

constexpr std::size_t threads_max = 16;
constexpr int rounds = 3;
constexpr std::size_t acts = 200'000;  // of each thread and round: long enough that they run at the same time
constexpr std::size_t sampled_every = 16;
constexpr auto websocket = codec::EncodingId::websocket;

struct alignas(64) AlignedInbox : shard::Inbox {};  // as a shard has it

/// What all threads of a round share.
struct Stage {
  os::LinuxKernel kernel;
  topic::LogMemory memory{kernel, 256 << 20, threads_max + 1};
  topic::Registry registry{10'000};
  topic::Retained retained{{{"*"}, 10'000, 64 << 20}};
  std::vector<topic::TopicRef> topics;
  std::array<AlignedInbox, threads_max> inboxes;
};

/// One thread's part of a scenario.
struct Part {
  Stage& stage;
  std::size_t number;
  std::size_t threads;
  topic::TopicRef topic;
  topic::LogWindow window;
  std::vector<topic::SegmentRef> garbage;
  std::vector<shard::Message> messages;
  std::uint32_t state = 1;

  std::uint32_t random() { return state = state * 1'664'525 + 1'013'904'223; }
  void listen() { topic->add_interest(websocket, static_cast<unsigned>(number)); }
  void publish(std::shared_ptr<topic::LastValue> last = nullptr) {
    static constexpr std::uint8_t payload[100] = {'x'};
    topic->publish({codec::PayloadKind::text, payload}, 0, stage.memory, std::move(last));
  }
  /// As a shard does whose subscribers get everything at once.
  void deliver() {
    topic->take(websocket, static_cast<unsigned>(number), window, garbage);
    const std::uint64_t head = window.head_position();
    window.drop_before(head);
    topic->settled(websocket, static_cast<unsigned>(number), head, garbage);
    garbage.clear();
  }
};

struct Scenario {
  std::string_view name;
  /// Topics that there are: one for all, or one a thread.
  bool shared;
  void (*begin)(Part& part);
  void (*act)(Part& part, std::size_t at);
};

const std::string& name_of(std::uint32_t number) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 1024; ++i) made.push_back("room/" + std::to_string(i));
    return made;
  }();
  return names[number % names.size()];
}

constexpr Scenario scenarios[] = {
    {"one topic: publish, every 16th take", true, [](Part& part) { part.listen(); },
     [](Part& part, std::size_t at) {
       part.publish();
       if (at % 16 == 15) part.deliver();
     }},
    {"own topics: publish, take", false, [](Part& part) { part.listen(); },
     [](Part& part, std::size_t) {
       part.publish();
       part.deliver();
     }},
    {"own topics, nobody listens", false, [](Part&) {}, [](Part& part, std::size_t) { part.publish(); }},
    {"own topics, retained", false, [](Part&) {},
     [](Part& part, std::size_t) {
       static constexpr std::uint8_t payload[100] = {'x'};
       part.publish(part.stage.retained.copy_of({codec::PayloadKind::text, payload}));
       part.stage.retained.follow(part.topic);
     }},
    {"retained, asked for", false, [](Part&) {},
     [](Part& part, std::size_t) {
       topic::LastValueRef value = part.stage.retained.find(part.topic->name());
       micro::keep(value);
     }},
    {"registry: one of 1024", false, [](Part& part) { for (std::uint32_t i = 0; i < 1024; ++i) part.stage.registry.open(name_of(i)); },
     [](Part& part, std::size_t) {
       topic::TopicRef topic = part.stage.registry.open(name_of(part.random() >> 16));
       micro::keep(topic);
     }},
    {"inboxes: post to the next", false, [](Part&) {},
     [](Part& part, std::size_t at) {
       shard::Message message;
       message.kind = shard::MessageKind::log_ready;
       message.topic = part.topic;
       if (part.stage.inboxes[(part.number + 1) % part.threads].post(std::move(message))) std::abort();  // nobody sleeps here
       if (at % 16 != 15) return;
       part.stage.inboxes[part.number].drain(part.messages);
       part.messages.clear();
     }},
};

double cpu_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Taken {
  double cpu_ns = 0;  // an act
  std::vector<double> samples;  // of single acts, by the clock on the wall
};

Taken run_part(const Scenario& scenario, Part& part, std::barrier<>& barrier) {
  Taken taken;
  taken.samples.reserve(acts / sampled_every);
  barrier.arrive_and_wait();
  const double begin_ns = cpu_ns();
  for (std::size_t at = 0; at < acts; ++at) {
    if (at % sampled_every != 0) {
      scenario.act(part, at);
      continue;
    }
    const double before_ns = micro::now_ns();
    scenario.act(part, at);
    taken.samples.push_back(micro::now_ns() - before_ns);
  }
  taken.cpu_ns = (cpu_ns() - begin_ns) / acts;
  barrier.arrive_and_wait();
  return taken;
}

/// The least of some rounds, in which nothing else ran; the samples are those of that round.
Taken measure(const Scenario& scenario, std::size_t threads) {
  Taken least;
  for (int round = 0; round < rounds; ++round) {
    Stage stage;
    const std::size_t topics = scenario.shared ? 1 : threads;
    for (std::size_t i = 0; i < topics; ++i) stage.topics.push_back(stage.registry.open("topic-" + std::to_string(i)));
    std::vector<Taken> all(threads);
    std::barrier barrier(static_cast<std::ptrdiff_t>(threads));
    {
      std::vector<std::jthread> running;
      std::vector<Part> parts;
      for (std::size_t i = 0; i < threads; ++i) parts.push_back({stage, i, threads, stage.topics[i % topics], {}, {}, {}, static_cast<std::uint32_t>(i)});
      for (Part& part : parts) scenario.begin(part);
      for (std::size_t i = 0; i < threads; ++i) running.emplace_back([&, i] { all[i] = run_part(scenario, parts[i], barrier); });
      running.clear();  // they use what is above
    }
    Taken sum;
    for (const Taken& each : all) {
      sum.cpu_ns += each.cpu_ns / static_cast<double>(threads);
      sum.samples.insert(sum.samples.end(), each.samples.begin(), each.samples.end());
    }
    if (round == 0 || sum.cpu_ns < least.cpu_ns) least = std::move(sum);
  }
  return least;
}

double quantile(std::vector<double>& samples, double part) {
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(samples.size() - 1));
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

}  // namespace

int main(int count, char** arguments) {
  cpu_set_t cpus;
  sched_getaffinity(0, sizeof cpus, &cpus);
  std::printf("contention on %d CPUs: CPU of an act, ns; the median and the slowest of a thousand by the clock, ns\n%-36s", CPU_COUNT(&cpus), "");
  for (std::size_t threads = 1; threads <= threads_max; threads *= 2) std::printf(" %6zu thread%s", threads, threads == 1 ? " " : "s");
  std::printf("\n");
  for (const Scenario& scenario : scenarios) {
    if (count > 1 && scenario.name.find(arguments[1]) == std::string_view::npos) continue;
    std::vector<Taken> taken;
    for (std::size_t threads = 1; threads <= threads_max; threads *= 2) taken.push_back(measure(scenario, threads));
    std::printf("%-36s", scenario.name.data());
    for (const Taken& each : taken) std::printf(" %14.0f", each.cpu_ns);
    std::printf("\n%-36s", "");
    for (Taken& each : taken) std::printf(" %6.0f/%7.0f", quantile(each.samples, 0.5), quantile(each.samples, 0.999));
    std::printf("\n");
  }
}
