// See client.h.
#include "bench/load/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "bench/load/clock.h"
#include "native/base/check.h"

namespace load {
namespace {

constexpr std::uint32_t events_per_turn_max = 1024;
constexpr std::size_t receive_bytes = 1024 * 1024;
constexpr std::size_t carry_room = 256;  // in front of the received bytes, for what the last read left over
constexpr std::uint32_t connections_per_source_max = 16'000;  // the default port range holds 28,000
static_assert(carry_room >= StreamState::carry_bytes_max);

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + strerror(errno)); }

}  // namespace

struct Client::Connection {
  int fd = -1;
  Role role = Role::subscriber;
  Phase phase = Phase::connecting;
  bool waits_for_room = false;
  std::uint32_t id = 0;
  const Endpoint* endpoint = nullptr;
  std::uint64_t started_ns = 0;
  std::string answer;                  // of the handshake, while incomplete
  std::vector<std::uint8_t> outbound;  // what the kernel has not taken yet
  StreamState stream;
};

class Client::Control final : public ControlFrames {
 public:
  void on_ping(std::span<const std::uint8_t> payload) override {
    std::uint8_t frame[139];  // 125 bytes and the longest head
    const std::uint32_t head_bytes = write_client_head(frame, Opcode::pong, static_cast<std::uint32_t>(payload.size()));
    memcpy(frame + head_bytes, payload.data(), payload.size());
    apply_mask(frame + head_bytes, static_cast<std::uint32_t>(payload.size()), 0);
    replies.insert(replies.end(), frame, frame + head_bytes + payload.size());
  }
  void on_close() override { closing = true; }

  std::vector<std::uint8_t> replies;
  bool closing = false;
};

Client::Client(const ClientOptions& options, Ledger* ledger)
    : options_(options),
      ledger_(ledger),
      counting_(ledger, options.verify_every),
      skipping_(nullptr, 1),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(carry_room + receive_bytes) {
  if (epoll_ < 0) fail("epoll_create1");
}

Client::~Client() {
  for (Connection& connection : connections_) {
    if (connection.fd >= 0) ::close(connection.fd);
  }
  ::close(epoll_);
}

OpenResult Client::open(std::span<const Wanted> wanted, AfterOpen after_open) {
  CHECK(in_flight_ == 0);
  after_open_ = after_open;
  opening_ = OpenResult{};
  if (after_open == AfterOpen::keep) connections_.reserve(connections_.size() + wanted.size());
  const std::uint64_t started = now_ns();
  const std::uint64_t deadline = started + std::uint64_t{options_.connect_timeout_s} * 1'000'000'000;
  std::size_t next = 0;
  while (opening_.opened < wanted.size()) {
    while (next < wanted.size() && in_flight_ < options_.connect_parallel) start(wanted[next++]);
    turn(100'000'000);
    if (now_ns() > deadline) {
      throw std::runtime_error("only " + std::to_string(opening_.opened) + " of " + std::to_string(wanted.size()) +
                               " connections opened in " + std::to_string(options_.connect_timeout_s) + " s");
    }
  }
  opening_.elapsed_ns = now_ns() - started;
  return std::move(opening_);
}

void Client::bind_source(int fd, const Endpoint& endpoint) {
  const std::uint32_t source = sources_used_++ / connections_per_source_max;
  if (source == 0 || ntohl(endpoint.address.sin_addr.s_addr) >> 24 != 127) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source % 200);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind to a source address");
}

void Client::start(const Wanted& wanted) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bind_source(fd, *wanted.endpoint);
  std::size_t slot = connections_.size();
  if (after_open_ == AfterOpen::close) {  // a storm uses the slots of those it has closed again
    for (slot = 0; slot < connections_.size() && connections_[slot].fd >= 0;) ++slot;
  }
  if (slot == connections_.size()) connections_.emplace_back();
  Connection& connection = connections_[slot];
  connection = Connection{};
  connection.fd = fd;
  connection.role = wanted.role;
  connection.id = static_cast<std::uint32_t>(slot);
  connection.endpoint = wanted.endpoint;
  connection.stream.subscriber = wanted.index;
  connection.started_ns = now_ns();
  ++in_flight_;
  const auto* address = reinterpret_cast<const sockaddr*>(&wanted.endpoint->address);
  const bool connected = connect(fd, address, sizeof(sockaddr_in)) == 0;
  if (!connected && errno != EINPROGRESS) fail("connect");
  watch(connection, EPOLL_CTL_ADD, connected ? EPOLLIN : EPOLLIN | EPOLLOUT);
  if (connected) on_connected(connection);
}

void Client::watch(Connection& connection, int operation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = connection.id;
  if (epoll_ctl(epoll_, operation, connection.fd, &event) != 0) fail("epoll_ctl");
}

void Client::on_connected(Connection& connection) {
  connection.phase = Phase::upgrading;
  const std::string& request = connection.endpoint->request;
  const ssize_t sent = ::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) fail("sending the upgrade request");
}

void Client::turn(std::uint64_t wait_ns) {
  epoll_event events[events_per_turn_max];
  const std::uint64_t wait = options_.spin ? 0 : wait_ns;
  const timespec timeout{static_cast<time_t>(wait / 1'000'000'000), static_cast<long>(wait % 1'000'000'000)};
  const int ready = epoll_pwait2(epoll_, events, events_per_turn_max, &timeout, nullptr);
  if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < ready; ++i) on_event(events[i].data.u32, events[i].events);
}

