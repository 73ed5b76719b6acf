// One streaming Publish as fast as the windows allow, and one Subscribe stream on a connection of its own that must receive
// everything, in order: published messages per second.
// Owner: main. Thread: the load thread.
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
/// Messages that are sent and not received: a bound on what the server has to hold.
constexpr std::uint64_t under_way_max = 50'000;
constexpr std::size_t unsent_bytes_max = 256 * 1024;

/// What comes to one of the two connections.
class Listener final : public Http2Handler {
 public:
  explicit Listener(ExpectedMessages* expected) : expected_(expected) {}

  std::uint64_t received = 0;
  bool acknowledged = false;
  bool ended = false;

 private:
  void on_headers(std::uint32_t) override { acknowledged = true; }
  void on_data(std::uint32_t, std::span<const std::uint8_t> piece) override {
    if (expected_ != nullptr) received += expected_->take(piece);
  }
  void on_end(std::uint32_t) override { ended = true; }

  ExpectedMessages* const expected_;
};

class GrpcPublish {
 public:
  explicit GrpcPublish(const Options& options)
      : options_(options),
        place_(resolve_place(options.publish_url, "grpc")),
        data_(data_text(options.data_bytes)),
        expected_(ExpectedMessages::first_author, data_),
        subscriber_(&expected_),
        publisher_(nullptr),
        in_(place_.address, subscriber_),
        out_(place_.address, publisher_),
        server_cpu_(options.server_pid) {}

  bool run(JsonWriter& out) {
    subscribe();
    stream_ = out_.open(request_headers(publish_method, place_.authority, options_.topic));
    frame_ = frame_of_messages();
    bool complete = publish_until(now_ns() + std::uint64_t{options_.warmup} * 1'000'000);
    const std::uint64_t received_before = subscriber_.received;
    const std::uint64_t cpu_before = server_cpu_.used_ns();
    const WaitMeter wait_meter;
    meter_.start();
    complete = complete && publish_until(now_ns() + std::uint64_t{std::min(options_.seconds, options_.budget_s)} * 1'000'000'000);
    complete = complete && end();
    meter_.stop();
    const double cpu_us = static_cast<double>(server_cpu_.used_ns() - cpu_before) / 1000;
    write(out, static_cast<double>(subscriber_.received - received_before), cpu_us, wait_meter.percent_of(meter_.wall_ns()));
    return complete && faults().sum() == 0;
  }

 private:
  void subscribe() {
    const std::uint32_t stream = in_.open(request_headers(subscribe_method, place_.authority, options_.topic));
    in_.send(stream, text_request_bytes("load"), EndStream::yes);
    in_.flush();
    if (!turn_until([&] { return subscriber_.acknowledged; }) || subscriber_.ended) throw std::runtime_error("Subscribe was not acknowledged");
  }

  /// As many messages as one frame holds.
  std::vector<std::uint8_t> frame_of_messages() const {
    const auto one = message_bytes(ExpectedMessages::first_author, data_);
    std::vector<std::uint8_t> frame;
    while (frame.empty() || frame.size() + one.size() <= frame_bytes) frame.insert(frame.end(), one.begin(), one.end());
    return frame;
  }

  /// False when something went wrong.
  bool publish_until(std::uint64_t end_ns) {
    while (now_ns() < end_ns) {
      while (may_send()) send_frame();
      out_.flush();
      turn(may_send() ? 0 : turn_ns);
      if (failed()) return false;
      if (now_ns() - std::max(in_.received_ns(), sent_ns_) > std::uint64_t{options_.timeout_s} * 1'000'000'000) return false;
    }
    return true;
  }

  bool may_send() const {
    return sent_ - subscriber_.received < under_way_max && out_.unsent_bytes() < unsent_bytes_max && out_.sendable(stream_) >= frame_.size();
  }

  void send_frame() {
    const std::size_t one = expected_.message_size();
    for (std::size_t at = 0; at < frame_.size(); at += one) {
      stamp_author(std::span(frame_).subspan(at, one), ExpectedMessages::first_author + static_cast<std::uint32_t>(sent_++));
    }
    out_.send(stream_, frame_, EndStream::no);
    sent_ns_ = now_ns();
  }

  /// Half-closes, and waits for the answer and the last message.
  bool end() {
    out_.send(stream_, {}, EndStream::yes);
    out_.flush();
    return turn_until([&] { return publisher_.ended && subscriber_.received == sent_; });
  }

  bool failed() const { return expected_.broken() || subscriber_.ended || publisher_.ended; }

  template <typename Condition>
  bool turn_until(Condition condition) {
    const std::uint64_t deadline = now_ns() + std::uint64_t{options_.timeout_s} * 1'000'000'000;
    while (!condition()) {
      if (now_ns() > deadline || expected_.broken() || subscriber_.ended) return false;
      turn(turn_ns);
    }
    return true;
  }

  void turn(std::uint64_t wait_ns) {
    Http2Client* const clients[] = {&in_, &out_};
    Http2Client::turn(clients, wait_ns);
  }

  Faults faults() const {
    Faults found;
    found.missing = expected_.broken() ? 0 : sent_ - subscriber_.received;
    found.corrupted = expected_.broken() ? 1 : 0;
    found.closed = subscriber_.ended ? 1 : 0;
    found.refused = publisher_.acknowledged && !publisher_.ended ? 1 : 0;
    return found;
  }

  void write(JsonWriter& out, double messages, double cpu_us, double waited_percent) const {
    out.key("deliveries").number(static_cast<std::uint64_t>(messages));
    write_faults(out, faults());
    out.key("deliveriesPerSecond").real(messages * 1e9 / static_cast<double>(meter_.wall_ns()));
    out.key("serverCpuUsPerDelivery").real(server_cpu_.known() ? cpu_us / messages : NAN);
    out.key("serverBusyPercent").real(server_cpu_.known() ? 100e3 * cpu_us / static_cast<double>(meter_.wall_ns()) : NAN);
    out.key("clientBusyPercent").real(meter_.percent());
    out.key("clientWaitedPercent").real(waited_percent);
  }

  static constexpr std::size_t frame_bytes = 16'384;

  const Options& options_;
  const Place place_;
  const std::string data_;
  ExpectedMessages expected_;
  Listener subscriber_;
  Listener publisher_;
  Http2Client in_;
  Http2Client out_;
  ServerCpu server_cpu_;
  BusyMeter meter_;
  std::vector<std::uint8_t> frame_;
  std::uint32_t stream_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t sent_ns_ = now_ns();
};

}  // namespace

bool run_grpc_publish(const Options& options, JsonWriter& out) { return GrpcPublish(options).run(out); }

}  // namespace load
