// Request and response on raw streams: each connection sends its request again when all of the reply is there, which is the
// request itself.
// Owner: main. Thread: the load thread.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "bench/load/clock.h"
#include "bench/load/measures.h"
#include "bench/load/scenarios.h"
#include "bench/load/url.h"

namespace load {
namespace {

constexpr std::uint64_t under_ns = 1'000'000;
constexpr int wait_ms = 100;

/// tcp://HOST:PORT/ or unix:/PATH; connected, TCP_NODELAY.
int open_stream(const std::string& url) {
  const std::string unix_scheme = "unix:";
  const bool local = url.starts_with(unix_scheme);
  sockaddr_storage address{};
  if (local) {
    auto& at = reinterpret_cast<sockaddr_un&>(address);
    at.sun_family = AF_UNIX;
    const std::string path = url.substr(unix_scheme.size());
    if (path.size() >= sizeof at.sun_path) throw std::runtime_error("the path is too long, got: " + url);
    std::memcpy(at.sun_path, path.data(), path.size());
  } else {
    reinterpret_cast<sockaddr_in&>(address) = look_up_stream(url);
  }
  const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const socklen_t length = local ? sizeof(sockaddr_un) : sizeof(sockaddr_in);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    throw std::runtime_error(url + ": " + std::strerror(errno));
  }
  const int on = 1;
  if (!local) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

class Askers {
 public:
  explicit Askers(const Options& options)
      : options_(options), request_(options.payload_bytes, 'r'), buffer_(64 * 1024), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (std::uint32_t i = 0; i < options.connections; ++i) {
      askers_.push_back({open_stream(options.publish_url)});
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u32 = i;
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, askers_.back().fd, &event) != 0) throw std::runtime_error("epoll_ctl failed");
    }
  }
  ~Askers() {
    for (const Asker& asker : askers_) close(asker.fd);
    close(epoll_);
  }
  Askers(const Askers&) = delete;
  Askers& operator=(const Askers&) = delete;

  /// Until the clock passes `end_ns` or so many more are answered, and all that are under way. False when a reply was wrong, a
  /// connection ended, or nothing came for longer than the timeout.
  bool run_until(std::uint64_t end_ns, std::uint64_t requests) {
    stop_ns_ = end_ns;
    stop_at_ = answered_ + requests;
    last_ns_ = now_ns();
    for (Asker& asker : askers_) ask(asker);
    while (under_way_ > 0 && faults_.sum() == 0) {
      epoll_event events[256];
      const int count = epoll_wait(epoll_, events, 256, options_.spin != 0 ? 0 : wait_ms);
      for (int i = 0; i < count; ++i) take(askers_[events[i].data.u32]);
      if (count > 0) last_ns_ = now_ns();
      if (count <= 0 && now_ns() - last_ns_ > std::uint64_t{options_.timeout_s} * 1'000'000'000) {
        faults_.missing += under_way_;
        break;
      }
    }
    return faults_.sum() == 0;
  }

  void start_measuring() { answer_ns_ = Histogram(); }
  std::uint64_t answered() const { return answered_; }
  const Histogram& answer_ns() const { return answer_ns_; }
  const Faults& faults() const { return faults_; }

 private:
  struct Asker {
    int fd = -1;
    std::uint64_t sent_ns = 0;
    std::size_t received = 0;
  };

  void ask(Asker& asker) {
    asker.received = 0;
    asker.sent_ns = now_ns();
    ++under_way_;
    if (send(asker.fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size())) ++faults_.closed;
  }

  void take(Asker& asker) {
    const ssize_t count = recv(asker.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      ++faults_.closed;
      return;
    }
    const auto bytes = static_cast<std::size_t>(count);
    const bool fits = asker.received + bytes <= request_.size();
    if (!fits || std::memcmp(buffer_.data(), request_.data() + asker.received, bytes) != 0) ++faults_.corrupted;
    asker.received += bytes;
    if (asker.received < request_.size()) return;
    const std::uint64_t now = now_ns();
    answer_ns_.add(now - asker.sent_ns);
    ++answered_;
    --under_way_;
    if (now < stop_ns_ && answered_ < stop_at_) ask(asker);
  }

  const Options& options_;
  const std::vector<char> request_;
  std::vector<char> buffer_;
  const int epoll_;
  std::vector<Asker> askers_;
  Histogram answer_ns_;
  Faults faults_;
  std::uint64_t answered_ = 0;
  std::uint64_t under_way_ = 0;
  std::uint64_t stop_ns_ = 0;
  std::uint64_t stop_at_ = 0;
  std::uint64_t last_ns_ = 0;
};

}  // namespace

bool run_respond(const Options& options, JsonWriter& out) {
  Askers askers(options);
  const ServerCpu server_cpu(options.server_pid);
  bool complete = askers.run_until(UINT64_MAX, options.warmup);
  askers.start_measuring();
  const std::uint64_t answered_before = askers.answered();
  BusyMeter meter;
  const WaitMeter wait_meter;
  const std::uint64_t cpu_before = server_cpu.used_ns();
  meter.start();
  const std::uint64_t length_ns = std::uint64_t{std::min(options.seconds, options.budget_s)} * 1'000'000'000;
  complete = complete && askers.run_until(now_ns() + length_ns, UINT64_MAX / 2);
  meter.stop();
  const double cpu_us = static_cast<double>(server_cpu.used_ns() - cpu_before) / 1000;
  const auto answered = static_cast<double>(askers.answered() - answered_before);
  out.key("deliveries").number(askers.answered() - answered_before);
  write_faults(out, askers.faults());
  write_histogram(out, "deliveryUs", askers.answer_ns());
  out.key("underOneMsPercent").real(100 * askers.answer_ns().share_below(under_ns));
  out.key("deliveriesPerSecond").real(answered * 1e9 / static_cast<double>(meter.wall_ns()));
  out.key("serverCpuUsPerDelivery").real(server_cpu.known() ? cpu_us / answered : NAN);
  out.key("serverBusyPercent").real(server_cpu.known() ? 100e3 * cpu_us / static_cast<double>(meter.wall_ns()) : NAN);
  out.key("clientBusyPercent").real(meter.percent());
  out.key("clientWaitedPercent").real(wait_meter.percent_of(meter.wall_ns()));
  return complete;
}

}  // namespace load
