#include "test/native/transport/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace tls_client {

namespace {

BIO* reader_of(const std::string& text) { return BIO_new_mem_buf(text.data(), static_cast<int>(text.size())); }

std::string wire_names(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& each : names) wire += static_cast<char>(each.size()) + each;
  return wire;
}

}  // namespace

TlsClient::TlsClient(const Setup& setup) : context_(SSL_CTX_new(TLS_client_method())) {
  if (setup.version_min != 0) SSL_CTX_set_min_proto_version(context_, setup.version_min);
  if (setup.version_max != 0) {
    SSL_CTX_set_max_proto_version(context_, setup.version_max);
    if (setup.version_max < TLS1_2_VERSION) SSL_CTX_set_security_level(context_, 0);
  }
  if (!setup.ciphers.empty()) SSL_CTX_set_cipher_list(context_, setup.ciphers.c_str());
  if (!setup.groups.empty()) SSL_CTX_set1_groups_list(context_, setup.groups.c_str());
  if (!setup.authority.empty()) {
    BIO* const bio = reader_of(setup.authority);
    X509* const authority = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), authority);
    X509_free(authority);
    BIO_free(bio);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }
  if (!setup.chain.empty()) {
    BIO* const chain = reader_of(setup.chain);
    X509* const own = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, own);
    X509_free(own);
    BIO_free(chain);
    BIO* const pem = reader_of(setup.key);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(pem, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context_, key);
    EVP_PKEY_free(key);
    BIO_free(pem);
  }
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
    TlsClient& client = *static_cast<TlsClient*>(SSL_get_app_data(ssl));
    if (client.session_ != nullptr) SSL_SESSION_free(client.session_);
    client.session_ = session;
    return 1;
  });
  ssl_ = SSL_new(context_);
  SSL_set_app_data(ssl_, this);
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_, in_, out_);
  if (!setup.server_name.empty()) SSL_set_tlsext_host_name(ssl_, setup.server_name.c_str());
  const std::string names = wire_names(setup.alpn);
  if (!names.empty()) SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(names.data()), static_cast<unsigned>(names.size()));
  if (setup.session != nullptr) SSL_set_session(ssl_, setup.session);
  SSL_set_connect_state(ssl_);
  step();
}

TlsClient::~TlsClient() {
  if (session_ != nullptr) SSL_SESSION_free(session_);
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // else OpenSSL takes its ticket for spoiled
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

std::string TlsClient::take_out() {
  std::string bytes(BIO_ctrl_pending(out_), '\0');
  if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsClient::feed(const std::string& bytes) {
  if (!bytes.empty()) BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  step();
}

void TlsClient::step() {
  ERR_clear_error();
  char buffer[16 * 1024];
  while (!failed_ && !ended_) {
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_, buffer, sizeof buffer, &count);
    heard_.append(buffer, count);
    if (result == 1) continue;
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_ZERO_RETURN) ended_ = true;
    if (error != SSL_ERROR_ZERO_RETURN && error != SSL_ERROR_WANT_READ) failed_ = true;
    break;
  }
  if (failed_ || unsaid_.empty() || !is_ready()) return;
  std::size_t count = 0;
  SSL_write_ex(ssl_, unsaid_.data(), unsaid_.size(), &count);
  unsaid_.clear();
}

std::string TlsClient::take_heard() {
  step();
  return std::exchange(heard_, {});
}

void TlsClient::say_end() { SSL_shutdown(ssl_); }

std::string TlsClient::alpn() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_, &name, &length);
  return std::string(reinterpret_cast<const char*>(name), length);
}

std::string TlsClient::server_common_name() const {
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

SSL_SESSION* TlsClient::take_session() { return std::exchange(session_, nullptr); }

}  // namespace tls_client
