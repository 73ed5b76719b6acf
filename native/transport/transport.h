// The contract of every transport: what lies between the bytes of a connection and those of its socket. One file and one row of
// transports.def each; which one a connection has is chosen once, by the listener that it came in by.
// Owner: a shard has one object of each. Thread: that shard.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "native/base/bytes.h"
#include "native/metrics/metrics.h"
#include "native/os/kernel.h"
#include "native/transport/identity.h"

namespace transport {

class TlsContexts;  // tls_context.h

enum class TransportId : std::uint8_t {
#define TRANSPORT(id, type) id,
#include "native/transport/transports.def"
#undef TRANSPORT
};

/// What transports need of their shard. All of it outlives them.
struct Surroundings {
  os::Kernel& kernel;
  metrics::Block& metrics;
  const TlsContexts* tls = nullptr;  // null: no listener has it
};

/// What connections of a listener begin with.
struct Beginning {
  std::size_t context = 0;  // its index in TlsContexts
  std::string_view alpn;    // the name of what is spoken there (RFC 7301), which lives for ever; empty: it has none
};

/// All results are in terms of the connection's bytes: `bytes` were handed on or taken over; what becomes of them on the wire, and what must
/// wait there, is the transport's own affair. Whatever it keeps of a connection it finds by `fd`, from `begin` until `close` or `abort`,
/// and has a bound for.
template <typename T>
concept Transport = requires(T transport, int fd, base::MutableBytes into, base::Bytes bytes, std::span<const os::Piece> pieces, Beginning beginning) {
  /// Whether its subscribers are sent the very bytes that lie in a log, the same for all: then a pass writes to the socket itself, with those
  /// of others in one batch (os::Kernel::send_batch), and by sendfile. All others are in the gathered lane for good.
  { T::shares_bytes } -> std::convertible_to<bool>;
  /// The first call with a descriptor. False without memory: then only `close` or `abort` follow.
  { transport.begin(fd, beginning) } -> std::same_as<bool>;
  /// Bytes of the socket that were read before `begin`; once, right behind it.
  { transport.give(fd, bytes) } -> std::same_as<void>;
  /// Whether its own handshake is over: before that nothing may be sent, and nothing is received.
  { transport.is_ready(fd) } -> std::same_as<bool>;
  /// As os::Kernel::receive. `would_block` also when the socket has brought something, but nothing of the peer's own yet.
  { transport.receive(fd, into) } -> std::same_as<os::IoResult>;
  /// Behind a `receive`: there may be more now, although it did not fill what it was given; no edge need follow.
  { transport.has_more(fd) } -> std::same_as<bool>;
  /// As os::Kernel::send and send_gather.
  { transport.send(fd, bytes) } -> std::same_as<os::IoResult>;
  { transport.send_gather(fd, pieces) } -> std::same_as<os::IoResult>;
  /// Between the two what is taken over may wait here, to leave in one batch with that of others (os::Kernel::send_batch); so it has left, or
  /// `wants_write` says that it has not, only behind `release`.
  { transport.hold() } -> std::same_as<void>;
  { transport.release() } -> std::same_as<void>;
  /// Whether it has something of its own to send, or something taken over that the kernel did not take: then `send_gather` is called also
  /// without pieces, once the kernel takes bytes. Asked behind every `receive`, and when the connection itself has nothing more to send.
  { transport.wants_write(fd) } -> std::same_as<bool>;
  /// Our direction ends, in its own words where it has some.
  { transport.shutdown_send(fd) } -> std::same_as<void>;
  { transport.close(fd) } -> std::same_as<void>;
  { transport.abort(fd) } -> std::same_as<void>;
  /// Who the peer has proved to be, once it is ready; nothing: nobody. Allocates.
  { transport.identity(fd) } -> std::same_as<std::optional<Identity>>;
  /// Why it has failed, in a few words that live for ever; empty: it has not, or the socket has.
  { transport.failure(fd) } -> std::same_as<std::string_view>;
};

}  // namespace transport
