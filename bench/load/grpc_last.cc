// Unary calls at a steady rate, evenly dealt out to some connections: Last of broker.v1, the retained value of a topic. The time to
// an answer counts from the moment at which its request was due, so that a server that stalls is not spared.
// Owner: main. Thread: the load thread.
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "bench/load/clock.h"
#include "bench/load/grpc_calls.h"
#include "bench/load/http2_client.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"
#include "bench/load/url.h"

namespace load {
namespace {

constexpr std::uint64_t turn_ns = 100'000'000;
constexpr std::uint64_t under_ns = 1'000'000;

/// One connection, its calls under way and what they are answered with.
class Asker final : public Http2Handler {
 public:
  explicit Asker(const Place& place)
      : client(place.address, *this), headers_(request_headers(last_method, place.authority, {})) {}

  Http2Client client;
  Histogram answers_ns;
  std::vector<std::uint8_t> answer;  // of the first call, which is alone; all others must be the same
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::uint64_t wrong = 0;

  void ask(std::string_view topic, std::uint64_t due_ns) { call(headers_, text_request_bytes(topic), due_ns); }

  void call(std::span<const std::uint8_t> headers, std::span<const std::uint8_t> request, std::uint64_t due_ns) {
    const std::uint32_t stream = client.open(headers);
    client.send(stream, request, EndStream::yes);
    client.flush();
    calls_.emplace_back(Call{due_ns, 0});
  }

  std::uint64_t asked() const { return calls_.size(); }

 private:
  struct Call {
    std::uint64_t due_ns;
    std::uint32_t answer_bytes;
  };

  void on_headers(std::uint32_t) override {}

  void on_data(std::uint32_t stream, std::span<const std::uint8_t> piece) override {
    Call& call = calls_[(stream - 1) / 2];
    if (stream == 1) answer.insert(answer.end(), piece.begin(), piece.end());
    const std::size_t at = call.answer_bytes;
    const bool same = at + piece.size() <= answer.size() && std::equal(piece.begin(), piece.end(), answer.begin() + static_cast<std::ptrdiff_t>(at));
    if (!same) ++wrong;
    call.answer_bytes += static_cast<std::uint32_t>(piece.size());
  }

  void on_end(std::uint32_t stream) override {
    const Call& call = calls_[(stream - 1) / 2];
    ++answered;
    if (call.answer_bytes == 0) ++refused;
    else if (call.answer_bytes != answer.size()) ++wrong;
    answers_ns.add(client.received_ns() - call.due_ns);
  }

  const std::vector<std::uint8_t> headers_;
  std::vector<Call> calls_;  // by stream: 1, 3, 5, …
};

class GrpcLast {
 public:
  explicit GrpcLast(const Options& options)
      : options_(options), place_(resolve_place(options.publish_url, "grpc")), server_cpu_(options.server_pid) {
    for (std::uint32_t i = 0; i < options.connections; ++i) {
      askers_.push_back(std::make_unique<Asker>(place_));
      clients_.push_back(&askers_.back()->client);
    }
  }

  bool run(JsonWriter& out) {
    publish();
    const bool warm = ask_each_once() && ask_for(options_.warmup);
    for (const auto& asker : askers_) asker->answers_ns = Histogram();
    const std::uint64_t answered_before = answered();
    const std::uint64_t cpu_before = server_cpu_.used_ns();
    const WaitMeter wait_meter;
    lag_ = Histogram();
    meter_.start();
    const std::uint64_t requests = std::uint64_t{options_.per_minute} * std::min(options_.seconds, options_.budget_s) / 60;
    const bool complete = warm && ask_for(requests);
    meter_.stop();
    const double cpu_us = static_cast<double>(server_cpu_.used_ns() - cpu_before) / 1000;
    write(out, static_cast<double>(answered() - answered_before), cpu_us, wait_meter.percent_of(meter_.wall_ns()));
    return complete && faults().sum() == 0;
  }

 private:
  /// What is going to be asked for, by a connection of its own.
  void publish() {
    Asker publisher(place_);
    publisher.call(request_headers(publish_one_method, place_.authority, options_.topic),
                   message_bytes(ExpectedMessages::first_author, data_text(options_.data_bytes)), now_ns());
    Http2Client* const client = &publisher.client;
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000;
    while (publisher.answered == 0 && now_ns() < deadline) Http2Client::turn({&client, 1}, turn_ns);
    if (publisher.answered != 1 || publisher.refused != 0) throw std::runtime_error("PublishOne was not answered with success");
  }

  bool ask_each_once() {
    for (const auto& asker : askers_) asker->ask(options_.topic, now_ns());
    return wait_for_all();
  }

  bool wait_for_all() {
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000;
    while (answered() < asked() && now_ns() < deadline) turn(turn_ns);
    return answered() == asked();
  }

  /// At the rate, and until all are answered; false when that took too long.
  bool ask_for(std::uint64_t requests) {
    const double gap_ns = 60e9 / options_.per_minute;
    const std::uint64_t start = now_ns();
    for (std::uint64_t i = 0; i < requests; ++i) {
      const std::uint64_t due = start + static_cast<std::uint64_t>(static_cast<double>(i) * gap_ns);
      for (std::uint64_t now = now_ns(); now < due; now = now_ns()) turn(due - now);
      askers_[i % askers_.size()]->ask(options_.topic, due);
      lag_.add(now_ns() - due);
    }
    return wait_for_all();
  }

  void turn(std::uint64_t wait_ns) { Http2Client::turn(clients_, options_.spin != 0 ? 0 : wait_ns); }

  std::uint64_t answered() const {
    std::uint64_t sum = 0;
    for (const auto& asker : askers_) sum += asker->answered;
    return sum;
  }

  std::uint64_t asked() const {
    std::uint64_t sum = 0;
    for (const auto& asker : askers_) sum += asker->asked();
    return sum;
  }

  Faults faults() const {
    Faults found;
    for (const auto& asker : askers_) {
      found.refused += asker->refused;
      found.corrupted += asker->wrong;
    }
    found.missing = asked() - answered();
    return found;
  }

  void write(JsonWriter& out, double answers, double cpu_us, double waited_percent) const {
    Histogram all;
    for (const auto& asker : askers_) all.add_all(asker->answers_ns);
    out.key("deliveries").number(static_cast<std::uint64_t>(answers));
    write_faults(out, faults());
    write_histogram(out, "deliveryUs", all);
    write_histogram(out, "sendLagUs", lag_);
    out.key("underOneMsPercent").real(100 * all.share_below(under_ns));
    out.key("deliveriesPerSecond").real(answers * 1e9 / static_cast<double>(meter_.wall_ns()));
    out.key("serverCpuUsPerDelivery").real(server_cpu_.known() ? cpu_us / answers : NAN);
    out.key("serverBusyPercent").real(server_cpu_.known() ? 100e3 * cpu_us / static_cast<double>(meter_.wall_ns()) : NAN);
    out.key("clientBusyPercent").real(meter_.percent());
    out.key("clientWaitedPercent").real(waited_percent);
  }

  const Options& options_;
  const Place place_;
  std::vector<std::unique_ptr<Asker>> askers_;
  std::vector<Http2Client*> clients_;
  ServerCpu server_cpu_;
  BusyMeter meter_;
  Histogram lag_;
};

}  // namespace

bool run_grpc_last(const Options& options, JsonWriter& out) { return GrpcLast(options).run(out); }

}  // namespace load
