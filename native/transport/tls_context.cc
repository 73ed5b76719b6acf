#include "native/transport/tls_context.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include "native/base/check.h"

namespace transport {

using openssl::functions;
using openssl::Ssl;
using openssl::SslContext;
using openssl::X509;

namespace {

// Numbers of OpenSSL 3's manual and headers.
constexpr int set_mode = 33;                  // SSL_CTRL_MODE
constexpr int set_session_cache = 44;         // SSL_CTRL_SET_SESS_CACHE_MODE
constexpr int set_server_name_callback = 53;  // SSL_CTRL_SET_TLSEXT_SERVERNAME_CB
constexpr int add_to_chain = 89;              // SSL_CTRL_CHAIN_CERT
constexpr int set_version_min = 123;          // SSL_CTRL_SET_MIN_PROTO_VERSION
constexpr long mode_release_buffers = 0x10;
constexpr long session_cache_off = 0;
constexpr long version_1_2 = 0x0303;
constexpr long version_1_3 = 0x0304;
constexpr std::uint64_t no_compression = 1ull << 17;
constexpr std::uint64_t server_preference = 1ull << 22;
constexpr std::uint64_t prioritize_chacha = 1ull << 21;  // of clients that prefer it: they have no AES in hardware
constexpr std::uint64_t no_renegotiation = 1ull << 30;
constexpr int verify_peer = 1;
constexpr int fail_without_certificate = 2;
constexpr int name_callback_ok = 0;
constexpr int name_callback_refused = 2;  // by a fatal alert
constexpr int handshake_index = 0;        // of SSL_set_ex_data
constexpr unsigned octet_string = 5;      // OSSL_PARAM_OCTET_STRING
constexpr unsigned utf8_string = 4;
/// RSA of 2048 bits, elliptic curves of 224.
constexpr int security_level = 2;
/// No longer than two keys of tickets can read it.
constexpr long session_seconds = 3600;

constexpr const char* ciphers_1_2 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* ciphers_1_3 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/// pem_password_cb(3), with a std::string or null. Never asks a terminal.
int give_passphrase(char* into, int size, int, void* given) {
  const auto* const passphrase = static_cast<const std::string*>(given);
  if (passphrase == nullptr || passphrase->size() > static_cast<std::size_t>(size)) return -1;
  std::copy(passphrase->begin(), passphrase->end(), into);
  return static_cast<int>(passphrase->size());
}

/// A text in memory, for OpenSSL's readers.
class Reader {
 public:
  explicit Reader(const std::string& text) : bio_(functions().BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))) {}
  ~Reader() { functions().BIO_free(bio_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  /// Null behind the last one.
  X509* next() { return functions().PEM_read_bio_X509(bio_, nullptr, give_passphrase, nullptr); }
  openssl::Pkey* key(const std::string* passphrase) {
    return functions().PEM_read_bio_PrivateKey(bio_, nullptr, give_passphrase, const_cast<std::string*>(passphrase));
  }

 private:
  openssl::Bio* bio_;
};

bool fail(TlsProblem& problem, const char* part, std::string text) {
  problem.part = part;
  if (std::string_view(part) == "library") problem.certificate = -1;
  problem.text = std::move(text);
  if (openssl::problem().empty()) functions().ERR_clear_error();
  return false;
}

bool use_chain(SslContext* context, const std::string& pem, TlsProblem& problem) {
  Reader reader(pem);
  X509* const own = reader.next();
  if (own == nullptr) return fail(problem, "chain", "it holds no certificate in PEM");
  const bool used = functions().SSL_CTX_use_certificate(context, own) == 1;
  functions().X509_free(own);
  if (!used) return fail(problem, "chain", "its certificate cannot be used: " + openssl::take_error());
  while (X509* const next = reader.next()) {
    const bool added = functions().SSL_CTX_ctrl(context, add_to_chain, 1, next) == 1;
    functions().X509_free(next);
    if (!added) return fail(problem, "chain", "a certificate of the chain cannot be used: " + openssl::take_error());
  }
  functions().ERR_clear_error();  // the end of the text
  return true;
}

bool use_key(SslContext* context, const TlsCertificate& certificate, TlsProblem& problem) {
  openssl::Pkey* const key = Reader(certificate.key).key(certificate.passphrase ? &*certificate.passphrase : nullptr);
  if (key == nullptr) {
    const bool encrypted = certificate.key.find("ENCRYPTED") != std::string::npos;
    if (!encrypted) return fail(problem, "key", "it holds no private key in PEM");
    return fail(problem, "key", certificate.passphrase ? "the passphrase is not that of the key" : "the key is encrypted, and there is no passphrase");
  }
  const bool used = functions().SSL_CTX_use_PrivateKey(context, key) == 1 && functions().SSL_CTX_check_private_key(context) == 1;
  functions().EVP_PKEY_free(key);
  return used || fail(problem, "key", "the key does not belong to the certificate (" + openssl::take_error() + ")");
}

/// Tickets of one kind of demand are worth nothing where another is made: a client that has shown no certificate must show one.
std::array<unsigned char, 32> demand_id(const TlsOptions& options) {
  std::string demand(1, static_cast<char>('0' + static_cast<int>(options.client_certificate)));
  if (options.client_certificate != ClientCertificate::none) demand += options.client_ca;
  std::array<unsigned char, 32> id{};
  functions().EVP_Digest(demand.data(), demand.size(), id.data(), nullptr, functions().EVP_sha256(), nullptr);
  return id;
}

TlsHandshake& handshake_of(const Ssl* ssl) { return *static_cast<TlsHandshake*>(functions().SSL_get_ex_data(ssl, handshake_index)); }

/// Small letters. False when it is longer than a secret is.
bool read_hex(std::string_view text, TrafficSecret& into) {
  if (text.size() > 2 * TrafficSecret::bytes_max || text.size() % 2 != 0) return false;
  into.length = static_cast<std::uint8_t>(text.size() / 2);
  for (std::size_t i = 0; i < into.length; ++i) {
    if (std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, into.bytes[i], 16).ec != std::errc()) return false;
  }
  return true;
}

}  // namespace

