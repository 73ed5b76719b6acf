// The floor: what the machine itself needs for a fan-out. Publications are unmasked, appended to one byte range per topic
// and written to every subscriber's socket with bare send() calls, at most one quantum each per pass; with `sendfile`, large
// pieces leave with sendfile() from memory that is a file. No other protocol: the upgrade is a canned answer, nothing is
// validated, nothing is limited.
// Owner: nobody. Thread: the only one.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

constexpr std::size_t loopback_mss = 65'483;
constexpr std::size_t sendfile_quantum = 61'440;    // whole pages
constexpr std::size_t sendfile_bytes_min = 16'384;  // below it the copy of send() is cheaper
constexpr std::size_t range_bytes_max = std::size_t{1} << 32;
constexpr std::size_t range_bytes_kept = 64 * 1024 * 1024;
constexpr std::size_t receive_bytes = 256 * 1024;
constexpr char canned_answer[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

enum class Kind { publish_listener, subscribe_listener, publisher, subscriber };

struct Topic;

struct Connection {
  int fd;
  Kind kind;
  Topic* topic = nullptr;   // null: not upgraded yet
  std::string inbound{};    // the request, or a publication whose end is still to come
  std::size_t cursor = 0;   // subscriber: offset of the next byte in the topic's range
  bool blocked = false;     // subscriber: the kernel refused bytes
};

[[noreturn]] void fail(const char* what);

/// Bytes in one piece that is also a file: sendfile() hands its pages to the socket, and the receiver's queue keeps them
/// after they were acknowledged, so what was written is never written again: the pages are given up instead.
class Range {
 public:
  Range() : fd_(memfd_create("floor", MFD_CLOEXEC)) {
    if (fd_ < 0 || ftruncate(fd_, range_bytes_max) != 0) fail("memfd_create");
    void* at = mmap(nullptr, range_bytes_max, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
    if (at == MAP_FAILED) fail("mmap");
    bytes_ = static_cast<std::uint8_t*>(at);
  }

  std::size_t size() const { return size_; }

  std::uint8_t* extend(std::size_t bytes) {
    if (size_ + bytes > range_bytes_max) fail("the range is full");
    size_ += bytes;
    return bytes_ + size_ - bytes;
  }

  ssize_t write(int socket, std::size_t from, std::size_t bytes, bool by_sendfile) const {
    if (!by_sendfile || bytes < sendfile_bytes_min) return send(socket, bytes_ + from, bytes, MSG_NOSIGNAL);
    auto offset = static_cast<off_t>(from);
    return sendfile(socket, fd_, &offset, bytes);
  }

  /// Nobody needs what is here. True when the range starts anew: then every cursor is 0.
  bool rewind(bool by_sendfile) {
    if (by_sendfile && size_ < range_bytes_kept) return false;
    if (by_sendfile && fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size_)) != 0) fail("fallocate");
    size_ = 0;
    return true;
  }

 private:
  int fd_;
  std::uint8_t* bytes_;
  std::size_t size_ = 0;
};

struct Topic {
  Range range;
  std::vector<Connection*> subscribers;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "floor: %s: %s\n", what, std::strerror(errno));
  std::exit(2);
}

class Floor {
 public:
  Floor(std::size_t quantum, bool by_sendfile)
      : quantum_(quantum), by_sendfile_(by_sendfile), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(receive_bytes) {}

  void listen(std::uint16_t port, Kind kind);
  [[noreturn]] void run();

 private:
  void on_event(Connection& connection, std::uint32_t events);
  void accept_all(const Connection& listener);
  void watch(Connection& connection, std::uint32_t events);
  void on_readable(Connection& connection);
  void upgrade(Connection& connection);
  void take_publications(Connection& connection);
  void close(Connection& connection);
  bool pass(Topic& topic);

  std::size_t quantum_;
  bool by_sendfile_;
  int epoll_;
  std::vector<std::uint8_t> buffer_;
  std::map<std::string, std::unique_ptr<Topic>> topics_;
};

void Floor::watch(Connection& connection, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &connection;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) fail("epoll_ctl");
}

void Floor::listen(std::uint16_t port, Kind kind) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // Inherited by what is accepted; setting it after accept would leave bbr's pacing on.
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (::listen(fd, 4096) != 0) fail("listen");
  watch(*new Connection{fd, kind}, EPOLLIN);
}

void Floor::run() {
  epoll_event events[1024];
  bool pending = false;
  for (;;) {
    // All that is ready is read before anything is written: later publications join the same pass.
    const int ready = epoll_wait(epoll_, events, 1024, pending ? 0 : -1);
    for (int i = 0; i < ready; ++i) on_event(*static_cast<Connection*>(events[i].data.ptr), events[i].events);
    pending = false;
    for (auto& [name, topic] : topics_) pending |= pass(*topic);
  }
}

