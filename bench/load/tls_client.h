// TLS on the load's side, over memory: sockets stay the client's. OpenSSL comes from the system's libssl.so.3 when the first wss:// URL is
// met, so that the program neither links it nor needs it for anything else.
// TLS 1.3 with AES-128-GCM and X25519, the server's certificate is not checked: every server is measured with the same.
// Owner: the client. Thread: the load thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace load {

class TlsClient {
 public:
  static constexpr std::size_t record_bytes_max = 16 * 1024;  // RFC 8446 §5.1, of plain text

  class Session;
  struct End {
    void operator()(Session* session) const;
  };
  using SessionPointer = std::unique_ptr<Session, End>;

  /// `resume`: every connection after the first that was given a ticket comes back with it. Throws std::runtime_error where there is no OpenSSL 3.
  explicit TlsClient(bool resume);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  SessionPointer begin();

  /// Takes what was received of the handshake (nothing at its beginning); `out` is to be sent. True when it is over. Throws std::runtime_error
  /// when it fails.
  bool shake(Session& session, std::span<const std::uint8_t> received);
  bool was_resumed(Session& session) const;

  struct Plain {
    std::size_t bytes;
    bool ended;  // the server has said its goodbye, or broke the protocol
  };
  /// Takes all of it: `into` has room for `record_bytes_max` more than was received, because the beginning of a record may have come before.
  Plain decrypt(Session& session, std::span<const std::uint8_t> received, std::span<std::uint8_t> into);
  /// Makes `out`.
  void encrypt(Session& session, std::span<const std::uint8_t> plain);

  std::span<const std::uint8_t> out() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace load