/// What OpenSSL asks within a handshake.
struct TlsCallbacks {
  /// RFC 6066 §3.
  static int choose_certificate(Ssl* ssl, int*, void*) {
    const char* const name = functions().SSL_get_servername(ssl, 0);
    if (name == nullptr) return name_callback_ok;
    SslContext* const context = handshake_of(ssl).context->context_for(name);
    if (context != nullptr) functions().SSL_set_SSL_CTX(ssl, context);
    return name_callback_ok;
  }

  /// RFC 7301 §3.2.
  static int choose_protocol(Ssl* ssl, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered, unsigned length, void*) {
    const std::string_view wanted = handshake_of(ssl).alpn;
    for (unsigned at = 0; at < length; at += 1u + offered[at]) {
      const std::string_view name(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
      if (wanted.empty() || name != wanted) continue;
      *chosen = offered + at + 1;
      *chosen_length = offered[at];
      return name_callback_ok;
    }
    return name_callback_refused;
  }

  /// SSL_CTX_set_keylog_callback(3): a label, the client's random number and a secret. Nothing of it is written anywhere.
  static void take_secret(const Ssl* ssl, const char* line) {
    const std::string_view text(line);
    TlsHandshake& handshake = handshake_of(ssl);
    TrafficSecret* const into = text.starts_with("SERVER_TRAFFIC_SECRET_0 ")   ? &handshake.ours
                                : text.starts_with("CLIENT_TRAFFIC_SECRET_0 ") ? &handshake.clients
                                                                               : nullptr;
    if (into != nullptr && !read_hex(text.substr(text.rfind(' ') + 1), *into)) *into = {};
  }

  /// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0: no such key, 1: done, 2: done, and the ticket should be another, -1: failed.
  static int key_of_ticket(Ssl* ssl, unsigned char* name, unsigned char* iv, openssl::CipherContext* cipher, openssl::MacContext* mac, int writes) {
    const TlsHandshake& handshake = handshake_of(ssl);
    if (handshake.context == nullptr) return -1;
    TicketKeys& keys = *handshake.context->tickets_;
    if (writes != 0) {
      const std::optional<TicketKey> key = keys.current(handshake.now_ns);
      if (!key || functions().RAND_bytes(iv, 16) != 1) return -1;
      std::copy(key->name.begin(), key->name.end(), name);
      const bool begun = functions().EVP_EncryptInit_ex(cipher, functions().EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv) == 1;
      return begun && set_mac(mac, *key) ? 1 : -1;
    }
    const auto found = keys.find(std::span<const unsigned char, 16>(name, 16), handshake.now_ns);
    if (!found) return 0;
    const bool begun = functions().EVP_DecryptInit_ex(cipher, functions().EVP_aes_256_cbc(), nullptr, found->key.cipher.data(), iv) == 1;
    if (!begun || !set_mac(mac, found->key)) return -1;
    return found->renew ? 2 : 1;
  }

 private:
  static bool set_mac(openssl::MacContext* mac, const TicketKey& key) {
    std::array<unsigned char, 32> bytes = key.mac;
    char digest[] = "SHA256";
    const openssl::Parameter parameters[] = {{"key", octet_string, bytes.data(), bytes.size(), 0},
                                             {"digest", utf8_string, digest, sizeof digest - 1, 0},
                                             {nullptr, 0, nullptr, 0, 0}};
    return functions().EVP_MAC_CTX_set_params(mac, parameters) == 1;
  }
};

std::shared_ptr<const TlsContext> TlsContext::make(const TlsOptions& options, std::shared_ptr<TicketKeys> tickets, TlsProblem& problem) {
  CHECK(!options.certificates.empty());
  if (!openssl::problem().empty()) {
    fail(problem, "library", openssl::problem());
    return nullptr;
  }
  functions().ERR_clear_error();
  std::shared_ptr<TlsContext> made(new TlsContext(std::move(tickets)));
  if (options.client_certificate != ClientCertificate::none && !made->read_client_ca(options.client_ca, problem)) return nullptr;
  for (const TlsCertificate& each : options.certificates) {
    problem.certificate = static_cast<int>(made->contexts_.size());
    if (!made->add(each, options, problem)) return nullptr;
  }
  return made;
}

TlsContext::~TlsContext() {
  for (SslContext* const each : contexts_) functions().SSL_CTX_free(each);
  for (X509* const each : client_ca_names_) functions().X509_free(each);
  if (client_ca_ != nullptr) functions().X509_STORE_free(client_ca_);
}

bool TlsContext::read_client_ca(const std::string& pem, TlsProblem& problem) {
  client_ca_ = functions().X509_STORE_new();
  if (client_ca_ == nullptr) return fail(problem, "library", "OpenSSL is out of memory");
  Reader reader(pem);
  while (X509* const next = reader.next()) {
    client_ca_names_.push_back(next);
    if (functions().X509_STORE_add_cert(client_ca_, next) != 1) return fail(problem, "clientCa", "a certificate cannot be used: " + openssl::take_error());
  }
  functions().ERR_clear_error();
  return !client_ca_names_.empty() || fail(problem, "clientCa", "it holds no certificate in PEM");
}

bool TlsContext::add(const TlsCertificate& certificate, const TlsOptions& options, TlsProblem& problem) {
  SslContext* const context = functions().SSL_CTX_new(functions().TLS_server_method());
  if (context == nullptr) return fail(problem, "library", "OpenSSL makes no context: " + openssl::take_error());
  contexts_.push_back(context);
  functions().SSL_CTX_set_options(context, no_compression | server_preference | prioritize_chacha | no_renegotiation);
  functions().SSL_CTX_set_security_level(context, security_level);
  functions().SSL_CTX_ctrl(context, set_mode, mode_release_buffers, nullptr);
  const long version = options.needs_tls_1_3 ? version_1_3 : version_1_2;
  const bool set = functions().SSL_CTX_ctrl(context, set_version_min, version, nullptr) == 1 &&
                   functions().SSL_CTX_set_cipher_list(context, ciphers_1_2) == 1 && functions().SSL_CTX_set_ciphersuites(context, ciphers_1_3) == 1;
  if (!set) return fail(problem, "library", "OpenSSL lacks the ciphers of TLS 1.2 and 1.3: " + openssl::take_error());
  functions().SSL_CTX_ctrl(context, set_session_cache, session_cache_off, nullptr);
  functions().SSL_CTX_set_timeout(context, session_seconds);
  functions().SSL_CTX_set_num_tickets(context, 1);
  functions().SSL_CTX_set_tlsext_ticket_key_evp_cb(context, TlsCallbacks::key_of_ticket);
  functions().SSL_CTX_callback_ctrl(context, set_server_name_callback, reinterpret_cast<void (*)()>(TlsCallbacks::choose_certificate));
  functions().SSL_CTX_set_alpn_select_cb(context, TlsCallbacks::choose_protocol, nullptr);
  functions().SSL_CTX_set_keylog_callback(context, TlsCallbacks::take_secret);
  demand_certificates(context, options);
  if (!use_chain(context, certificate.chain, problem) || !use_key(context, certificate, problem)) return false;
  if (contexts_.size() == 1) return true;  // the first is everybody's
  for (const std::string& name : certificate.server_names) by_name_.emplace(name, context);
  return true;
}

void TlsContext::demand_certificates(SslContext* context, const TlsOptions& options) const {
  const std::array<unsigned char, 32> id = demand_id(options);
  functions().SSL_CTX_set_session_id_context(context, id.data(), id.size());
  if (options.client_certificate == ClientCertificate::none) return;
  functions().SSL_CTX_set1_cert_store(context, client_ca_);
  for (X509* const each : client_ca_names_) functions().SSL_CTX_add_client_CA(context, each);
  const int must = options.client_certificate == ClientCertificate::require ? fail_without_certificate : 0;
  functions().SSL_CTX_set_verify(context, verify_peer | must, nullptr);
}

/// Null: the one that everybody gets.
SslContext* TlsContext::context_for(std::string name) const {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char each) { return each >= 'A' && each <= 'Z' ? each + ('a' - 'A') : each; });
  const auto exact = by_name_.find(name);
  if (exact != by_name_.end()) return exact->second;
  const std::size_t dot = name.find('.');
  if (dot == 0 || dot == std::string::npos) return nullptr;
  const auto wild = by_name_.find('*' + name.substr(dot));
  return wild == by_name_.end() ? nullptr : wild->second;
}

Ssl* TlsContext::begin(TlsHandshake& handshake) const {
  Ssl* const ssl = functions().SSL_new(contexts_.front());
  if (ssl == nullptr) return nullptr;
  if (functions().SSL_set_ex_data(ssl, handshake_index, &handshake) != 1) {
    functions().SSL_free(ssl);
    return nullptr;
  }
  functions().SSL_set_accept_state(ssl);
  return ssl;
}

std::shared_ptr<const TlsContext> TlsContexts::get(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  CHECK(index < contexts_.size());
  return contexts_[index];
}

void TlsContexts::set(std::size_t index, std::shared_ptr<const TlsContext> context) {
  const std::lock_guard lock(mutex_);
  CHECK(index < contexts_.size());
  contexts_[index].swap(context);
}

}  // namespace transport
