// Contexts: what is refused when they are made, and what their clients get.
// Owner: the test. Thread: main.
#include "native/transport/tls_context.h"

#include <openssl/ssl.h>

#include <ctime>

#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using certificates::Pair;
using certificates::Subject;
using metrics::Metric;
using tls_client::Setup;
using tls_link::Link;
using tls_link::options_of;
using tls_link::Server;
using transport::ClientCertificate;
using transport::TlsContext;
using transport::TlsOptions;
using transport::TlsProblem;

namespace {

TlsProblem problem_of(const TlsOptions& options) {
  TlsProblem problem;
  CHECK(TlsContext::make(options, std::make_shared<transport::TicketKeys>(), problem) == nullptr);
  return problem;
}

TlsOptions options_with_clients(ClientCertificate demand) {
  TlsOptions options = options_of(certificates::localhost());
  options.client_certificate = demand;
  options.client_ca = certificates::root().chain;
  return options;
}

Setup setup_of(const Pair& pair) {
  Setup setup;
  setup.chain = pair.chain;
  setup.key = pair.key;
  return setup;
}

}  // namespace

TEST_CASE("tls context: the library is there, and says what went wrong") {
  CHECK(transport::openssl::problem().empty());
  transport::openssl::take_error();  // what a client of another test has left
  CHECK(transport::openssl::take_error() == "unknown error");
}

