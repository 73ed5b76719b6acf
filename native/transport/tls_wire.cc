#include "native/transport/tls_wire.h"

#include <algorithm>
#include <cstring>

#include "native/base/check.h"

namespace transport {

using openssl::functions;

namespace {
constexpr int source_and_sink = 0x0400 | 0xFF;  // BIO_TYPE_SOURCE_SINK and a number
constexpr int control_flush = 11;               // BIO_CTRL_FLUSH
constexpr int flag_read = 1;
constexpr int flags_retry = 1 | 2 | 4 | 8;
constexpr int flag_should_retry = 8;
}  // namespace

TlsWire::TlsWire() : method_(functions().BIO_meth_new(source_and_sink, "shard")) {
  CHECK(method_ != nullptr);
  functions().BIO_meth_set_read(method_, &TlsWire::read);
  functions().BIO_meth_set_write(method_, &TlsWire::write);
  functions().BIO_meth_set_ctrl(method_, &TlsWire::control);
  bio_ = functions().BIO_new(method_);
  CHECK(bio_ != nullptr);
  functions().BIO_set_data(bio_, this);
  functions().BIO_set_init(bio_, 1);
}

TlsWire::~TlsWire() {
  functions().BIO_free(bio_);
  functions().BIO_meth_free(method_);
}

/// SSL_set_bio(3) takes one reference when both directions are the same. Within a handshake OpenSSL puts a buffer before it: pushing and
/// popping that touches nothing of the BIO below that anybody reads.
void TlsWire::attach(openssl::Ssl* ssl) {
  functions().BIO_up_ref(bio_);
  functions().SSL_set_bio(ssl, bio_, bio_);
}

int TlsWire::read(openssl::Bio* bio, char* into, int length) {
  TlsWire& wire = *static_cast<TlsWire*>(functions().BIO_get_data(bio));
  functions().BIO_clear_flags(bio, flags_retry);
  if (length <= 0) return 0;
  if (wire.in.empty()) {
    functions().BIO_set_flags(bio, flag_read | flag_should_retry);
    return -1;
  }
  const std::size_t part = std::min(wire.in.size(), static_cast<std::size_t>(length));
  std::memcpy(into, wire.in.data(), part);
  wire.in = wire.in.subspan(part);
  return static_cast<int>(part);
}

int TlsWire::write(openssl::Bio* bio, const char* bytes, int length) {
  TlsWire& wire = *static_cast<TlsWire*>(functions().BIO_get_data(bio));
  functions().BIO_clear_flags(bio, flags_retry);
  if (length <= 0) return 0;
  const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes);
  wire.out.insert(wire.out.end(), first, first + length);
  return length;
}

long TlsWire::control(openssl::Bio*, int command, long, void*) { return command == control_flush ? 1 : 0; }

}  // namespace transport
