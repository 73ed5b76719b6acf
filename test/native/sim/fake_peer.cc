// The fake kernel's other half: what peers do to their end of a connection.
#include <algorithm>

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
  if (layer) push_layer(id, *(layers_[id] = layer()));
  return id;
}

// Layers.

PeerLayer* FakeKernel::layer_of(int id) const {
  const auto found = layers_.find(id);
  return found == layers_.end() ? nullptr : found->second.get();
}

/// What it has to say goes out, as much as there is room for.
void FakeKernel::push_layer(int id, PeerLayer& of) {
  std::string& wire = of.wire();
  if (wire.empty() || sockets_.at(id).peer_shut) return;
  const std::size_t most = std::min(wire.size(), layer_bytes_max);
  const std::size_t part = layer_bytes_max == SIZE_MAX ? most : between(random_, 1, most);
  const std::size_t taken = write_wire(id, base::bytes_of(wire).first(part));
  wire.erase(0, taken);
  layer_moves += taken;
}

bool FakeKernel::pull_layer(int id, PeerLayer& of, std::size_t bytes_max) {
  std::vector<std::uint8_t> bytes(bytes_max);
  const std::size_t count = read_wire(id, bytes);
  of.feed(base::Bytes(bytes).first(count));
  layer_moves += count;
  return count > 0;
}

std::size_t FakeKernel::peer_write(int id, base::Bytes bytes) {
  PeerLayer* const of = layer_of(id);
  if (of == nullptr) return write_wire(id, bytes);
  while (!of->is_ready() && pull_layer(id, *of, 4096)) {
  }
  const bool has_room = of->wire().size() < 64 * 1024 && !sockets_.at(id).reset;
  if (has_room) of->say(bytes);
  push_layer(id, *of);
  return has_room ? bytes.size() : 0;
}

std::size_t FakeKernel::peer_read(int id, base::MutableBytes into) {
  PeerLayer* const of = layer_of(id);
  if (of == nullptr) return read_wire(id, into);
  while (!into.empty() && of->heard().empty() && pull_layer(id, *of, into.size())) {
  }
  push_layer(id, *of);
  const std::size_t part = std::min(into.size(), of->heard().size());
  std::copy_n(of->heard().begin(), part, into.begin());
  of->heard().erase(0, part);
  return part;
}

std::size_t FakeKernel::write_wire(int id, base::Bytes bytes) {
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

std::size_t FakeKernel::read_wire(int id, base::MutableBytes into) {
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
  if (PeerLayer* const of = layer_of(id)) {
    of->say_end();
    write_wire(id, base::bytes_of(of->wire()));
    of->wire().clear();
  }
  socket.peer_shut = true;
  edge(id);
}

void FakeKernel::peer_close(int id) {
  Socket& socket = sockets_.at(id);
  if (PeerLayer* const of = layer_of(id)) {
    while (pull_layer(id, *of, 4096)) {
    }
  }
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
  PeerLayer* const of = layer_of(id);
  if (of != nullptr && !of->heard().empty()) return false;
  return socket.to_peer.size() == 0 && (socket.reset || socket.engine_closed || socket.engine_shut);
}

bool FakeKernel::was_reset(int id) const { return sockets_.at(id).reset; }

bool FakeKernel::is_refusing(int id) const { return sockets_.at(id).refusing; }

}  // namespace sim
