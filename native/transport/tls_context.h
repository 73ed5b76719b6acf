// What TLS listeners show and demand: certificates by name, versions, client certificates. A context never changes; another takes its place.
// Owner: the contexts of an engine, and each connection within its handshake. Thread: any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "native/transport/tls_library.h"
#include "native/transport/tls_records.h"
#include "native/transport/tls_tickets.h"

namespace transport {

struct TlsCertificate {
  /// By which SNI picks it: exact, or one leading `*.` for one label; small letters. Those of the first certificate do not matter.
  std::vector<std::string> server_names;
  std::string chain;  // PEM, the server's own first
  std::string key;    // PEM
  std::optional<std::string> passphrase = std::nullopt;  // of the key, where that is encrypted
};

enum class ClientCertificate : std::uint8_t {
  none,
  request,  // who shows one must show a valid one
  require,
};

struct TlsOptions {
  /// One at least; the first is for whoever asks for no name, or for one that is not there.
  std::vector<TlsCertificate> certificates;
  std::string client_ca;  // PEM
  ClientCertificate client_certificate = ClientCertificate::none;
  bool needs_tls_1_3 = false;  // else 1.2 will do
};

/// Why there is no context.
struct TlsProblem {
  const char* part = "";  // library, chain, key or clientCa
  int certificate = -1;   // its index in TlsOptions
  std::string text;       // one line
};

/// What the callbacks of a handshake need to know of its connection.
struct TlsHandshake {
  const class TlsContext* context = nullptr;
  std::string_view alpn;      // what is spoken there (RFC 7301); empty: nothing that has a name
  std::int64_t now_ns = 0;    // of the monotonic clock
  TrafficSecret ours, clients;  // of TLS 1.3, once OpenSSL has said them
};

class TlsContext {
 public:
  /// Null when something of it cannot be used.
  static std::shared_ptr<const TlsContext> make(const TlsOptions& options, std::shared_ptr<TicketKeys> tickets, TlsProblem& problem);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// A connection's state that waits for its client's first words; null without memory. `handshake` outlives it, this only the handshake.
  openssl::Ssl* begin(TlsHandshake& handshake) const;

 private:
  friend struct TlsCallbacks;
  explicit TlsContext(std::shared_ptr<TicketKeys> tickets) : tickets_(std::move(tickets)) {}
  bool add(const TlsCertificate& certificate, const TlsOptions& options, TlsProblem& problem);
  bool read_client_ca(const std::string& pem, TlsProblem& problem);
  void demand_certificates(openssl::SslContext* context, const TlsOptions& options) const;
  openssl::SslContext* context_for(std::string name) const;

  std::shared_ptr<TicketKeys> tickets_;
  std::vector<openssl::SslContext*> contexts_;  // by certificate
  std::unordered_map<std::string, openssl::SslContext*> by_name_;  // `*.example.org` as it stands
  openssl::X509Store* client_ca_ = nullptr;
  std::vector<openssl::X509*> client_ca_names_;
};

/// The contexts that listeners have now.
class TlsContexts {
 public:
  TlsContexts() : tickets_(std::make_shared<TicketKeys>()) {}
  const std::shared_ptr<TicketKeys>& tickets() const { return tickets_; }
  /// Before the engine starts.
  void add(std::shared_ptr<const TlsContext> context) { contexts_.push_back(std::move(context)); }
  std::size_t size() const { return contexts_.size(); }
  std::shared_ptr<const TlsContext> get(std::size_t index) const;
  /// For connections that come from now on.
  void set(std::size_t index, std::shared_ptr<const TlsContext> context);

 private:
  std::shared_ptr<TicketKeys> tickets_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const TlsContext>> contexts_;
};

}  // namespace transport
