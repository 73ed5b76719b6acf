#include "native/os/unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "native/base/check.h"

namespace os {

namespace {

/// A descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

sockaddr_un address_of(const std::string& path) {
  CHECK(path.size() <= path_bytes_max);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int open_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

/// 0, or the errno. Nobody can connect before listen(), so nobody meets the permissions that the umask leaves.
int listen_at(int fd, const ListenOptions& options) {
  const std::string& path = options.address.path;
  const sockaddr_un address = address_of(path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return errno;
  if (::chmod(path.c_str(), options.address.mode) == 0 && ::listen(fd, options.backlog) == 0) return 0;
  const int error = errno;
  ::unlink(path.c_str());
  return error;
}

/// A socket whose listener is gone: only that refuses a connection. A full queue is EAGAIN, a file of another kind ENOTSOCK.
bool is_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const File probe(open_socket());
  const sockaddr_un address = address_of(path);
  return probe.fd() >= 0 && ::connect(probe.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

/// Binds where a stale file is in the way. The folder is locked meanwhile: of two brokers that start at once, the second must not
/// take the first one's socket, which is bound and not yet listening, for a stale one.
int replace_stale(int fd, const ListenOptions& options) {
  const std::string& path = options.address.path;
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const File lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.fd() < 0 || ::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0 || !is_stale(path)) return EADDRINUSE;
  if (::unlink(path.c_str()) != 0) return EADDRINUSE;
  return listen_at(fd, options);
}

std::uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

Listening listen_on_path(const ListenOptions& options) {
  File socket(open_socket());
  if (socket.fd() < 0) return {-1, errno};
  int error = listen_at(socket.fd(), options);
  if (error == EADDRINUSE) error = replace_stale(socket.fd(), options);
  if (error != 0) return {-1, error};
  return {socket.release(), 0, 0, inode_of(options.address.path)};
}

void remove_path(const Endpoint& endpoint) {
  if (endpoint.inode != 0 && inode_of(endpoint.path) == endpoint.inode) ::unlink(endpoint.path.c_str());
}

}  // namespace os
