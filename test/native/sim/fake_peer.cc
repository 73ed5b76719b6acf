// The fake kernel's other half: what peers do to their end of a connection.
#include "native/base/check.h"
#include "test/native/sim/fake_kernel.h"

namespace sim {

int FakeKernel::connect(std::uint16_t port, const os::Address& peer, std::size_t send_buffer_bytes) {
  for (auto& [fd, listener] : listeners_) {
    if (listener.path.empty() && listener.port == port) return wait_for_accept(listener, peer, send_buffer_bytes);
  }
  return -1;
}

int FakeKernel::connect(const std::string& path, std::size_t send_buffer_bytes) {
  os::Address peer;
  peer.local = true;
  for (auto& [fd, listener] : listeners_) {
    if (listener.path == path) return wait_for_accept(listener, peer, send_buffer_bytes);
  }
  return -1;
}

int FakeKernel::wait_for_accept(Listener& listener, const os::Address& peer, std::size_t send_buffer_bytes) {
  const int id = next_fd_++;
  Socket& socket = sockets_[id];
  socket.peer = peer;
  socket.to_peer_max = send_buffer_bytes;
  socket.to_engine_max = receive_buffer_bytes;
  listener.queue.push_back(id);
  return id;
}

std::size_t FakeKernel::peer_write(int id, base::Bytes bytes) {
  Socket& socket = sockets_.at(id);
  CHECK(!socket.peer_shut);
  if (socket.reset) return 0;
  if (socket.engine_closed) {  // the engine's kernel answers what nobody reads with a reset
    socket.reset = true;
    return 0;
  }
  const std::size_t taken = std::min(bytes.size(), socket.to_engine_max - socket.to_engine.size());
  if (taken == 0) return 0;
  socket.to_engine.append(bytes.first(taken));
  edge(id);
  return taken;
}

std::size_t FakeKernel::peer_read(int id, base::MutableBytes into) {
  Socket& socket = sockets_.at(id);
  const std::size_t bytes = socket.to_peer.read(into);
  socket.delivered += bytes;
  if (bytes > 0 && socket.no_space && has_room(socket)) {
    socket.no_space = false;
    edge(id);
  }
  return bytes;
}

void FakeKernel::peer_shutdown(int id) {
  Socket& socket = sockets_.at(id);
  socket.peer_shut = true;
  edge(id);
}

void FakeKernel::peer_close(int id) {
  Socket& socket = sockets_.at(id);
  if (socket.to_peer.size() > 0) {  // unread bytes: close(2) resets
    peer_abort(id);
    return;
  }
  socket.peer_shut = true;
  socket.peer_gone = true;
  edge(id);
}

void FakeKernel::peer_abort(int id) {
  sockets_.at(id).peer_shut = true;
  reset(id);
}

void FakeKernel::reset(int id) {
  Socket& socket = sockets_.at(id);
  socket.reset = true;
  socket.lose();
  socket.to_engine.clear();
  edge(id);
}

bool FakeKernel::peer_at_end(int id) const {
  const Socket& socket = sockets_.at(id);
  return socket.to_peer.size() == 0 && (socket.reset || socket.engine_closed || socket.engine_shut);
}

bool FakeKernel::was_reset(int id) const { return sockets_.at(id).reset; }

bool FakeKernel::is_refusing(int id) const { return sockets_.at(id).refusing; }

}  // namespace sim
