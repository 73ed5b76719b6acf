// See client.h.
#include "bench/load/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "bench/load/clock.h"
#include "bench/load/client_connection.h"
#include "native/base/check.h"

namespace load {
namespace {

constexpr std::uint32_t events_per_turn_max = 1024;
constexpr std::size_t carry_room = 512;  // in front of the received bytes, for what the last read left over
constexpr std::uint32_t connections_per_source_max = 16'000;  // the default port range holds 28,000
static_assert(carry_room >= StreamState::carry_bytes_max);

}  // namespace

Client::Client(const ClientOptions& options, Ledger* ledger)
    : options_(options),
      ledger_(ledger),
      counting_(ledger, Messages::counted, options.verify_every),
      skipping_(ledger, Messages::skipped, 1),
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

OpenResult Client::open(std::span<const Wanted> wanted, AfterOpen after_open, const std::function<std::uint64_t()>& meanwhile) {
  CHECK(in_flight_ == 0);
  after_open_ = after_open;
  opening_ = OpenResult{};
  if (after_open == AfterOpen::keep) connections_.reserve(connections_.size() + wanted.size());
  kept_ = connections_.size();
  const std::uint64_t started = now_ns();
  const std::uint64_t deadline = started + std::uint64_t{options_.connect_timeout_s} * 1'000'000'000;
  std::size_t next = 0;
  while (opening_.opened < wanted.size()) {
    while (next < wanted.size() && in_flight_ < options_.connect_parallel) start(wanted[next++]);
    turn(meanwhile ? meanwhile() : 100'000'000);
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
  std::size_t slot = connections_.size();
  if (after_open_ == AfterOpen::close) {  // a storm uses the slots of those it has closed again
    for (slot = kept_; slot < connections_.size() && connections_[slot].fd >= 0;) ++slot;
  }
  if (slot == connections_.size()) connections_.emplace_back();
  Connection& connection = connections_[slot];
  connection = Connection{};
  connection.role = wanted.role;
  connection.id = static_cast<std::uint32_t>(slot);
  connection.endpoint = wanted.endpoint;
  connection.stream.subscriber = wanted.index;
  ++in_flight_;
  connect_socket(connection);
}

void Client::connect_socket(Connection& connection) {
  const Endpoint& endpoint = *connection.endpoint;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  connection.fd = fd;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options_.kernel_time) KernelClock::enable(fd);
  bind_source(fd, endpoint);
  connection.phase = Phase::connecting;
  connection.started_ns = now_ns();
  const bool connected = connect(fd, reinterpret_cast<const sockaddr*>(&endpoint.address), sizeof(sockaddr_in)) == 0;
  if (!connected && errno != EINPROGRESS) fail("connect");
  watch(connection, EPOLL_CTL_ADD, connected ? EPOLLIN : EPOLLIN | EPOLLOUT);
  if (connected) on_connected(connection);
}

void Client::renew(Connection& connection) {
  close(connection);
  connection.renewed = true;
  connection.waits_for_room = false;
  connection.outbound.clear();
  connection.stream.carry_bytes = 0;
  ++renewing_;
  connect_socket(connection);
}

void Client::watch(Connection& connection, int operation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = connection.id;
  if (epoll_ctl(epoll_, operation, connection.fd, &event) != 0) fail("epoll_ctl");
}

void Client::on_connected(Connection& connection) {
  if (connection.endpoint->secure) return begin_handshake(connection);
  begin_opening(connection);
}

void Client::begin_opening(Connection& connection) {
  connection.phase = Phase::opening;
  const std::string& opening = connection.endpoint->opening;
  if (opening.empty()) return on_open(connection);
  say(connection, opening, "sending the handshake");
}

/// A few bytes while a connection is opened: the kernel has room for them.
void Client::say(Connection& connection, const std::string& text, const char* what) {
  const std::span<const std::uint8_t> bytes = as_sent(connection, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  if (::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) fail(what);
}

void Client::turn(std::uint64_t wait_ns) {
  epoll_event events[events_per_turn_max];
  const std::uint64_t wait = options_.spin ? 0 : wait_ns;
  const timespec timeout{static_cast<time_t>(wait / 1'000'000'000), static_cast<long>(wait % 1'000'000'000)};
  if (options_.kernel_time) kernel_clock_.compare();
  // Not by its name: that needs a newer C library than the rest.
  const auto ready = static_cast<int>(syscall(SYS_epoll_pwait2, epoll_, events, events_per_turn_max, &timeout, nullptr, 0));
  if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
  for (int i = 0; i < ready; ++i) on_event(events[i].data.u32, events[i].events);
}

bool Client::turn_until_delivered(std::uint64_t deadline_ns) {
  CHECK(ledger_ != nullptr);
  bool faulty = false;
  while (ledger_->outstanding() != 0 || unanswered_ != 0 || renewing_ != 0) {
    const std::uint64_t now = now_ns();
    if (!faulty && ledger_->faulty()) {  // the run has failed: what is still missing shows soon
      faulty = true;
      deadline_ns = std::min(deadline_ns, now + 1'000'000'000);
    }
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
    case Phase::securing:
      return read_handshake(connection);
    case Phase::opening:
      return read_opening(connection);
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

void Client::read_opening(Connection& connection) {
  std::uint8_t* start = buffer_.data() + carry_room;
  Receipt receipt;
  const ssize_t count = receive(connection, start, receipt);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) throw std::runtime_error("the server ended a connection during the handshake");
  connection.answer.append(reinterpret_cast<char*>(start), static_cast<std::size_t>(count));
  const Endpoint& endpoint = *connection.endpoint;
  std::string reply;
  const std::size_t opening_bytes = endpoint.wire->opened(endpoint.target, connection.answer, endpoint.side, connection.replies_sent, reply);
  if (!reply.empty()) {
    ++connection.replies_sent;
    say(connection, reply, "answering the handshake");
  }
  if (opening_bytes == 0) return;
  const std::string answer = std::move(connection.answer);
  on_open(connection);
  const auto* rest = reinterpret_cast<const std::uint8_t*>(answer.data());
  if (connection.phase == Phase::open) parse(connection, rest + opening_bytes, rest + answer.size(), {now_ns()});
}

void Client::on_open(Connection& connection) {
  if (connection.renewed) {
    --renewing_;
    ++open_;
    connection.phase = Phase::open;
    return wait_for_room(connection);
  }
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

ssize_t Client::receive(const Connection& connection, std::uint8_t* at, Receipt& receipt) {
  if (connection.tls != nullptr) return receive_secured(connection, at, receipt);
  const int fd = connection.fd;
  const ssize_t count =
      options_.kernel_time ? kernel_clock_.receive(fd, at, receive_bytes, receipt.kernel) : recv(fd, at, receive_bytes, 0);
  receipt.now = now_ns();
  return count;
}

void Client::read_messages(Connection& connection) {
  std::uint8_t* start = buffer_.data() + carry_room;
  Receipt receipt;
  const ssize_t count = receive(connection, start, receipt);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    // A server of requests may end a connection on which none is under way.
    if (connection.role == Role::publisher && connection.endpoint->wire->answers() && connection.unanswered == 0) return renew(connection);
    if (ledger_) ledger_->record_closed();
    return close(connection);
  }
  StreamState& stream = connection.stream;
  std::uint8_t* from = start - stream.carry_bytes;
  memcpy(from, stream.carry, stream.carry_bytes);
  parse(connection, from, start + count, receipt);
}

void Client::parse(Connection& connection, const std::uint8_t* at, const std::uint8_t* end, const Receipt& receipt) {
  StreamState& stream = connection.stream;
  StreamReader& reader = connection.role == Role::publisher ? skipping_ : counting_;
  replies_.clear();
  const std::uint32_t answers_before = stream.answers;
  const auto [rest, stop] = reader.read(*connection.endpoint->wire, stream, at, end, receipt, replies_);
  if (!replies_.empty()) send(connection.id, replies_);
  if (stream.answers != answers_before) take_answers(connection, stream.answers - answers_before);
  if (stop == StreamReader::End::announced && connection.unanswered == 0) return renew(connection);
  if (stop == StreamReader::End::announced && ledger_) ledger_->record_closed();  // with publications that were not answered
  if (stop != StreamReader::End::none) return close(connection);
  stream.carry_bytes = static_cast<std::uint32_t>(end - rest);
  CHECK(stream.carry_bytes < StreamState::carry_bytes_max);
  memcpy(stream.carry, rest, stream.carry_bytes);
}

void Client::take_answers(Connection& connection, std::uint32_t answers) {
  if (answers > connection.unanswered) {
    if (ledger_) ledger_->record_protocol_fault();
    answers = connection.unanswered;
  }
  connection.unanswered -= answers;
  unanswered_ -= answers;
}

void Client::publish(std::uint32_t id, std::span<const std::uint8_t> bytes, std::uint32_t publications) {
  Connection& connection = connections_[id];
  if (connection.endpoint->wire->answers()) {
    connection.unanswered += publications;
    unanswered_ += publications;
  }
  send(id, bytes);
}

bool Client::ready(std::uint32_t id) const { return connections_[id].phase == Phase::open; }

std::uint32_t Client::answers(std::uint32_t id) const { return connections_[id].stream.answers; }

bool Client::keeps(std::uint32_t id) const { return answers(id) != 0 && !connections_[id].renewed; }

std::uint32_t Client::unread_bytes(std::uint32_t id) const {
  int bytes = 0;
  if (connections_[id].fd < 0 || ioctl(connections_[id].fd, SIOCINQ, &bytes) != 0) return 0;
  return static_cast<std::uint32_t>(bytes);
}

void Client::send(std::uint32_t id, std::span<const std::uint8_t> bytes) {
  Connection& connection = connections_[id];
  const bool renewing = connection.phase == Phase::connecting && connection.renewed;
  if (connection.phase != Phase::open && !renewing) return;  // counted when it was closed
  if (!renewing) bytes = as_sent(connection, bytes);
  ssize_t sent = 0;
  if (connection.outbound.empty() && !renewing) {
    sent = ::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) sent = 0;  // a broken connection is noticed by its read
  }
  connection.outbound.insert(connection.outbound.end(), bytes.begin() + sent, bytes.end());
  if (!renewing) wait_for_room(connection);
}

void Client::wait_for_room(Connection& connection) {
  if (connection.outbound.empty() || connection.waits_for_room) return;
  connection.waits_for_room = true;
  watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
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
  connection.tls.reset();
}

}  // namespace load
