#include "native/os/linux_kernel.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "native/base/check.h"
#include "native/os/socket_counts.h"
#include "native/os/unix_socket.h"

namespace os {

static_assert(sizeof(Piece) == sizeof(iovec) && offsetof(Piece, bytes) == offsetof(iovec, iov_base) &&
              offsetof(Piece, length) == offsetof(iovec, iov_len));

namespace {

IoResult result_of(ssize_t moved) {
  if (moved >= 0) return {IoOutcome::ok, static_cast<std::size_t>(moved), 0};
  // ENOBUFS and ENOMEM on a send are pressure of the moment on this one socket, but no edge follows them: the connection
  // is given up rather than left waiting for ever (ADR 0004).
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoOutcome::would_block, 0, 0};
  return {IoOutcome::failed, 0, errno};
}

template <typename Call>
ssize_t uninterrupted(Call call) {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

socklen_t to_sockaddr(const Address& address, sockaddr_storage& storage) {
  std::memset(&storage, 0, sizeof storage);
  if (address.v6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    in6.sin6_scope_id = address.scope;
    std::memcpy(&in6.sin6_addr, address.bytes.data(), 16);
    return sizeof in6;
  }
  auto& in4 = reinterpret_cast<sockaddr_in&>(storage);
  in4.sin_family = AF_INET;
  in4.sin_port = htons(address.port);
  std::memcpy(&in4.sin_addr, address.bytes.data(), 4);
  return sizeof in4;
}

Address from_sockaddr(const sockaddr_storage& storage) {
  Address address;
  if (storage.ss_family == AF_UNIX) {
    address.local = true;
  } else if (storage.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    address.port = ntohs(in6.sin6_port);
    // An IPv4 client of a dual-stack listener is one everywhere: in limits, events and logs.
    address.v6 = !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
    const auto* const first = reinterpret_cast<const std::uint8_t*>(&in6.sin6_addr);
    if (address.v6) std::memcpy(address.bytes.data(), first, 16);
    else std::memcpy(address.bytes.data(), first + 12, 4);
    address.scope = in6.sin6_scope_id;
  } else {
    const auto& in4 = reinterpret_cast<const sockaddr_in&>(storage);
    address.port = ntohs(in4.sin_port);
    std::memcpy(address.bytes.data(), &in4.sin_addr, 4);
  }
  return address;
}

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

/// What accepted sockets inherit. Pacing by bbr halves burst speed on a local path and is not undone by switching after
/// accept, so the listener chooses (docs/benchmarking.md).
void set_inherited_options(int fd, const ListenOptions& options) {
  char current[16] = {};
  socklen_t length = sizeof current;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, current, &length) == 0 && std::strcmp(current, "bbr") == 0) {
    if (::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0) ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  }
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.send_buffer_bytes > 0) set_option(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer_bytes);  // ADR 0006
}

epoll_event event_of(std::uint64_t token, Watch how) {
  epoll_event event{};
  event.data.u64 = token;
  switch (how) {
    case Watch::level_in:
      event.events = EPOLLIN;
      break;
    case Watch::edge_in_out:
      event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
      break;
    case Watch::edge_in:
      event.events = EPOLLIN | EPOLLRDHUP | static_cast<std::uint32_t>(EPOLLET);
      break;
  }
  return event;
}

/// Whether somebody listens there already: asked without SO_REUSEPORT, the kernel says so.
bool is_taken(const ListenOptions& options) {
  if (options.address.port == 0) return false;
  const int fd = ::socket(options.address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.address.v6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1);
  sockaddr_storage storage;
  const socklen_t length = to_sockaddr(options.address, storage);
  const bool taken = ::bind(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0 && errno == EADDRINUSE;
  ::close(fd);
  return taken;
}

}  // namespace

std::int64_t LinuxKernel::now_ns() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::int64_t LinuxKernel::unix_seconds() {
  timespec time;
  ::clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec;
}

Listening LinuxKernel::listen(const ListenOptions& options) {
  if (options.address.local) return listen_on_path(options);
  const bool shared = options.reuse_port && is_taken(options);
  const int family = options.address.v6 ? AF_INET6 : AF_INET;
  const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return {-1, errno, 0};
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reuse_port) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (options.address.v6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.dual_stack ? 0 : 1);
  set_inherited_options(fd, options);
  sockaddr_storage storage;
  socklen_t length = to_sockaddr(options.address, storage);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), length) != 0 || ::listen(fd, options.backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return {-1, error, 0};
  }
  length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return {fd, 0, from_sockaddr(storage).port, 0, shared};
}

void LinuxKernel::close_listener(int fd, const Endpoint& address) {
  if (address.local) remove_path(address);
  close(fd);
}

Accepted LinuxKernel::accept(int listener) {
  sockaddr_storage storage;
  socklen_t length = sizeof storage;
  const int fd = static_cast<int>(uninterrupted(
      [&] { return ::accept4(listener, reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC); }));
  if (fd >= 0) return {AcceptOutcome::ok, fd, 0, from_sockaddr(storage)};
  switch (errno) {
    case EAGAIN:
      return {AcceptOutcome::would_block, -1, 0, {}};
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return {AcceptOutcome::exhausted, -1, errno, {}};
    default:  // ECONNABORTED and the network errors that accept(2) hands on from the connection itself
      return {AcceptOutcome::aborted, -1, errno, {}};
  }
}

SocketPair LinuxKernel::open_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) return {};
  return {fds[0], fds[1]};
}

