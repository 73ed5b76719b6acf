// See flood.h.
#include "bench/load/flood.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/load/url.h"

namespace load {
namespace {

constexpr int politeness = 5;                           // nice: whoever is measured goes first
constexpr std::size_t prepared_bytes_min = 512 * 1024;  // sent over and over
constexpr std::size_t receive_bytes = 4 * 1024 * 1024;

/// Connects and opens; throws when the server refuses.
int open_connection(const Endpoint& endpoint) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto* address = reinterpret_cast<const sockaddr*>(&endpoint.address);
  if (fd < 0 || connect(fd, address, sizeof endpoint.address) != 0) throw std::runtime_error("the flood cannot connect");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string next = endpoint.opening;
  std::string answer;
  std::array<char, 4096> chunk;
  for (std::uint32_t replies = 0;; ++replies) {
    if (!next.empty() && send(fd, next.data(), next.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(next.size())) break;
    next.clear();
    while (endpoint.wire->opened(endpoint.target, answer, endpoint.side, replies, next) == 0 && next.empty()) {
      const ssize_t bytes = recv(fd, chunk.data(), chunk.size(), 0);
      if (bytes <= 0) throw std::runtime_error("the server ends the flood's connection");
      answer.append(chunk.data(), static_cast<std::size_t>(bytes));
    }
    if (!next.empty()) continue;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
  }
  throw std::runtime_error("the flood cannot open its connection");
}

/// Whole publications, one behind the other.
std::vector<std::uint8_t> prepare(const Endpoint& endpoint, std::uint32_t payload_bytes) {
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t sequence = 0; bytes.size() < prepared_bytes_min; ++sequence) {
    endpoint.wire->append_publication(bytes, endpoint.target, payload_bytes, {0, sequence, 0});
  }
  return bytes;
}

struct Flooder {
  int fd;
  std::size_t sent = 0;  // of what is prepared
};

class FloodProcess {
 public:
  explicit FloodProcess(const Options& options) : poller_(epoll_create1(EPOLL_CLOEXEC)) {
    const std::string topic = options.topic + "-flood";
    const Endpoint publish = resolve(options.publish_url, topic, Side::publish);
    const Endpoint subscribe = resolve(options.subscribe_url, topic, Side::subscribe);
    prepared_ = prepare(publish, options.flood_bytes);
    for (std::uint32_t i = 0; i < options.flood_subscribers; ++i) watch(open_connection(subscribe), EPOLLIN, UINT32_MAX);
    for (std::uint32_t i = 0; i < options.flooders; ++i) {
      flooders_.push_back({open_connection(publish)});
      watch(flooders_.back().fd, EPOLLOUT, i);
    }
  }

  /// For ever: it is killed.
  void run(std::atomic<std::uint64_t>& sent_bytes) {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = epoll_wait(poller_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const auto number = static_cast<std::uint32_t>(events[static_cast<std::size_t>(i)].data.u64 >> 32);
        const auto fd = static_cast<int>(events[static_cast<std::size_t>(i)].data.u64 & UINT32_MAX);
        if (number == UINT32_MAX) {
          if (recv(fd, nullptr, receive_bytes, MSG_TRUNC) == 0) _exit(1);  // thrown away by the kernel, without a copy
        } else {
          say(flooders_[number], sent_bytes);
        }
      }
    }
  }

 private:
  void watch(int fd, std::uint32_t events, std::uint32_t number) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = std::uint64_t{number} << 32 | static_cast<std::uint32_t>(fd);
    epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &event);
  }
  void say(Flooder& flooder, std::atomic<std::uint64_t>& sent_bytes) {
    const ssize_t taken = send(flooder.fd, prepared_.data() + flooder.sent, prepared_.size() - flooder.sent, MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) _exit(1);
    if (taken <= 0) return;
    flooder.sent = (flooder.sent + static_cast<std::size_t>(taken)) % prepared_.size();
    sent_bytes.fetch_add(static_cast<std::uint64_t>(taken), std::memory_order_relaxed);
  }

  int poller_;
  std::vector<std::uint8_t> prepared_;
  std::vector<Flooder> flooders_;
};

}  // namespace

Flood::Flood(const Options& options) {
  if (options.flooders == 0) throw std::runtime_error("--flooders must be at least 1 here, got: 0");
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int ready[2];
  if (memory == MAP_FAILED || pipe(ready) != 0) throw std::runtime_error("the flood cannot begin");
  shared_ = new (memory) Shared;
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpriority(PRIO_PROCESS, 0, politeness);
    try {
      FloodProcess process(options);
      if (write(ready[1], "", 1) != 1) _exit(1);
      process.run(shared_->sent_bytes);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "load: %s\n", failure.what());
    }
    _exit(1);
  }
  close(ready[1]);
  char byte;
  const bool begun = process_ > 0 && read(ready[0], &byte, 1) == 1;
  close(ready[0]);
  if (!begun) throw std::runtime_error("the flood did not begin");
}

bool Flood::goes_on() const { return waitpid(process_, nullptr, WNOHANG) == 0; }

Flood::~Flood() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  munmap(shared_, sizeof(Shared));
}

}  // namespace load
