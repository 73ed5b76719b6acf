// All transports of one shard, by the id that a connection keeps. There is nothing virtual: a call is a switch over the rows.
// Owner: a shard. Thread: that shard.
#pragma once

#include "native/base/check.h"
#include "native/transport/plain.h"
#include "native/transport/tls.h"
#include "native/transport/transport.h"

namespace transport {

#define TRANSPORT(id, type) static_assert(Transport<type>);
#include "native/transport/transports.def"
#undef TRANSPORT

/// See Transport.
constexpr bool shares_bytes(TransportId id) {
  switch (id) {
#define TRANSPORT(id, type) \
  case TransportId::id:     \
    return type::shares_bytes;
#include "native/transport/transports.def"
#undef TRANSPORT
  }
  return false;
}

class Transports {
  /// (Before its uses, for the type that it returns.)
  template <typename Act>
  auto with(TransportId id, Act&& act) {
    switch (id) {
#define TRANSPORT(id, type) \
  case TransportId::id:     \
    return act(id##_);
#include "native/transport/transports.def"
#undef TRANSPORT
    }
    CHECK(false);
  }

 public:
  explicit Transports(const Surroundings& surroundings) : surroundings_(surroundings) {}

  bool begin(TransportId id, int fd, const Beginning& beginning) {
    return with(id, [&](auto& each) { return each.begin(fd, beginning); });
  }
  void give(TransportId id, int fd, base::Bytes bytes) {
    with(id, [&](auto& each) { each.give(fd, bytes); });
  }
  bool is_ready(TransportId id, int fd) {
    return with(id, [&](auto& each) { return each.is_ready(fd); });
  }
  bool has_more(TransportId id, int fd) {
    return with(id, [&](auto& each) { return each.has_more(fd); });
  }
  std::optional<Identity> identity(TransportId id, int fd) {
    return with(id, [&](auto& each) { return each.identity(fd); });
  }
  std::string_view failure(TransportId id, int fd) {
    return with(id, [&](auto& each) { return each.failure(fd); });
  }
  os::IoResult receive(TransportId id, int fd, base::MutableBytes into) {
    return with(id, [&](auto& each) { return each.receive(fd, into); });
  }
  os::IoResult send(TransportId id, int fd, base::Bytes bytes) {
    return with(id, [&](auto& each) { return each.send(fd, bytes); });
  }
  os::IoResult send_gather(TransportId id, int fd, std::span<const os::Piece> pieces) {
    return with(id, [&](auto& each) { return each.send_gather(fd, pieces); });
  }
  void hold() {
#define TRANSPORT(id, type) id##_.hold();
#include "native/transport/transports.def"
#undef TRANSPORT
  }
  void release() {
#define TRANSPORT(id, type) id##_.release();
#include "native/transport/transports.def"
#undef TRANSPORT
  }
  bool wants_write(TransportId id, int fd) {
    return with(id, [&](auto& each) { return each.wants_write(fd); });
  }
  void shutdown_send(TransportId id, int fd) {
    with(id, [&](auto& each) { each.shutdown_send(fd); });
  }
  void close(TransportId id, int fd) {
    with(id, [&](auto& each) { each.close(fd); });
  }
  void abort(TransportId id, int fd) {
    with(id, [&](auto& each) { each.abort(fd); });
  }

 private:
  Surroundings surroundings_;
#define TRANSPORT(id, type) type id##_{surroundings_};
#include "native/transport/transports.def"
#undef TRANSPORT
};

}  // namespace transport
