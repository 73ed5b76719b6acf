// The shape of the gRPC reference tester: many Subscribe streams and every Publish stream on one connection. Each round opens a new
// Publish stream, sends one message and waits until it has come on all streams; no Publish stream is ever half-closed.
// Owner: main. Thread: the load thread.
#include <unistd.h>

#include <algorithm>
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
/// How long the run listens for what must not come.
constexpr std::uint64_t aftermath_ns = 50'000'000;

struct Round {
  std::uint64_t send_ns = 0;
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
};

class GrpcVolleys final : public Http2Handler {
 public:
  explicit GrpcVolleys(const Options& options)
      : options_(options),
        place_(resolve_place(options.publish_url, "grpc")),
        client_(place_.address, *this),
        publish_headers_(request_headers(publish_method, place_.authority, options.topic)),
        data_(data_text(options.data_bytes)),
        positions_(options.subscribers),
        server_cpu_(options.server_pid) {}

  bool run(JsonWriter& out) {
    open_streams();
    bool complete = true;
    for (std::uint32_t i = 0; complete && i < options_.warmup; ++i) complete = volley();
    rounds_.clear();
    receipts_ = Histogram();
    const std::uint64_t cpu_before = server_cpu_.used_ns();
    const WaitMeter wait_meter;
    const std::uint64_t began_ns = now_ns();
    for (std::uint32_t i = 0; complete && i < options_.rounds && within_budget(); ++i) complete = measured_round();
    const std::uint64_t wall_ns = now_ns() - began_ns;
    const double cpu_us = static_cast<double>(server_cpu_.used_ns() - cpu_before) / 1000;
    if (complete) turn_for(aftermath_ns);
    write(out, cpu_us, wait_meter.percent_of(wall_ns));
    return complete && faults_.sum() == 0;
  }

 private:
  void on_headers(std::uint32_t stream) override {
    if (is_subscriber(stream)) ++acknowledged_;
  }

  void on_data(std::uint32_t stream, std::span<const std::uint8_t> piece) override {
    if (!is_subscriber(stream)) return;  // the answer to a publisher
    std::uint32_t& position = positions_[(stream - 1) / 2];
    if (position + piece.size() > message_.size()) {
      ++faults_.duplicated;
      return;
    }
    if (!std::equal(piece.begin(), piece.end(), message_.begin() + position)) ++faults_.corrupted;
    position += static_cast<std::uint32_t>(piece.size());
    if (position == message_.size()) on_receipt();
  }

  void on_end(std::uint32_t stream) override { ++(is_subscriber(stream) ? faults_.closed : faults_.refused); }

  void on_receipt() {
    Round& round = rounds_.back();
    round.last_ns = client_.received_ns();
    if (received_++ == 0) round.first_ns = round.last_ns;
    receipts_.add(round.last_ns - round.send_ns);
  }

  bool is_subscriber(std::uint32_t stream) const { return (stream - 1) / 2 < options_.subscribers; }

  /// Every stream's headers say that its subscription is in force.
  void open_streams() {
    const auto headers = request_headers(subscribe_method, place_.authority, options_.topic);
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.connect_timeout_s} * 1'000'000'000;
    for (std::uint32_t i = 0; i < options_.subscribers; ++i) {
      const std::uint32_t stream = client_.open(headers);
      client_.send(stream, text_request_bytes("s" + std::to_string(i)), EndStream::yes);
      if (i % 64 == 0) turn(0);
    }
    client_.flush();
    while (acknowledged_ < options_.subscribers) {
      turn(turn_ns);
      if (faults_.sum() != 0) throw std::runtime_error("the server ended a Subscribe stream");
      if (now_ns() > deadline) throw std::runtime_error("only " + std::to_string(acknowledged_) + " Subscribe streams were acknowledged in time");
    }
  }

  bool volley() {
    message_ = message_bytes(++author_, data_);
    std::fill(positions_.begin(), positions_.end(), 0);
    received_ = 0;
    const std::uint32_t stream = client_.open(publish_headers_);
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000;
    while (client_.sendable(stream) < message_.size()) {  // the connection's window, which the server gives back in time
      if (now_ns() > deadline) return false;
      turn(turn_ns);
    }
    client_.send(stream, message_, EndStream::no);
    rounds_.push_back({now_ns(), 0, 0});
    client_.flush();
    while (received_ < options_.subscribers) {
      const std::uint64_t now = now_ns();
      if (now > deadline) faults_.missing += options_.subscribers - received_;
      if (faults_.sum() != 0) return false;
      turn(deadline - now);
    }
    return true;
  }

  bool measured_round() {
    meter_.start();
    const bool complete = volley();
    meter_.stop();
    turn_for(std::uint64_t{options_.pause_us} * 1000);
    return complete;
  }

  bool within_budget() const { return meter_.wall_ns() < std::uint64_t{options_.budget_s} * 1'000'000'000; }

  void turn(std::uint64_t wait_ns) {
    Http2Client* const clients[] = {&client_};
    Http2Client::turn(clients, options_.spin != 0 ? 0 : wait_ns);
  }

  void turn_for(std::uint64_t duration_ns) {
    const std::uint64_t until = now_ns() + duration_ns;
    for (std::uint64_t now = now_ns(); now < until; now = now_ns()) turn(until - now);
  }

  void write(JsonWriter& out, double cpu_us, double waited_percent) {
    std::vector<std::uint64_t> totals, spreads;
    std::uint64_t delivering_ns = 0;
    for (const Round& round : rounds_) {
      if (round.last_ns == 0) continue;
      totals.push_back(round.last_ns - round.send_ns);
      spreads.push_back(round.last_ns - round.first_ns);
      delivering_ns += totals.back();
    }
    const std::uint64_t deliveries = receipts_.total();
    const auto count = static_cast<double>(deliveries);
    out.key("deliveries").number(deliveries);
    write_faults(out, faults_);
    write_distribution(out, "totalUs", totals);
    write_distribution(out, "spreadUs", spreads);
    write_histogram(out, "deliveryUs", receipts_);
    out.key("deliveriesPerSecond").real(count * 1e9 / static_cast<double>(delivering_ns));
    out.key("serverCpuUsPerDelivery").real(server_cpu_.known() ? cpu_us / count : NAN);
    out.key("serverBusyPercent").real(server_cpu_.known() ? 100e3 * cpu_us / static_cast<double>(meter_.wall_ns()) : NAN);
    out.key("clientBusyPercent").real(meter_.percent());
    out.key("clientWaitedPercent").real(waited_percent);
  }

  const Options& options_;
  const Place place_;
  Http2Client client_;
  const std::vector<std::uint8_t> publish_headers_;
  const std::string data_;
  std::vector<std::uint32_t> positions_;  // by subscriber: how much of the message it has
  std::vector<std::uint8_t> message_;     // of this round
  ServerCpu server_cpu_;
  BusyMeter meter_;
  Faults faults_;
  Histogram receipts_;
  std::vector<Round> rounds_;
  std::uint32_t author_ = 0;
  std::uint32_t acknowledged_ = 0;
  std::uint32_t received_ = 0;
};

}  // namespace

bool run_grpc_volleys(const Options& options, JsonWriter& out) { return GrpcVolleys(options).run(out); }

}  // namespace load
