// The records of TLS 1.3 behind a handshake (RFC 8446 §5, §4.6.3, §6). OpenSSL has made the secrets, and its ciphers do all the work; but it
// keeps nothing of a connection. What is needed to send to a subscriber is one cache line, and one cipher context of the shard serves all of
// them: its key is set anew for each record, which takes less than to wait for a context that lies elsewhere in memory.
// Owner: a shard's Tls. Thread: that shard.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "native/base/bytes.h"
#include "native/os/kernel.h"
#include "native/transport/tls_library.h"
#include "native/transport/tls_reasons.h"

namespace transport {

/// What a handshake leaves behind, one for each direction (RFC 8446 §7.1: …_application_traffic_secret_N).
struct TrafficSecret {
  static constexpr std::size_t bytes_max = 48;  // of SHA-384
  std::array<std::uint8_t, bytes_max> bytes{};
  std::uint8_t length = 0;  // 0: not known
};

/// Row of the cipher suites that are spoken (RFC 8446 §B.4), in the order of their numbers from 0x1301.
enum class Suite : std::uint8_t { aes_128_gcm_sha256, aes_256_gcm_sha384, chacha20_poly1305_sha256 };

/// One direction of one connection. Wiped at its end.
struct alignas(64) TrafficKeys {
  std::array<std::uint8_t, 32> key;
  std::array<std::uint8_t, 12> iv;
  Suite suite;
  std::uint64_t sequence;  // of the next record
};
static_assert(sizeof(TrafficKeys) == 64, "a subscriber's is one cache line");

/// Both directions of one connection.
struct Traffic {
  ~Traffic();
  TrafficKeys sends;
  TrafficKeys receives;
  TrafficSecret send_secret;
  TrafficSecret receive_secret;
};

class TlsRecords {
 public:
  /// Of plain text in one record (RFC 8446 §5.1).
  static constexpr std::size_t plain_bytes_max = 16 * 1024;
  /// Head, type and tag of one: what it is longer than its plain text.
  static constexpr std::size_t overhead_bytes = 5 + 1 + 16;
  /// Records under one key before the next one takes over (RFC 8446 §5.5 allows AES-GCM 2^24.5).
  static constexpr std::uint64_t records_per_key_max = 1ull << 24;

  /// Needs OpenSSL from the first connection on, not before.
  TlsRecords() = default;
  ~TlsRecords();
  TlsRecords(const TlsRecords&) = delete;
  TlsRecords& operator=(const TlsRecords&) = delete;

  /// The number of a suite that is known here; nothing: the connection stays OpenSSL's.
  static std::optional<Suite> suite_of(std::uint16_t number);
  /// False when OpenSSL refuses. `records_sent` are those that were sent under the first key by then, the tickets.
  bool begin(Traffic& traffic, Suite suite, const TrafficSecret& ours, const TrafficSecret& clients, std::uint64_t records_sent);

  /// Appends to `out` what `pieces` hold, `plain_bytes_max` at most, as one record; before it the end of a key, where that is due. False when
  /// OpenSSL refuses: then the connection has to end.
  bool seal(Traffic& traffic, std::span<const os::Piece> pieces, std::vector<std::uint8_t>& out);
  /// Appends our close_notify.
  bool seal_end(Traffic& traffic, std::vector<std::uint8_t>& out);

  enum class Kind : std::uint8_t {
    data,    // `bytes` of it, maybe none
    end,     // the client's close_notify
    broken,  // for `reason`; our alert is in `out`
  };
  struct Opened {
    Kind kind;
    std::size_t bytes;
    TlsReason reason;
  };
  /// What a whole record holds; of one that claims to be too long the head is enough. `into` has `room_for(record)`. Answers are appended to `out`.
  Opened open(Traffic& traffic, base::Bytes record, base::MutableBytes into, std::vector<std::uint8_t>& out);
  static constexpr std::size_t room_for(base::Bytes record) { return record.size() < overhead_bytes ? 0 : record.size() - (overhead_bytes - 1); }

 private:
  static constexpr std::size_t suites = 3;

  openssl::CipherContext* context(std::array<openssl::CipherContext*, suites>& contexts, Suite suite, bool encrypts);
  bool seal_as(Traffic& traffic, std::uint8_t type, std::span<const os::Piece> pieces, std::vector<std::uint8_t>& out);
  bool seal_short(Traffic& traffic, std::uint8_t type, std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out);
  bool next_sending_key(Traffic& traffic, std::vector<std::uint8_t>& out);
  bool decrypt(TrafficKeys& keys, base::Bytes record, std::uint8_t* into);
  Opened take_alert(Traffic& traffic, base::Bytes alert, std::vector<std::uint8_t>& out);
  Opened take_handshake(Traffic& traffic, base::Bytes message, std::vector<std::uint8_t>& out);
  Opened refuse(Traffic& traffic, std::uint8_t alert, TlsReason reason, std::vector<std::uint8_t>& out);

  std::array<openssl::CipherContext*, suites> encrypting_{};
  std::array<openssl::CipherContext*, suites> decrypting_{};
};

}  // namespace transport