TEST_CASE("tls context: what cannot be used is refused, with the part that it is") {
  const Pair& good = certificates::localhost();
  const Pair other = certificates::make({"other"});
  TlsProblem problem = problem_of(options_of({"no PEM", good.key}));
  CHECK(std::string(problem.part) == "chain");
  CHECK(problem.certificate == 0);
  CHECK(problem.text == "it holds no certificate in PEM");
  problem = problem_of(options_of({good.chain, ""}));
  CHECK(std::string(problem.part) == "key");
  CHECK(problem.text == "it holds no private key in PEM");
  problem = problem_of(options_of({good.chain, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"}));
  CHECK(problem.text == "the key is encrypted, and there is no passphrase");
  TlsOptions second = options_of(good);
  second.certificates.push_back({{"b.example"}, good.chain, other.key});
  problem = problem_of(second);
  CHECK(std::string(problem.part) == "key");
  CHECK(problem.certificate == 1);
  CHECK(problem.text.starts_with("the key does not belong to the certificate ("));
  CHECK(problem.text.find('\n') == std::string::npos);
  TlsOptions clients = options_with_clients(ClientCertificate::require);
  clients.client_ca = "nothing";
  problem = problem_of(clients);
  CHECK(std::string(problem.part) == "clientCa");
  CHECK(problem.certificate == -1);
}

TEST_CASE("tls context: an encrypted key needs its passphrase") {
  TlsOptions options = options_of(certificates::localhost());
  options.certificates[0].key = certificates::encrypted(certificates::localhost(), "a secret");
  CHECK(problem_of(options).text == "the key is encrypted, and there is no passphrase");
  for (const char* wrong : {"", "another", "a secret "}) {
    options.certificates[0].passphrase = wrong;
    CHECK(problem_of(options).text == "the passphrase is not that of the key");
  }
  options.certificates[0].passphrase = std::string(100'000, 'a');
  CHECK(problem_of(options).text == "the passphrase is not that of the key");
  options.certificates[0].passphrase = "a secret";
  Server server(options);
  Link link(server);
  link.settle();
  CHECK(link.is_ready());
}

TEST_CASE("tls context: the chain is sent with the certificate, and TLS 1.3 is what both like best") {
  const Pair intermediate = certificates::make({"Intermediate", "", "", true}, &certificates::root());
  Server server(options_of(certificates::make({"a.example"}, &intermediate)));
  Setup setup;
  setup.authority = certificates::root().chain;
  Link link(server, setup);
  link.settle();
  CHECK(link.client.is_ready());
  CHECK(link.is_ready());
  CHECK(std::string(link.client.version()) == "TLSv1.3");
  CHECK(std::string(link.client.cipher()) == "TLS_AES_128_GCM_SHA256");
  CHECK(link.count(Metric::tls_handshakes) == 1);
  CHECK(link.count(Metric::tls_handshakes_resumed) == 0);
}

TEST_CASE("tls context: TLS 1.2 with forward secrecy and AEAD only, nothing older") {
  Server server;
  Setup setup;
  setup.version_max = TLS1_2_VERSION;
  {
    Link link(server, setup);
    link.settle();
    CHECK(link.is_ready());
    CHECK(std::string(link.client.cipher()) == "ECDHE-ECDSA-AES128-GCM-SHA256");
  }
  for (const char* ciphers : {"ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"}) {
    Setup weak = setup;
    weak.ciphers = ciphers;
    Link link(server, weak);
    link.settle();
    CHECK(!link.is_ready());
    CHECK(link.count(Metric::tls_failed_cipher) == 1);
    CHECK(link.client.failed());
  }
  Setup old;
  old.version_min = TLS1_VERSION;
  old.version_max = TLS1_1_VERSION;
  old.ciphers = "ALL:@SECLEVEL=0";
  Link link(server, old);
  link.settle();
  CHECK(link.count(Metric::tls_failed_version) == 1);
}

TEST_CASE("tls context: TLS 1.3 may be demanded") {
  TlsOptions options = options_of(certificates::localhost());
  options.needs_tls_1_3 = true;
  Server server(options);
  Setup setup;
  setup.version_max = TLS1_2_VERSION;
  Link older(server, setup);
  older.settle();
  CHECK(older.count(Metric::tls_failed_version) == 1);
  Link newer(server);
  newer.settle();
  CHECK(newer.is_ready());
}

TEST_CASE("tls context: ALPN is what the listener speaks, whoever offers only something else is refused by alert") {
  Server server;
  struct Row {
    const char* spoken;
    std::vector<std::string> offered;
    bool ready;
    const char* chosen;
  };
  const Row rows[] = {{"h2", {"h2", "http/1.1"}, true, "h2"},
                      {"h2", {"http/1.1", "h2"}, true, "h2"},
                      {"h2", {"http/1.1"}, false, ""},
                      {"http/1.1", {"h2", "http/1.1"}, true, "http/1.1"},
                      {"http/1.1", {"h2"}, false, ""},
                      {"http/1.1", {"http/1.0", "http/1.10", "http"}, false, ""},
                      {"http/1.1", {}, true, ""},
                      {"", {}, true, ""},
                      {"", {"http/1.1"}, false, ""}};
  for (const Row& row : rows) {
    CAPTURE(row.spoken);
    Setup setup;
    setup.alpn = row.offered;
    Link link(server, setup, row.spoken);
    link.settle();
    CHECK(link.is_ready() == row.ready);
    CHECK(link.client.alpn() == row.chosen);
    CHECK(link.client.failed() == !row.ready);
    CHECK(link.count(Metric::tls_failed_alpn) == (row.ready ? 0 : 1));
  }
}

TEST_CASE("tls context: SNI picks the certificate, exact before one leading star, else the first") {
  TlsOptions options = options_of(certificates::make({"default"}));
  const Pair exact = certificates::make({"exact"}), wild = certificates::make({"wild"});
  options.certificates.push_back({{"*.example.org"}, wild.chain, wild.key});
  options.certificates.push_back({{"a.example.org", "example.net"}, exact.chain, exact.key});
  Server server(options);
  const std::pair<const char*, const char*> rows[] = {{"", "default"},          {"a.example.org", "exact"}, {"A.Example.ORG", "exact"}, {"example.net", "exact"},
                                                      {"b.example.org", "wild"}, {"example.org", "default"}, {"a.b.example.org", "default"}, {"other", "default"}};
  for (const auto& row : rows) {
    const std::string name = row.first;
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      Setup setup;
      setup.server_name = name;
      setup.version_max = version;
      Link link(server, setup);
      link.settle();
      CHECK(link.is_ready());
      CHECK_MESSAGE(link.client.server_common_name() == row.second, name);
    }
  }
}

TEST_CASE("tls context: a client's certificate is asked for, demanded, verified, and says who it is") {
  const Pair client = certificates::make({"feed.internal", "", "URI:spiffe://shop/feed,DNS:feed.internal,URI:urn:feed"}, &certificates::root());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Setup with = setup_of(client);
    with.version_max = version;
    Setup without;
    without.version_max = version;
    for (const ClientCertificate demand : {ClientCertificate::request, ClientCertificate::require}) {
      Server server(options_with_clients(demand));
      Link known(server, with);
      known.settle();
      CHECK(known.is_ready());
      const auto identity = known.identity();
      REQUIRE(identity.has_value());
      CHECK(identity->common_name == "feed.internal");
      CHECK(identity->uris == std::vector<std::string>{"spiffe://shop/feed", "urn:feed"});
      const std::int64_t day_off_ms = identity->not_after_ms - (std::time(nullptr) + 86'400) * std::int64_t{1000};
      CHECK((day_off_ms > -60'000 && day_off_ms <= 1000));
      Link unknown(server, without);
      unknown.settle();
      CHECK(unknown.is_ready() == (demand == ClientCertificate::request));
      CHECK(!unknown.identity().has_value());
      CHECK(unknown.count(Metric::tls_failed_certificate) == (demand == ClientCertificate::request ? 0 : 1));
    }
    Server nobody_asked;
    Link link(nobody_asked, with);
    link.settle();
    CHECK(link.is_ready());
    CHECK(!link.identity().has_value());
  }
}

TEST_CASE("tls context: a client's certificate that does not hold is refused, also where none is demanded") {
  const Pair stranger_root = certificates::make({"Test Root", "", "", true});
  Subject over{"feed.internal"}, early{"feed.internal"};
  over.begins_seconds = -7200;
  over.ends_seconds = -3600;
  early.begins_seconds = 3600;
  const Pair bad[] = {certificates::make({"feed.internal"}), certificates::make({"feed.internal"}, &stranger_root), certificates::make(over, &certificates::root()),
                      certificates::make(early, &certificates::root()), certificates::make({"feed.internal"}, &certificates::localhost())};
  for (const ClientCertificate demand : {ClientCertificate::request, ClientCertificate::require}) {
    Server server(options_with_clients(demand));
    for (const Pair& each : bad) {
      Link link(server, setup_of(each));
      link.settle();
      CHECK(!link.is_ready());
      CHECK(!link.identity().has_value());
      CHECK(link.count(Metric::tls_failed_certificate) == 1);
    }
  }
}

TEST_CASE("tls context: of two common names neither counts, nor one with a control character") {
  Server server(options_with_clients(ClientCertificate::require));
  const Subject subjects[] = {{"admin", "feed", "URI:urn:a"}, {"admin\nx", "", "URI:urn:a"}, {"", "", "URI:urn:a"}};
  for (const Subject& each : subjects) {
    Link link(server, setup_of(certificates::make(each, &certificates::root())));
    link.settle();
    REQUIRE(link.identity().has_value());
    CHECK(link.identity()->common_name.empty());
    CHECK(link.identity()->uris == std::vector<std::string>{"urn:a"});
  }
}
