// The way between OpenSSL and the buffers of a shard: one BIO for all its connections, which reads from a view and writes to the end of a
// buffer, so that no connection has buffers of its own there. Which connection's they are is the caller's affair, call by call.
// Owner: a shard's Tls. Thread: that shard.
#pragma once

#include <cstdint>
#include <vector>

#include "native/base/bytes.h"
#include "native/transport/tls_library.h"

namespace transport {

class TlsWire {
 public:
  /// OpenSSL is there.
  TlsWire();
  ~TlsWire();
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  void attach(openssl::Ssl* ssl);

  base::Bytes in;                 // taken from the front
  std::vector<std::uint8_t> out;  // added to

 private:
  static int read(openssl::Bio* bio, char* into, int length);
  static int write(openssl::Bio* bio, const char* bytes, int length);
  static long control(openssl::Bio* bio, int command, long number, void* pointer);

  openssl::BioMethod* method_;
  openssl::Bio* bio_;
};

}  // namespace transport
