// TLS over memory: sockets stay the kernel's. A subscriber costs one encryption of its range into a buffer of the shard and one
// write; of what the kernel does not take only the record in flight is kept. OpenSSL does the handshake, and all of TLS 1.2; behind a handshake
// of TLS 1.3 the connection is its keys (tls_records.h). Both see whole records; one that has come in part is kept here, as long as it is.
// Bounds of one connection: a record that comes in part (18,437 bytes), and 64 KiB that it does not take of ours.
// Owner: a shard. Thread: that shard.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "native/transport/tls_context.h"
#include "native/transport/tls_reasons.h"
#include "native/transport/tls_records.h"
#include "native/transport/tls_wire.h"
#include "native/transport/transport.h"

namespace transport {

class Tls {
 public:
  static constexpr bool shares_bytes = false;
  /// Of one record (RFC 8446 §5.1), and so of one write.
  static constexpr std::size_t plain_bytes_max = TlsRecords::plain_bytes_max;

  /// Costs nothing before the first connection.
  explicit Tls(const Surroundings& surroundings);
  ~Tls();
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  bool begin(int fd, const Beginning& beginning);
  void give(int fd, base::Bytes bytes);
  bool is_ready(int fd) const;
  os::IoResult receive(int fd, base::MutableBytes into);
  bool has_more(int fd) const;
  os::IoResult send(int fd, base::Bytes bytes);
  os::IoResult send_gather(int fd, std::span<const os::Piece> pieces);
  void hold() { holding_ = true; }
  void release();
  bool wants_write(int fd) const;
  void shutdown_send(int fd);
  void close(int fd);
  void abort(int fd);
  std::optional<Identity> identity(int fd) const;
  std::string_view failure(int fd) const;

 private:
  struct OpenSsl;
  struct Session;

  Session& session(int fd) const;
  Session* find(int fd) const;
  os::IoResult decrypt(Session& session, base::Bytes bytes, base::MutableBytes into);
  std::size_t feed(Session& session, base::Bytes& bytes, base::MutableBytes into);
  std::size_t open_records(Session& session, base::Bytes& bytes, base::MutableBytes into);
  bool look_at_first(Session& session, base::Bytes bytes);
  std::size_t read_plain(Session& session, base::MutableBytes into);
  void on_ready(Session& session, base::Bytes last);
  void take_over(Session& session, std::size_t records_sent);
  void on_end(Session& session);
  void fail(Session& session, TlsReason reason);
  void flush(Session& session);
  bool send_unsent(Session& session);
  std::size_t seal(Session& session, std::span<const os::Piece> pieces, std::vector<std::uint8_t>& out);
  void hand_to_kernel(Session& session, base::Bytes bytes);
  void keep_unsent(Session& session, base::Bytes bytes, const os::IoResult& result);
  void submit();
  std::size_t write(Session& session, std::span<const os::Piece> pieces);
  void say_end(Session& session);

  os::Kernel& kernel_;
  metrics::Block& metrics_;
  const TlsContexts* contexts_;
  std::vector<std::unique_ptr<Session>> sessions_;  // by descriptor
  std::optional<TlsWire> wire_;
  TlsRecords records_;
  std::vector<std::uint8_t> received_;  // scratch: as it came
  std::vector<std::uint8_t> opened_;    // scratch: a record that its reader has no room for
  std::vector<std::uint8_t> gathered_;  // scratch: a record's worth of pieces, for OpenSSL
  std::vector<os::Piece> pieces_;       // scratch: a record's worth of them
  std::vector<std::uint8_t> held_;      // between hold and release: records, one for each of `ops_`; it never moves
  std::vector<os::SendOp> ops_;
  bool holding_ = false;
};

}  // namespace transport
