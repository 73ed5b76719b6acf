// A TLS client in memory: the system's OpenSSL between what a test says and hears, and the bytes on the wire.
// Owner: the test. Thread: main.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace tls_client {

struct Setup {
  std::string authority;         // PEM that the server's certificate must stand on; empty: any will do
  std::string server_name;       // SNI; empty: none
  std::vector<std::string> alpn;
  std::string chain, key;        // its own certificate
  int version_min = 0, version_max = 0;
  std::string ciphers;           // of TLS 1.2
  std::string groups;
  SSL_SESSION* session = nullptr;
};

class TlsClient {
 public:
  explicit TlsClient(const Setup& setup = {});
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// What is on its way to the server; taken away.
  std::string take_out();
  void feed(const std::string& bytes);
  /// Goes on with its handshake, and then with what is to be said.
  void step();
  void say(const std::string& plain) {
    unsaid_ += plain;
    step();
  }
  /// What it has heard so far; taken away.
  std::string take_heard();
  void say_end();
  bool is_ready() const { return SSL_is_init_finished(ssl_) == 1; }
  bool failed() const { return failed_; }
  bool ended() const { return ended_; }  // by close_notify
  bool resumed() const { return SSL_session_reused(ssl_) == 1; }
  std::string alpn() const;
  std::string server_common_name() const;
  const char* version() const { return SSL_get_version(ssl_); }
  const char* cipher() const { return SSL_get_cipher_name(ssl_); }
  int renegotiate() { return SSL_renegotiate(ssl_); }
  int update_key() { return SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED); }
  /// The last ticket that has come; the caller's own. Null: none has.
  SSL_SESSION* take_session();

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  BIO* in_;
  BIO* out_;
  SSL_SESSION* session_ = nullptr;
  std::string unsaid_;
  std::string heard_;
  bool failed_ = false;
  bool ended_ = false;
};

}  // namespace tls_client
