// Session tickets: who may come back with one, where, and for how long.
// Owner: the test. Thread: main.
#include "native/transport/tls_tickets.h"

#include <openssl/ssl.h>

#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using tls_client::Setup;
using tls_link::Link;
using tls_link::options_of;
using tls_link::Server;
using transport::ClientCertificate;
using transport::TicketKeys;

namespace {

constexpr std::int64_t start_ns = 1'000'000'000;
constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct FreeSession {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Ticket = std::unique_ptr<SSL_SESSION, FreeSession>;

/// The ticket that a client gets at that time.
Ticket ticket_of(Server& server, const Setup& setup, std::int64_t now_ns = start_ns) {
  Link link(server, setup);
  link.kernel.clock_ns = now_ns;
  link.settle();
  CHECK(link.is_ready());
  return Ticket(link.client.take_session());
}

struct Return {
  bool resumed = false;
  bool ready = false;
  bool new_ticket = false;
};

Return come_back(Server& server, Setup setup, const Ticket& ticket, std::int64_t now_ns = start_ns) {
  setup.session = ticket.get();
  Link link(server, setup);
  link.kernel.clock_ns = now_ns;
  link.settle();
  CHECK(link.count(Metric::tls_handshakes_resumed) == (link.is_ready() && link.client.resumed() ? 1 : 0));
  const Ticket renewed(link.client.take_session());
  return {link.client.resumed(), link.is_ready(), renewed != nullptr};
}

Setup setup_of(int version) {
  Setup setup;
  setup.version_max = version;
  return setup;
}

}  // namespace

TEST_CASE("tickets: the key is an hour old at most, and read for another hour") {
  TicketKeys keys;
  const transport::TicketKey first = *keys.current(0);
  CHECK(keys.current(TicketKeys::rotate_ns - 1)->name == first.name);
  CHECK(!keys.find(first.name, 0)->renew);
  const transport::TicketKey second = *keys.current(TicketKeys::rotate_ns);
  CHECK(second.name != first.name);
  CHECK(second.cipher != first.cipher);
  CHECK(second.mac != first.mac);
  const auto found = keys.find(first.name, TicketKeys::rotate_ns);
  REQUIRE(found.has_value());
  CHECK(found->renew);
  CHECK(found->key.cipher == first.cipher);
  CHECK(!keys.find(second.name, TicketKeys::rotate_ns)->renew);
  CHECK(!keys.find(first.name, 2 * TicketKeys::rotate_ns).has_value());
  const std::array<unsigned char, 16> unknown{};
  CHECK(!keys.find(unknown, 0).has_value());
}

TEST_CASE("tickets: a key that nobody has used for long is not read any more, also when no other took its place") {
  TicketKeys keys;
  const transport::TicketKey first = *keys.current(0);
  CHECK(keys.find(first.name, TicketKeys::rotate_ns)->renew);
  CHECK(!keys.find(first.name, 2 * TicketKeys::rotate_ns).has_value());
}

TEST_CASE("tickets: a client comes back to any shard, also behind a change of certificates") {
  for (const int version : versions) {
    Server server;
    const Setup setup = setup_of(version);
    const Ticket ticket = ticket_of(server, setup);
    REQUIRE(ticket != nullptr);
    CHECK(come_back(server, setup, ticket).resumed);  // each Link has transports of its own
    server.replace(options_of(certificates::make({"next"})));
    CHECK(come_back(server, setup_of(version), ticket_of(server, setup)).resumed);
    Server other;
    const Return refused = come_back(other, setup, ticket_of(server, setup));
    CHECK(!refused.resumed);
    CHECK(refused.ready);  // by a whole handshake
  }
}

TEST_CASE("tickets: behind the change of keys a client is given another, and two hours later it is nobody's") {
  constexpr std::int64_t hour_ns = TicketKeys::rotate_ns;
  for (const int version : versions) {
    Server server;
    const Setup setup = setup_of(version);
    const Ticket ticket = ticket_of(server, setup);
    const Return later = come_back(server, setup, ticket, start_ns + hour_ns);
    CHECK(later.resumed);
    if (version == TLS1_3_VERSION) CHECK(later.new_ticket);  // (of TLS 1.2 OpenSSL's client tells of the first one only)
    CHECK(!come_back(server, setup, ticket_of(server, setup), start_ns + 3 * hour_ns).resumed);
  }
}

TEST_CASE("tickets: one from where no certificate was shown opens nothing where one must be") {
  transport::TlsOptions demanding = options_of(certificates::localhost());
  demanding.client_ca = certificates::root().chain;
  demanding.client_certificate = ClientCertificate::require;
  for (const int version : versions) {
    Server server;
    const Setup setup = setup_of(version);
    const Ticket ticket = ticket_of(server, setup);
    server.replace(demanding);
    const Return refused = come_back(server, setup, ticket);
    CHECK(!refused.resumed);
    CHECK(!refused.ready);
  }
}

TEST_CASE("tickets: who has shown a certificate is known by the ticket") {
  transport::TlsOptions demanding = options_of(certificates::localhost());
  demanding.client_ca = certificates::root().chain;
  demanding.client_certificate = ClientCertificate::require;
  const certificates::Pair client = certificates::make({"feed"}, &certificates::root());
  for (const int version : versions) {
    Server server(demanding);
    Setup setup = setup_of(version);
    setup.chain = client.chain;
    setup.key = client.key;
    const Ticket ticket = ticket_of(server, setup);
    Setup again = setup_of(version);
    again.session = ticket.get();
    Link link(server, again);
    link.settle();
    CHECK(link.client.resumed());
    REQUIRE(link.identity().has_value());
    CHECK(link.identity()->common_name == "feed");
  }
}
