// Publications to a topic that nobody hears, each answered by the server: requests per second and the time to the answer.
// Every connection keeps `depth` requests under way, or one where the server ends a connection behind its answer.
// Owner: main. Thread: the load thread.
#include <algorithm>
#include <deque>
#include <stdexcept>

#include "bench/load/clock.h"
#include "bench/load/fleet.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"

namespace load {
namespace {

constexpr std::uint64_t under_ns = 1'000'000;
constexpr std::uint32_t connections_before = 16;

class Requests {
 public:
  explicit Requests(const Options& options)
      : options_(options),
        ledger_({1, 1, 1, 1}),
        client_(client_options(options), &ledger_),
        endpoint_(resolve(options.publish_url, options.topic, Side::publish)),
        senders_(options.publishers) {
  }

  /// Whether the server answers publications.
  bool possible() const { return endpoint_.wire->answers(); }

  void open() {
    std::vector<Wanted> wanted;
    for (std::uint32_t i = 0; i < options_.publishers; ++i) wanted.push_back({Role::publisher, i, &endpoint_});
    client_.open(wanted, AfterOpen::keep);
  }

  /// Until the clock passes `end_ns` or so many more are answered, and all that are under way. False when a request was
  /// refused or not answered in time.
  bool run_until(std::uint64_t end_ns, std::uint64_t requests) {
    const std::uint64_t stop_at = answered_ + requests;
    while (now_ns() < end_ns && answered_ < stop_at) {
      for (std::uint32_t i = 0; i < options_.publishers; ++i) send_more(i);
      client_.turn(100'000'000);
      collect();
      if (ledger_.faulty() || now_ns() - answered_ns_ > timeout_ns()) return false;
    }
    const bool complete = client_.turn_until_delivered(now_ns() + timeout_ns());
    collect();
    return complete && !ledger_.faulty();
  }

  void start_measuring() { answer_ns_ = Histogram(); }
  std::uint64_t answered() const { return answered_; }
  const Histogram& answer_ns() const { return answer_ns_; }
  Ledger& ledger() { return ledger_; }

 private:
  struct Sender {
    std::uint32_t sequence = 0;
    std::uint32_t answers = 0;
    std::deque<std::uint64_t> under_way;  // when each was sent
  };

  std::uint64_t timeout_ns() const { return std::uint64_t{options_.timeout_s} * 1'000'000'000; }

  void send_more(std::uint32_t id) {
    Sender& sender = senders_[id];
    const std::size_t room = client_.keeps(id) ? options_.depth : 1;
    if (!client_.ready(id) || sender.under_way.size() >= room) return;
    const auto count = static_cast<std::uint32_t>(room - sender.under_way.size());
    bytes_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t from = bytes_.size();
      endpoint_.wire->append_publication(bytes_, endpoint_.target, options_.payload_bytes, {id, sender.sequence++, 0});
      sender.under_way.push_back(now_ns());
      endpoint_.wire->stamp(std::span(bytes_).subspan(from), endpoint_.target, options_.payload_bytes, sender.under_way.back());
    }
    client_.publish(id, bytes_, count);
  }

  void collect() {
    const std::uint64_t now = now_ns();
    for (std::uint32_t id = 0; id < options_.publishers; ++id) {
      Sender& sender = senders_[id];
      for (; sender.answers != client_.answers(id) && !sender.under_way.empty(); ++sender.answers) {
        answer_ns_.add(now - sender.under_way.front());
        sender.under_way.pop_front();
        ++answered_;
        answered_ns_ = now;
      }
    }
  }

  const Options& options_;
  Ledger ledger_;
  Client client_;
  Endpoint endpoint_;
  std::vector<Sender> senders_;
  std::vector<std::uint8_t> bytes_;
  Histogram answer_ns_;
  std::uint64_t answered_ = 0;
  std::uint64_t answered_ns_ = now_ns();
};

}  // namespace

void make_requests_before(const Options& options) {
  Options before = options;
  before.topic = options.topic + "-before";
  before.publishers = connections_before;
  before.depth = before.topics = 1;
  Requests requests(before);
  if (options.requests_before == 0 || !requests.possible()) return;
  requests.open();
  if (!requests.run_until(UINT64_MAX, options.requests_before)) throw std::runtime_error("a request before all else was refused or not answered");
}

bool run_requests(const Options& options, JsonWriter& out) {
  Requests requests(options);
  if (!requests.possible()) throw std::runtime_error("requests need a server that answers publications, got: " + options.publish_url);
  const ServerCpu server_cpu(options.server_pid);
  requests.open();
  bool complete = requests.run_until(UINT64_MAX, options.warmup);
  requests.start_measuring();
  const std::uint64_t answered_before = requests.answered();
  BusyMeter meter;
  const WaitMeter wait_meter;
  const std::uint64_t cpu_before = server_cpu.used_ns();
  meter.start();
  const std::uint64_t length_ns = std::uint64_t{std::min(options.seconds, options.budget_s)} * 1'000'000'000;
  complete = complete && requests.run_until(now_ns() + length_ns, UINT64_MAX / 2);
  meter.stop();
  const double cpu_us = static_cast<double>(server_cpu.used_ns() - cpu_before) / 1000;
  const auto answered = static_cast<double>(requests.answered() - answered_before);
  const Faults faults = requests.ledger().close();
  out.key("deliveries").number(requests.answered() - answered_before);
  write_faults(out, faults);
  write_histogram(out, "deliveryUs", requests.answer_ns());
  out.key("underOneMsPercent").real(100 * requests.answer_ns().share_below(under_ns));
  out.key("deliveriesPerSecond").real(answered * 1e9 / static_cast<double>(meter.wall_ns()));
  out.key("serverCpuUsPerDelivery").real(server_cpu.known() ? cpu_us / answered : NAN);
  out.key("serverBusyPercent").real(server_cpu.known() ? 100e3 * cpu_us / static_cast<double>(meter.wall_ns()) : NAN);
  out.key("clientBusyPercent").real(meter.percent());
  out.key("clientWaitedPercent").real(wait_meter.percent_of(meter.wall_ns()));
  return complete && faults.sum() == 0;
}

}  // namespace load