bool Client::turn_until_delivered(std::uint64_t deadline_ns) {
  CHECK(ledger_ != nullptr);
  while (ledger_->outstanding() != 0) {
    const std::uint64_t now = now_ns();
    if (now >= deadline_ns) return false;
    turn(deadline_ns - now);
  }
  return true;
}

void Client::turn_for(std::uint64_t duration_ns) {
  const std::uint64_t until = now_ns() + duration_ns;
  for (std::uint64_t now = now_ns(); now < until; now = now_ns()) turn(until - now);
}

void Client::on_event(std::uint32_t id, std::uint32_t events) {
  Connection& connection = connections_[id];
  switch (connection.phase) {
    case Phase::open:
      if (events & EPOLLOUT) flush(connection);
      if (events & ~EPOLLOUT) read_messages(connection);
      return;
    case Phase::upgrading:
      return read_upgrade(connection);
    case Phase::connecting: {
      int failure = 0;
      socklen_t size = sizeof failure;
      getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &failure, &size);
      if (failure != 0) throw std::runtime_error(std::string("connect: ") + strerror(failure));
      watch(connection, EPOLL_CTL_MOD, EPOLLIN);
      return on_connected(connection);
    }
    case Phase::closed:
      return;
  }
}

void Client::read_upgrade(Connection& connection) {
  std::uint8_t* start = buffer_.data() + carry_room;
  const ssize_t count = recv(connection.fd, start, receive_bytes, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) throw std::runtime_error("the server ended a connection during the handshake");
  connection.answer.append(reinterpret_cast<char*>(start), static_cast<std::size_t>(count));
  const std::size_t head_end = connection.answer.find("\r\n\r\n");
  if (head_end == std::string::npos) return;
  const std::string answer = std::move(connection.answer);
  if (!answer.starts_with("HTTP/1.1 101") || answer.find(handshake_accept) > head_end) {
    throw std::runtime_error("the server refused the upgrade, got: " + answer.substr(0, answer.find('\r')));
  }
  on_open(connection);
  const auto* rest = reinterpret_cast<const std::uint8_t*>(answer.data());
  if (connection.phase == Phase::open) parse(connection, rest + head_end + 4, rest + answer.size(), now_ns());
}

void Client::on_open(Connection& connection) {
  --in_flight_;
  ++opening_.opened;
  opening_.handshake_ns.add(now_ns() - connection.started_ns);
  connection.phase = Phase::open;
  ++open_;
  if (after_open_ == AfterOpen::close) {
    const linger at_once{1, 0};  // a reset: tens of thousands in TIME_WAIT would use up the ports
    setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return close(connection);
  }
  if (connection.role == Role::silent) watch(connection, EPOLL_CTL_DEL, 0);
}

void Client::read_messages(Connection& connection) {
  std::uint8_t* start = buffer_.data() + carry_room;
  const ssize_t count = recv(connection.fd, start, receive_bytes, 0);
  const std::uint64_t now = now_ns();
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    if (ledger_) ledger_->record_closed();
    return close(connection);
  }
  StreamState& stream = connection.stream;
  std::uint8_t* from = start - stream.carry_bytes;
  memcpy(from, stream.carry, stream.carry_bytes);
  parse(connection, from, start + count, now);
}

void Client::parse(Connection& connection, const std::uint8_t* at, const std::uint8_t* end, std::uint64_t now) {
  StreamState& stream = connection.stream;
  Control control;
  FrameReader& reader = connection.role == Role::publisher ? skipping_ : counting_;
  const std::uint8_t* rest = reader.read(stream, at, end, now, control);
  if (rest == nullptr) return close(connection);
  stream.carry_bytes = static_cast<std::uint32_t>(end - rest);
  memcpy(stream.carry, rest, stream.carry_bytes);
  if (!control.replies.empty()) send(connection.id, control.replies);
  if (control.closing) {
    if (ledger_) ledger_->record_closed();
    close(connection);
  }
}

void Client::send(std::uint32_t id, std::span<const std::uint8_t> bytes) {
  Connection& connection = connections_[id];
  if (connection.phase != Phase::open) return;  // counted when it was closed
  ssize_t sent = 0;
  if (connection.outbound.empty()) {
    sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) sent = 0;  // a broken connection is noticed by its read
  }
  connection.outbound.insert(connection.outbound.end(), bytes.begin() + sent, bytes.end());
  if (!connection.outbound.empty() && !connection.waits_for_room) {
    connection.waits_for_room = true;
    watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }
}

void Client::flush(Connection& connection) {
  std::vector<std::uint8_t>& outbound = connection.outbound;
  const ssize_t sent = ::send(connection.fd, outbound.data(), outbound.size(), MSG_NOSIGNAL);
  if (sent > 0) outbound.erase(outbound.begin(), outbound.begin() + sent);
  if (!outbound.empty()) return;
  connection.waits_for_room = false;
  watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

void Client::close(Connection& connection) {
  if (connection.phase == Phase::open) --open_;
  connection.phase = Phase::closed;
  ::close(connection.fd);
  connection.fd = -1;
}

}  // namespace load
