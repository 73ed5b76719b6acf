// Covers native/os/unix_socket.cc: real sockets in a folder of the test's own.
// Owner: the test. Thread: main.
#include "native/os/unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "native/os/linux_kernel.h"
#include "test/native/doctest_last.h"

namespace {

struct Fixture {
  Fixture() { REQUIRE(::mkdtemp(folder.data()) != nullptr); }
  ~Fixture() {
    ::unlink(path().c_str());
    ::rmdir(folder.c_str());
  }
  std::string path() const { return folder + "/broker.sock"; }
  os::ListenOptions options(std::uint32_t mode = 0600) const {
    os::ListenOptions options{*os::Endpoint::parse("unix:" + path(), 0)};
    options.address.mode = mode;
    return options;
  }
  os::Listening listen() { return kernel.listen(options()); }
  os::Endpoint bound(const os::Listening& listening) const {
    os::Endpoint endpoint = options().address;
    endpoint.inode = listening.inode;
    return endpoint;
  }
  bool exists() const { return ::access(path().c_str(), F_OK) == 0; }
  /// -1 when nobody listens.
  int connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, path().data(), path().size());
    if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return fd;
    ::close(fd);
    return -1;
  }

  std::string folder = "/tmp/broker-test-XXXXXX";
  os::LinuxKernel kernel;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "unix socket: accepts, with the permissions asked for, and the file goes with the listener") {
  const os::Listening listening = kernel.listen(options(0640));
  REQUIRE(listening.fd >= 0);
  struct stat status {};
  REQUIRE(::stat(path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
  CHECK(listening.inode == status.st_ino);
  const int client = connect();
  REQUIRE(client >= 0);
  const os::Accepted accepted = kernel.accept(listening.fd);
  REQUIRE(accepted.outcome == os::AcceptOutcome::ok);
  CHECK(accepted.peer.local);
  CHECK(kernel.send(accepted.fd, base::bytes_of("hi")).bytes == 2);
  char got[2];
  CHECK(::recv(client, got, 2, MSG_WAITALL) == 2);
  ::close(client);
  kernel.close(accepted.fd);
  kernel.close_listener(listening.fd, bound(listening));
  CHECK(!exists());
}

TEST_CASE_FIXTURE(Fixture, "unix socket: one in use is left alone") {
  const os::Listening first = listen();
  REQUIRE(first.fd >= 0);
  CHECK(listen().error == EADDRINUSE);
  const int client = connect();
  CHECK(client >= 0);
  ::close(client);
  kernel.close_listener(first.fd, bound(first));
}

TEST_CASE_FIXTURE(Fixture, "unix socket: one that a dead process left is replaced") {
  const os::Listening dead = listen();
  kernel.close(dead.fd);
  REQUIRE(exists());
  REQUIRE(connect() == -1);
  const os::Listening listening = listen();
  REQUIRE(listening.fd >= 0);
  const int client = connect();
  CHECK(client >= 0);
  ::close(client);
  kernel.close_listener(listening.fd, bound(listening));
  CHECK(!exists());
}

TEST_CASE_FIXTURE(Fixture, "unix socket: while another replaces a stale one, the path is in use") {
  kernel.close(listen().fd);
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(folder_fd, LOCK_EX) == 0);
  CHECK(listen().error == EADDRINUSE);
  ::close(folder_fd);
  const os::Listening listening = listen();
  CHECK(listening.fd >= 0);
  kernel.close_listener(listening.fd, bound(listening));
}

TEST_CASE_FIXTURE(Fixture, "unix socket: a file of another kind is never removed") {
  ::close(::open(path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  CHECK(listen().error == EADDRINUSE);
  CHECK(exists());
  ::unlink(path().c_str());
  REQUIRE(::symlink("/nowhere", path().c_str()) == 0);
  CHECK(listen().error == EADDRINUSE);
}

TEST_CASE_FIXTURE(Fixture, "unix socket: a file that took our place stays") {
  const os::Listening ours = listen();
  REQUIRE(::rename(path().c_str(), (path() + ".moved").c_str()) == 0);
  const os::Listening theirs = listen();
  REQUIRE(theirs.fd >= 0);
  kernel.close_listener(ours.fd, bound(ours));
  CHECK(exists());
  kernel.close_listener(theirs.fd, bound(theirs));
  CHECK(!exists());
  ::unlink((path() + ".moved").c_str());
}

TEST_CASE_FIXTURE(Fixture, "unix socket: a missing folder is an error with its number") {
  os::ListenOptions nowhere = options();
  nowhere.address.path = folder + "/none/broker.sock";
  CHECK(kernel.listen(nowhere).error == ENOENT);
}

TEST_CASE_FIXTURE(Fixture, "unix socket: who only reads is not told of room, until it asks for it") {
  const os::Listening listening = listen();
  const int client = connect();
  const os::Accepted accepted = kernel.accept(listening.fd);
  const int poller = kernel.open_poller();
  REQUIRE(kernel.watch(poller, accepted.fd, 7, os::Watch::edge_in));
  std::array<os::Ready, 4> ready;
  CHECK(kernel.wait(poller, ready, 0) == 0);
  kernel.watch_as(poller, accepted.fd, 8, os::Watch::edge_in_out);
  REQUIRE(kernel.wait(poller, ready, 1000) == 1);
  CHECK(ready[0].token == 8);
  CHECK(ready[0].writable);
  CHECK(!ready[0].readable);
  ::close(client);
  kernel.close(poller);
  kernel.close(accepted.fd);
  kernel.close_listener(listening.fd, bound(listening));
}
