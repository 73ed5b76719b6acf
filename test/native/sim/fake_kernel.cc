#include "test/native/sim/fake_kernel.h"

#include <cerrno>
#include <utility>

#include "native/base/check.h"

namespace sim {

using os::IoOutcome;
using os::IoResult;

namespace {
constexpr std::int64_t refusal_ns_max = 20'000'000;
constexpr std::int64_t call_ns_max = 20'000;
}  // namespace

// Descriptors and time.

int FakeKernel::open_fd(Kind kind) {
  open_[next_fd_] = kind;
  return next_fd_++;
}

void FakeKernel::require(int fd, Kind kind) const {
  const auto found = open_.find(fd);
  CHECK(found != open_.end());  // EBADF: closed already, or never open
  CHECK(found->second == kind);
}

FakeKernel::Socket& FakeKernel::open_socket(int fd) {
  require(fd, Kind::socket);
  return sockets_.at(fd);
}

/// Every system call takes a little time, in which other threads go on.
void FakeKernel::step() {
  clock_ns_ += static_cast<std::int64_t>(random_() % call_ns_max);
  if (!meanwhile || in_meanwhile_) return;
  in_meanwhile_ = true;
  meanwhile();
  in_meanwhile_ = false;
}

std::int64_t FakeKernel::now_ns() {
  clock_ns_ += 50;
  return clock_ns_;
}

void FakeKernel::close(int fd) {
  const auto found = open_.find(fd);
  CHECK(found != open_.end());
  const Kind kind = found->second;
  open_.erase(found);
  for (auto& [id, poller] : pollers_) {
    poller.watched.erase(fd);
    std::erase(poller.ready, fd);
  }
  if (kind == Kind::socket) {
    Socket& socket = sockets_.at(fd);
    socket.engine_closed = true;
    // What was received and never read makes the kernel answer with a reset, which overtakes what is not yet delivered.
    if (socket.to_engine.size() > 0 && !socket.reset) {
      socket.lose();
      socket.reset = true;
    }
    socket.to_engine.clear();
    tell_twin(socket);
  } else if (kind == Kind::listener) {
    for (const int waiting : listeners_.at(fd).queue) sockets_.at(waiting).reset = true;
    listeners_.erase(fd);
  } else if (kind == Kind::poller) {
    pollers_.erase(fd);
  } else if (kind == Kind::wake) {
    wakes_.erase(fd);
  }
  step();
}

void FakeKernel::abort(int fd) {
  Socket& socket = open_socket(fd);
  socket.reset = true;
  socket.lose();
  close(fd);
}

// The engine's calls on sockets.

os::Listening FakeKernel::listen(const os::ListenOptions& options) {
  const std::uint16_t port = options.address.port != 0 ? options.address.port : next_port_++;
  const int fd = open_fd(Kind::listener);
  listeners_[fd].port = port;
  listeners_[fd].path = options.address.path;
  return {fd, 0, options.address.local ? std::uint16_t{0} : port};
}

void FakeKernel::close_listener(int fd, const os::Endpoint& address) {
  require(fd, Kind::listener);
  CHECK(listeners_.at(fd).path == address.path);
  close(fd);
}

std::size_t FakeKernel::unaccepted() const {
  std::size_t count = 0;
  for (const auto& [fd, listener] : listeners_) count += listener.queue.size();
  return count;
}

os::Accepted FakeKernel::accept(int listener) {
  require(listener, Kind::listener);
  step();
  Listener& from = listeners_.at(listener);
  if (from.queue.empty()) return {os::AcceptOutcome::would_block, -1, 0, {}};
  if (chance(random_, faults.exhausted_accept)) return {os::AcceptOutcome::exhausted, -1, EMFILE, {}};
  const int fd = from.queue.front();
  from.queue.pop_front();
  Socket& socket = sockets_.at(fd);
  if (socket.reset || chance(random_, faults.aborted_accept)) {
    socket.reset = true;
    socket.engine_closed = true;
    return {os::AcceptOutcome::aborted, -1, ECONNABORTED, {}};
  }
  open_[fd] = Kind::socket;
  return {os::AcceptOutcome::ok, fd, 0, socket.peer};
}

os::SocketPair FakeKernel::open_pair() {
  step();
  if (chance(random_, faults.refused_pair)) return {};
  const os::SocketPair pair{open_fd(Kind::socket), open_fd(Kind::socket)};
  sockets_[pair.ours].twin = pair.theirs;
  sockets_[pair.theirs].twin = pair.ours;
  return pair;
}

IoResult FakeKernel::receive_from_twin(int fd, base::MutableBytes into) {
  const int twin = sockets_.at(fd).twin;
  if (const std::size_t bytes = read_wire(twin, into); bytes > 0) return {IoOutcome::ok, bytes, 0};
  const Socket& other = sockets_.at(twin);
  return {other.engine_shut || other.engine_closed ? IoOutcome::end : IoOutcome::would_block, 0, 0};
}

IoResult FakeKernel::receive(int fd, base::MutableBytes into) {
  Socket& socket = open_socket(fd);
  step();
  if (socket.twin >= 0) return receive_from_twin(fd, into);
  if (socket.reset) return {IoOutcome::failed, 0, ECONNRESET};
  if (const std::size_t bytes = socket.to_engine.read(into); bytes > 0) {
    socket.received += bytes;
    return {IoOutcome::ok, bytes, 0};
  }
  if (socket.peer_shut) return {IoOutcome::end, 0, 0};
  return {IoOutcome::would_block, 0, 0};
}

bool FakeKernel::has_room(const Socket& socket) const {
  return socket.blocked_until == 0 && socket.to_peer.size() * 3 <= socket.to_peer_max * 2;
}

/// How many of `length` bytes the socket takes now.
IoResult FakeKernel::begin_send(Socket& socket, int fd, std::size_t length) {
  step();
  if (socket.reset || socket.engine_shut) return {IoOutcome::failed, 0, socket.reset ? ECONNRESET : EPIPE};
  if (socket.twin >= 0 && sockets_.at(socket.twin).engine_closed) return {IoOutcome::failed, 0, EPIPE};
  if (socket.peer_gone) {  // the first send still succeeds; it is what makes the peer's kernel answer with a reset
    reset(fd);
    return {IoOutcome::ok, length, 0};
  }
  if (socket.blocked_until == 0 && goes_wrong(socket, faults.refused_send)) {
    socket.blocked_until = clock_ns_ + 1 + static_cast<std::int64_t>(random_() % refusal_ns_max);
    blocked_[fd] = socket.blocked_until;
  }
  const std::size_t room = socket.to_peer_max - std::min(socket.to_peer_max, socket.to_peer.size());
  if (socket.blocked_until != 0 || room == 0) {
    socket.refusing = true;
    socket.no_space = true;
    return {IoOutcome::would_block, 0, 0};
  }
  std::size_t taken = std::min(room, length);
  if (goes_wrong(socket, faults.short_send)) taken = between(random_, 1, taken);
  return {IoOutcome::ok, taken, 0};
}

IoResult FakeKernel::send(int fd, base::Bytes bytes) {
  const os::Piece piece{bytes.data(), bytes.size()};
  return send_gather(fd, {&piece, 1});
}

IoResult FakeKernel::send_gather(int fd, std::span<const os::Piece> pieces) {
  Socket& socket = open_socket(fd);
  CHECK(pieces.size() <= os::pieces_max);
  std::size_t length = 0;
  for (const os::Piece& piece : pieces) length += piece.length;
  CHECK(length > 0);
  const IoResult result = begin_send(socket, fd, length);
  if (result.outcome != IoOutcome::ok) return result;
  Stream& to = socket.peer_gone ? socket.lost : socket.to_peer;
  std::size_t left = result.bytes;
  for (const os::Piece& piece : pieces) {
    const std::size_t part = std::min(left, piece.length);
    if (part > 0) to.append({static_cast<const std::uint8_t*>(piece.bytes), part});
    left -= part;
  }
  tell_twin(socket);
  return result;
}

void FakeKernel::send_batch(std::span<os::SendOp> ops) {
  for (os::SendOp& op : ops) {
    if (op.file < 0) {
      op.result = send(op.fd, {op.bytes, op.length});
      continue;
    }
    Socket& socket = open_socket(op.fd);
    const SharedBytes file = files_.at(op.file);
    CHECK(op.file_offset + op.length <= file->size());
    CHECK(op.bytes == file->data() + op.file_offset);
    op.result = begin_send(socket, op.fd, op.length);
    if (op.result.outcome != IoOutcome::ok) continue;
    (socket.peer_gone ? socket.lost : socket.to_peer).append_shared(file, op.file_offset, op.result.bytes);
  }
}

os::SocketCounts FakeKernel::socket_counts(int fd) {
  const Socket& socket = open_socket(fd);
  return {true, socket.received, socket.delivered, static_cast<std::uint32_t>(socket.to_peer.size())};
}

void FakeKernel::shutdown_send(int fd) {
  open_socket(fd).engine_shut = true;
  tell_twin(open_socket(fd));
}

// Readiness: epoll(7). An edge puts a descriptor into the ready list; `wait` takes it out and reports what holds then.

int FakeKernel::open_poller() {
  const int fd = open_fd(Kind::poller);
  pollers_[fd];
  return fd;
}

bool FakeKernel::watch(int poller, int fd, std::uint64_t token, os::Watch how) {
  require(poller, Kind::poller);
  CHECK(open_.contains(fd));
  if (how != os::Watch::level_in && chance(random_, faults.refused_watch)) return false;
  const bool added = pollers_.at(poller).watched.try_emplace(fd, Watched{token, how, false}).second;
  CHECK(added);  // EEXIST
  if (how != os::Watch::level_in) edge(fd);
  return true;
}

void FakeKernel::watch_as(int poller, int fd, std::uint64_t token, os::Watch how) {
  require(poller, Kind::poller);
  CHECK(how != os::Watch::level_in);
  Watched& watched = pollers_.at(poller).watched.at(fd);  // ENOENT
  watched.token = token;
  watched.how = how;
  // Asking whether there is room also asks to be told when there is.
  if (!has_room(sockets_.at(fd))) sockets_.at(fd).no_space = true;
  edge(fd);
}

void FakeKernel::unwatch(int poller, int fd) {
  require(poller, Kind::poller);
  CHECK(pollers_.at(poller).watched.erase(fd) == 1);  // ENOENT
  std::erase(pollers_.at(poller).ready, fd);
}

void FakeKernel::edge(int fd) {
  for (auto& [id, poller] : pollers_) {
    const auto found = poller.watched.find(fd);
    if (found == poller.watched.end() || std::exchange(found->second.queued, true)) continue;
    poller.ready.push_back(fd);
  }
}

void FakeKernel::fire_due_edges() {
  for (auto it = blocked_.begin(); it != blocked_.end();) {
    if (it->second > clock_ns_) {
      ++it;
      continue;
    }
    Socket& socket = sockets_.at(it->first);
    socket.blocked_until = 0;
    if (has_room(socket) && std::exchange(socket.no_space, false)) edge(it->first);
    it = blocked_.erase(it);
  }
}

os::Ready FakeKernel::ready_of(int fd, const Watched& watched) const {
  os::Ready ready{watched.token, false, false, false};
  const Kind kind = open_.at(fd);
  if (kind == Kind::listener) {
    ready.readable = !listeners_.at(fd).queue.empty();
  } else if (kind == Kind::wake) {
    ready.readable = wakes_.at(fd) > 0;
  } else {
    const Socket& socket = sockets_.at(fd);
    const Socket* const twin = socket.twin < 0 ? nullptr : &sockets_.at(socket.twin);
    ready.hang_up = socket.reset || socket.peer_shut || (twin != nullptr && (twin->engine_shut || twin->engine_closed));
    ready.readable = ready.hang_up || socket.to_engine.size() > 0 || (twin != nullptr && twin->to_peer.size() > 0);
    ready.writable = watched.how == os::Watch::edge_in_out && (socket.reset || has_room(socket));
  }
  return ready;
}

std::size_t FakeKernel::wait(int poller, std::span<os::Ready> into, int timeout_ms) {
  require(poller, Kind::poller);
  step();
  fire_due_edges();
  Poller& from = pollers_.at(poller);
  std::size_t count = 0;
  for (const auto& [fd, watched] : from.watched) {
    if (watched.how != os::Watch::level_in || count == into.size()) continue;
    const os::Ready ready = ready_of(fd, watched);
    if (ready.readable) into[count++] = ready;
  }
  while (!from.ready.empty() && count < into.size()) {
    const int fd = from.ready.front();
    from.ready.pop_front();
    Watched& watched = from.watched.at(fd);
    watched.queued = false;
    const os::Ready ready = ready_of(fd, watched);
    if (!ready.readable && !ready.writable) continue;
    if (ready.writable) sockets_.at(fd).refusing = false;
    into[count++] = ready;
  }
  if (count == 0 && timeout_ms > 0) clock_ns_ += std::int64_t{timeout_ms} * 1'000'000;
  return count;
}

int FakeKernel::open_wake() {
  const int fd = open_fd(Kind::wake);
  wakes_[fd] = 0;
  return fd;
}

void FakeKernel::signal_wake(int fd) {
  require(fd, Kind::wake);
  ++wakes_.at(fd);
}

void FakeKernel::clear_wake(int fd) {
  require(fd, Kind::wake);
  wakes_.at(fd) = 0;
}

// Memory.

os::Mapping FakeKernel::map(std::size_t bytes) {
  step();
  if (chance(random_, faults.refused_map)) return {};
  const int fd = open_fd(Kind::file);
  files_[fd] = std::make_shared<std::vector<std::uint8_t>>(bytes);
  return {files_[fd]->data(), bytes, fd};
}

os::Mapping FakeKernel::map_private(std::size_t bytes) {
  step();
  if (chance(random_, faults.refused_private_map)) return {};
  auto memory = std::make_unique<Page[]>(bytes / sizeof(Page));
  std::uint8_t* const at = memory[0].data();
  private_[at] = std::move(memory);
  return {at, bytes, -1};
}

void FakeKernel::discard(base::MutableBytes pages) {
  CHECK(pages.size() % sizeof(Page) == 0);
  const auto behind = private_.upper_bound(pages.data());
  CHECK(behind != private_.begin());
  discarded_bytes_ += pages.size();
}

void FakeKernel::populate(base::MutableBytes pages) {
  step();
  CHECK(pages.size() % sizeof(Page) == 0);
  populated_.push_back(pages);
}

void FakeKernel::unmap(const os::Mapping& mapping) {
  if (mapping.file < 0) {
    CHECK(private_.erase(mapping.bytes) == 1);
    return;
  }
  require(mapping.file, Kind::file);
  CHECK(files_.at(mapping.file)->data() == mapping.bytes);
  files_.erase(mapping.file);
  close(mapping.file);
}

}  // namespace sim