void Floor::on_event(Connection& connection, std::uint32_t events) {
  if (connection.kind == Kind::publish_listener || connection.kind == Kind::subscribe_listener) {
    return accept_all(connection);
  }
  if (events & EPOLLOUT) connection.blocked = false;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(connection);
}

void Floor::accept_all(const Connection& listener) {
  const Kind kind = listener.kind == Kind::publish_listener ? Kind::publisher : Kind::subscriber;
  for (int fd; (fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    watch(*new Connection{fd, kind}, kind == Kind::publisher ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLET);
  }
}

void Floor::on_readable(Connection& connection) {
  const ssize_t count = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return close(connection);
  connection.inbound.append(reinterpret_cast<char*>(buffer_.data()), static_cast<std::size_t>(count));
  if (connection.topic == nullptr) upgrade(connection);
  if (connection.topic != nullptr && connection.kind == Kind::publisher) take_publications(connection);
}

void Floor::upgrade(Connection& connection) {
  const std::size_t end = connection.inbound.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string path = connection.inbound.substr(4, connection.inbound.find(' ', 4) - 4);
  std::unique_ptr<Topic>& topic = topics_[path];
  if (!topic) topic = std::make_unique<Topic>();
  connection.topic = topic.get();
  connection.inbound.erase(0, end + 4);
  if (connection.kind == Kind::subscriber) {
    connection.cursor = topic->range.size();
    topic->subscribers.push_back(&connection);
  }
  if (send(connection.fd, canned_answer, sizeof canned_answer - 1, MSG_NOSIGNAL) < 0) close(connection);
}

/// Appends each complete masked frame of up to 64 KiB as an unmasked one (RFC 6455 §5.2); other frames are passed over.
void Floor::take_publications(Connection& connection) {
  auto* at = reinterpret_cast<std::uint8_t*>(connection.inbound.data());
  const std::uint8_t* const end = at + connection.inbound.size();
  Range& range = connection.topic->range;
  while (end - at >= 8) {
    const bool extended = (at[1] & 0x7f) == 126;
    const std::size_t length = extended ? static_cast<std::size_t>(at[2]) << 8 | at[3] : at[1] & 0x7fu;
    const std::size_t head_bytes = extended ? 4 : 2;
    if (static_cast<std::size_t>(end - at) < head_bytes + 4 + length) break;
    if ((at[0] & 0x08) == 0) {
      const std::uint8_t* mask = at + head_bytes;
      std::uint8_t* frame = range.extend(head_bytes + length);
      std::memcpy(frame, at, head_bytes);
      frame[1] &= 0x7f;
      for (std::size_t i = 0; i < length; ++i) frame[head_bytes + i] = mask[4 + i] ^ mask[i & 3];
    }
    at += head_bytes + 4 + length;
  }
  connection.inbound.erase(0, connection.inbound.size() - static_cast<std::size_t>(end - at));
}

/// One quantum to every subscriber that is behind and not blocked; true while some of those still have more to get.
bool Floor::pass(Topic& topic) {
  const std::size_t head = topic.range.size();
  if (head == 0) return false;
  bool more = false, behind = false;
  for (Connection* subscriber : topic.subscribers) {
    const std::size_t pending = head - subscriber->cursor;
    if (pending != 0 && !subscriber->blocked) {
      const ssize_t sent = topic.range.write(subscriber->fd, subscriber->cursor, std::min(pending, quantum_), by_sendfile_);
      if (sent < 0) subscriber->blocked = true;  // refused, or broken: then its read closes it
      if (sent > 0) subscriber->cursor += static_cast<std::size_t>(sent);
      more |= !subscriber->blocked && subscriber->cursor != head;
    }
    behind |= subscriber->cursor != head;
  }
  if (!behind && topic.range.rewind(by_sendfile_)) {
    for (Connection* subscriber : topic.subscribers) subscriber->cursor = 0;
  }
  return more;
}

void Floor::close(Connection& connection) {
  if (connection.topic != nullptr) std::erase(connection.topic->subscribers, &connection);
  ::close(connection.fd);
  delete &connection;  // an epoll batch names each descriptor once, so nothing later in this turn refers to it
}

}  // namespace

/// floor PUBLISH_PORT SUBSCRIBE_PORT [send|sendfile] [QUANTUM_BYTES]
int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "usage: floor PUBLISH_PORT SUBSCRIBE_PORT [send|sendfile] [QUANTUM_BYTES]\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const bool by_sendfile = count > 3 && std::strcmp(arguments[3], "sendfile") == 0;
  const std::size_t quantum = by_sendfile ? sendfile_quantum : loopback_mss;
  Floor floor(count > 4 ? std::strtoul(arguments[4], nullptr, 10) : quantum, by_sendfile);
  floor.listen(static_cast<std::uint16_t>(std::atoi(arguments[1])), Kind::publish_listener);
  floor.listen(static_cast<std::uint16_t>(std::atoi(arguments[2])), Kind::subscribe_listener);
  floor.run();
}
