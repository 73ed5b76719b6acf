// What a client does only over TLS.
#include <sys/socket.h>

#include "bench/load/client_connection.h"
#include "bench/load/clock.h"

namespace load {
namespace {

constexpr std::size_t ciphertext_bytes = receive_bytes - TlsClient::record_bytes_max;

}  // namespace

void Client::begin_handshake(Connection& connection) {
  if (tls_ == nullptr) {
    tls_ = std::make_unique<TlsClient>(options_.tls_resume);
    ciphertext_.resize(ciphertext_bytes);
  }
  connection.phase = Phase::securing;
  connection.tls = tls_->begin();
  shake_hands(connection, {});
}

void Client::shake_hands(Connection& connection, std::span<const std::uint8_t> received) {
  const bool done = tls_->shake(*connection.tls, received);
  const std::span<const std::uint8_t> out = tls_->out();
  if (!out.empty() && ::send(connection.fd, out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size())) fail("sending TLS's handshake");
  if (!done) return;
  if (tls_->was_resumed(*connection.tls)) ++opening_.resumed;
  begin_opening(connection);
}

void Client::read_handshake(Connection& connection) {
  const ssize_t count = recv(connection.fd, ciphertext_.data(), ciphertext_bytes, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) throw std::runtime_error("the server ended a connection during TLS's handshake");
  shake_hands(connection, std::span<const std::uint8_t>(ciphertext_).first(static_cast<std::size_t>(count)));
}

/// Valid until the next call.
std::span<const std::uint8_t> Client::as_sent(const Connection& connection, std::span<const std::uint8_t> bytes) {
  if (connection.tls == nullptr) return bytes;
  tls_->encrypt(*connection.tls, bytes);
  return tls_->out();
}

/// As recv, of what was encrypted. Received is what is decrypted.
ssize_t Client::receive_secured(const Connection& connection, std::uint8_t* at, Receipt& receipt) {
  std::uint8_t* const from = ciphertext_.data();
  const ssize_t count = options_.kernel_time ? kernel_clock_.receive(connection.fd, from, ciphertext_bytes, receipt.kernel)
                                             : recv(connection.fd, from, ciphertext_bytes, 0);
  if (count <= 0) return count;
  const TlsClient::Plain plain = tls_->decrypt(*connection.tls, {from, static_cast<std::size_t>(count)}, {at, receive_bytes});
  receipt.now = now_ns();
  if (plain.bytes != 0 || plain.ended) return static_cast<ssize_t>(plain.bytes);
  errno = EAGAIN;
  return -1;
}

}  // namespace load
