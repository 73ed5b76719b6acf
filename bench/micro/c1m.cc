// A million connections, without the kernel: what the engine needs for each, and how long a turn keeps everybody else waiting.
// `c1m [connections] [topics…]`; by itself: 1,000,000 connections on 1, 1000 and 1,000,000 topics, each in a process of its own.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <malloc.h>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/micro/crowd_kernel.h"
#include "native/shard/engine.h"

namespace {

using metrics::Metric;

constexpr std::size_t accepted_at_once = 4096;
constexpr std::int64_t tick_ns = 16'000'000;
std::size_t topics = 1;

std::string topic_of(std::size_t number) { return "topic-" + std::to_string(number % topics); }

/// Of this thread: what other programs do meanwhile is not in it.
double cpu_ms() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// What turns took, all of them and the longest.
struct Turns {
  double sum_ms = 0;
  double longest_ms = 0;
  std::size_t count = 0;
  std::size_t over_5_ms = 0;
};

struct NoEvents final : shard::EventSink {
  bool post(shard::Event&&) override { return true; }
  bool congested() const override { return false; }
};

class Crowd {
 public:
  explicit Crowd(std::size_t clients) : kernel_(clients, topic_of), clients_(clients) {
    shard::EngineOptions options;
    options.connections_max = options.connections_per_address_max = clients + 1;
    options.topics_max = topics + 1;
    options.listeners = {{codec::ProtocolId::websocket_subscribe, *os::Address::parse("127.0.0.1", 8002), false}};
    shard::StartError error;
    engine_ = shard::Engine::start(std::move(options), kernel_, events_, error);
    bytes_before_ = heap_bytes();
  }

  void measure() {
    std::printf("%zu connections, %zu topics\n%-28s %10s %12s %14s %12s\n", clients_, topics, "", "turns", "ns each", "longest, ms", "over 5 ms");
    join();
    const double bytes = static_cast<double>(heap_bytes() - bytes_before_) + static_cast<double>(kernel_.mapped_bytes());
    publish();
    wait_for_pings();
    leave();
    drain();
    std::printf("%-28s %10.0f bytes a connection\n\n", "user space", bytes / static_cast<double>(clients_));
  }

 private:
  static std::size_t heap_bytes() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  }
  std::int64_t stat(Metric metric) const { return engine_->stats()[static_cast<std::size_t>(metric)]; }

  void turn(Turns& turns) {
    const double begin_ms = cpu_ms();
    engine_->shard(0).turn(0);
    const double took_ms = cpu_ms() - begin_ms;
    turns.sum_ms += took_ms;
    turns.longest_ms = std::max(turns.longest_ms, took_ms);
    turns.over_5_ms += took_ms > 5;
    ++turns.count;
  }
  static void show(const char* what, const Turns& turns, std::size_t acts) {
    std::printf("%-28s %10zu %12.1f %14.2f %12zu\n", what, turns.count, turns.sum_ms * 1e6 / static_cast<double>(acts), turns.longest_ms, turns.over_5_ms);
    std::fflush(stdout);
  }

  void join() {
    Turns turns;
    for (std::size_t left = clients_; left > 0;) {
      const std::size_t count = std::min(left, accepted_at_once);
      kernel_.connect(count);
      left -= count;
      while (kernel_.waiting() > 0) turn(turns);
    }
    while (stat(Metric::subscriptions_now) < static_cast<std::int64_t>(clients_)) turn(turns);
    show("joins", turns, clients_);
  }

  /// One message to everybody, several times: the best of them, as caches that others emptied say nothing of us.
  void publish() {
    const std::string payload(1024, 'x');
    Turns best;
    double best_publish_ms = 0;
    for (int round = 0; round < 5; ++round) {
      const std::int64_t wanted = stat(Metric::deliveries) + static_cast<std::int64_t>(clients_);
      Turns turns;
      double publish_ms = 0;
      for (std::size_t topic = 0; topic < topics; ++topic) {
        const std::string name = topic_of(topic);
        const double begin_ms = cpu_ms();
        engine_->publish(name, {codec::PayloadKind::text, base::bytes_of(payload)});
        publish_ms += cpu_ms() - begin_ms;
        if (topic % 512 == 511) turn(turns);
      }
      while (stat(Metric::deliveries) < wanted) turn(turns);
      if (round > 0 && turns.sum_ms >= best.sum_ms) continue;
      best = turns;
      best_publish_ms = publish_ms;
    }
    show("deliveries", best, clients_);
    if (topics > 1) std::printf("%-28s %10s %12.1f\n", "publications (calls)", "", best_publish_ms * 1e6 / static_cast<double>(topics));
  }

  /// All of them came at one moment and have been silent since: the worst that can be.
  void wait_for_pings() {
    Turns turns;
    const std::size_t before = kernel_.sends;
    for (int tick = 0; tick < 45'000 / 16; ++tick) {
      kernel_.clock_ns += tick_ns;
      turn(turns);
    }
    while (stat(Metric::pings_sent) < static_cast<std::int64_t>(clients_)) turn(turns);
    show("pings and pongs, over 45 s", turns, kernel_.sends - before);
  }

  void leave() {
    Turns turns;
    const std::size_t before = kernel_.closed;
    for (std::size_t client = 0; client < clients_; client += 2) kernel_.hang_up(client);
    while (kernel_.closed < before + clients_ / 2) turn(turns);
    show("leaves of half, at once", turns, clients_ / 2);
  }

  void drain() {
    Turns turns;
    engine_->drain(10'000);
    while (stat(Metric::connections_now) > 0) {
      kernel_.clock_ns += tick_ns;
      turn(turns);
    }
    show("drain of the rest in 10 s", turns, clients_ / 2);
  }

  NoEvents events_;
  micro::CrowdKernel kernel_;
  const std::size_t clients_;
  std::unique_ptr<shard::Engine> engine_;
  std::size_t bytes_before_ = 0;
};

/// By itself, so that what one leaves in the heap is not another's.
bool run(std::size_t clients, std::size_t topic_count) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    topics = topic_count;
    auto crowd = std::make_unique<Crowd>(clients);
    crowd->measure();
    std::fflush(stdout);
    _exit(0);
  }
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t clients = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000;
  if (clients == 0) return 2;
  bool went_well = true;
  if (count <= 2) {
    for (const std::size_t topic_count : {std::size_t{1}, std::size_t{1000}, clients}) went_well = run(clients, topic_count) && went_well;
  }
  for (int i = 2; i < count; ++i) went_well = run(clients, std::max<std::size_t>(1, std::strtoull(arguments[i], nullptr, 10))) && went_well;
  return went_well ? 0 : 1;
}
