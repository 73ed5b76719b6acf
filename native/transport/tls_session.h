// What the TLS transport holds of one connection, for its two halves: what comes (tls.cc) and what leaves (tls_sends.cc).
// Owner: a shard's Tls. Thread: that shard.
#pragma once

#include <cerrno>
#include <memory>
#include <optional>
#include <vector>

#include "native/transport/tls.h"

namespace transport {

// RFC 8446 §5.1.
inline constexpr std::size_t head_bytes = 5;
/// Of the rest of a record: TLS 1.2 allows 2048 bytes beside the plain text. OpenSSL has narrower bounds, and says so by alert.
inline constexpr std::size_t body_bytes_max = 16 * 1024 + 2048;

/// Of the record at the front; 0: it is not whole. One that claims too much has only a head: OpenSSL refuses it for that.
inline std::size_t record_bytes(base::Bytes bytes) {
  if (bytes.size() < head_bytes) return 0;
  const std::size_t body = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
  if (body > body_bytes_max) return head_bytes;
  return bytes.size() < head_bytes + body ? 0 : head_bytes + body;
}

/// A connection as OpenSSL has it: within its handshake, and behind it where that is of TLS 1.2.
struct Tls::OpenSsl {
  openssl::Ssl* ssl = nullptr;
  std::shared_ptr<const TlsContext> context;  // within the handshake
  TlsHandshake handshake;

  ~OpenSsl() {
    if (ssl != nullptr) openssl::functions().SSL_free(ssl);
    openssl::functions().OPENSSL_cleanse(&handshake.ours, sizeof handshake.ours);
    openssl::functions().OPENSSL_cleanse(&handshake.clients, sizeof handshake.clients);
  }
};

struct Tls::Session {
  int fd = -1;
  std::unique_ptr<Traffic> traffic;      // of TLS 1.3, behind its handshake
  std::unique_ptr<OpenSsl> openssl;      // else
  std::unique_ptr<Identity> identity;    // beside `traffic`
  std::vector<std::uint8_t> unread;  // as it came: a record in part, or what the reader had no room for
  std::vector<std::uint8_t> rest;    // decrypted: what the reader had no room for of one record
  std::vector<std::uint8_t> unsent;  // as it goes: what the kernel has not taken
  std::size_t sent = 0;              // of it
  bool ready = false;
  bool begun = false;      // its first byte was that of a record
  bool ended = false;      // by its client
  bool failed = false;     // by TLS, for `reason`; or, without one, because the socket has failed
  bool said_end = false;   // our close_notify
  bool held = false;       // has one of `ops_`
  bool more = false;
  std::optional<TlsReason> reason;

  bool has_pending() const { return openssl != nullptr && openssl::functions().SSL_pending(openssl->ssl) > 0; }
  bool has_whole_record() const { return record_bytes(unread) > 0; }
  bool is_over() const { return ended || failed; }
  os::IoResult how_it_is_over() const { return ended ? os::IoResult{os::IoOutcome::end, 0, 0} : os::IoResult{os::IoOutcome::failed, 0, EPROTO}; }
  bool has_unsent() const { return sent < unsent.size(); }
};

}  // namespace transport