IoResult LinuxKernel::receive(int fd, base::MutableBytes into) {
  IoResult result = result_of(uninterrupted([&] { return ::recv(fd, into.data(), into.size(), 0); }));
  if (result.outcome == IoOutcome::ok && result.bytes == 0) result.outcome = IoOutcome::end;
  return result;
}

IoResult LinuxKernel::send(int fd, base::Bytes bytes) {
  return result_of(uninterrupted([&] { return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }));
}

IoResult LinuxKernel::send_gather(int fd, std::span<const Piece> pieces) {
  msghdr message{};
  message.msg_iov = reinterpret_cast<iovec*>(const_cast<Piece*>(pieces.data()));
  message.msg_iovlen = pieces.size();
  return result_of(uninterrupted([&] { return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT); }));
}

void LinuxKernel::send_batch(std::span<SendOp> ops) {
  for (SendOp& op : ops) {
    if (op.file < 0) {
      op.result = send(op.fd, {op.bytes, op.length});
      continue;
    }
    off_t offset = static_cast<off_t>(op.file_offset);
    op.result = result_of(uninterrupted([&] { return ::sendfile(op.fd, op.file, &offset, op.length); }));
  }
}

SocketCounts LinuxKernel::socket_counts(int fd) { return socket_counts_of(fd); }

void LinuxKernel::shutdown_send(int fd) { ::shutdown(fd, SHUT_WR); }

void LinuxKernel::close(int fd) { CHECK(::close(fd) == 0 || errno != EBADF); }

void LinuxKernel::abort(int fd) {
  const linger reset{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(fd);
}

int LinuxKernel::open_poller() { return ::epoll_create1(EPOLL_CLOEXEC); }

bool LinuxKernel::watch(int poller, int fd, std::uint64_t token, Watch how) {
  epoll_event event = event_of(token, how);
  return ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0;
}

void LinuxKernel::watch_as(int poller, int fd, std::uint64_t token, Watch how) {
  epoll_event event = event_of(token, how);
  CHECK(::epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event) == 0);
}

void LinuxKernel::unwatch(int poller, int fd) { ::epoll_ctl(poller, EPOLL_CTL_DEL, fd, nullptr); }

std::size_t LinuxKernel::wait(int poller, std::span<Ready> into, int timeout_ms) {
  std::array<epoll_event, 512> events;
  const int room = static_cast<int>(std::min(into.size(), events.size()));
  const int count = ::epoll_wait(poller, events.data(), room, timeout_ms);
  if (count <= 0) return 0;  // a timeout, or EINTR: the next turn waits again
  for (int i = 0; i < count; ++i) {
    const std::uint32_t bits = events[i].events;
    into[i] = {events[i].data.u64, (bits & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0, (bits & EPOLLOUT) != 0,
               (bits & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0};
  }
  return static_cast<std::size_t>(count);
}

int LinuxKernel::open_wake() { return ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void LinuxKernel::signal_wake(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);  // full means: already signalled
}

void LinuxKernel::clear_wake(int fd) {
  std::uint64_t count;
  [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof count);
}

Mapping LinuxKernel::map(std::size_t bytes) {
  const int file = ::memfd_create("topic-log", MFD_CLOEXEC);
  if (file < 0) return {};
  void* at = MAP_FAILED;
  if (::ftruncate(file, static_cast<off_t>(bytes)) == 0) at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (at == MAP_FAILED) {
    ::close(file);
    return {};
  }
  return {static_cast<std::uint8_t*>(at), bytes, file};
}

Mapping LinuxKernel::map_private(std::size_t bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return {};
  return {static_cast<std::uint8_t*>(at), bytes, -1};
}

void LinuxKernel::unmap(const Mapping& mapping) {
  if (::munmap(mapping.bytes, mapping.length) != 0) {
    // A hole would split a mapping, and the process has as many as it may (vm.max_map_count): only the addresses are lost then.
    CHECK(errno == ENOMEM);
    discard({mapping.bytes, mapping.length});
  }
  if (mapping.file >= 0) close(mapping.file);
}

void LinuxKernel::discard(base::MutableBytes pages) {
  if (::madvise(pages.data(), pages.size(), MADV_DONTNEED) == 0) return;
  constexpr int dontneed_locked = 24;  // MADV_DONTNEED_LOCKED, Linux 5.18; before it, memory that is locked stays
  ::madvise(pages.data(), pages.size(), dontneed_locked);
}

/// Without memory left it fails, and so will whoever touches the pages: that is not for here.
void LinuxKernel::populate(base::MutableBytes pages) {
  constexpr int populate_write = 23;  // MADV_POPULATE_WRITE, Linux 5.14
  constexpr std::size_t page_bytes = 4096;
  if (::madvise(pages.data(), pages.size(), populate_write) == 0 || errno != EINVAL) return;
  // Each page is written with what it holds: whoever else writes there meanwhile has touched it too.
  for (std::size_t at = 0; at < pages.size(); at += page_bytes) {
    std::atomic_ref<std::uint8_t> byte(pages[at]);
    std::uint8_t held = byte.load(std::memory_order_relaxed);
    byte.compare_exchange_strong(held, held, std::memory_order_relaxed);
  }
}

std::uint64_t raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void reserve_files(std::size_t count) {
  const int low = ::epoll_create1(EPOLL_CLOEXEC);
  if (low < 0) return;
  const int high = ::fcntl(low, F_DUPFD_CLOEXEC, static_cast<int>(std::max<std::size_t>(count, 1) - 1));
  if (high >= 0) ::close(high);
  ::close(low);
}

int duplicate_file(int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 3); }

void close_file(int fd) { ::close(fd); }

int pin_thread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

void prepare_thread(const char* name) {
  ::pthread_setname_np(::pthread_self(), name);
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace os
