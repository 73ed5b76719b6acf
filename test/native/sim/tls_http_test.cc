// HTTP requests over TLS that the control plane's HTTP server answers: one end of a pair is its socket.
// Owner: the test. Thread: main.
#include "test/native/sim/raw_on_fake.h"
#include "test/native/transport/tls_link.h"
#include "test/native/doctest_last.h"

using metrics::Metric;
using sim::client_frame;
using sim::Raw;
using sim::SessionsOnFake;
using sim::upgrade_request;

namespace {

const std::string request = "POST /apps/1/events?auth_key=k HTTP/1.1\r\nHost: sim\r\nContent-Length: 11\r\n\r\nhello world";

shard::EngineOptions over_tls(bool asks_clients = false) {
  transport::TlsOptions tls = tls_link::options_of(certificates::localhost());
  tls.client_ca = certificates::root().chain;
  if (asks_clients) tls.client_certificate = transport::ClientCertificate::request;
  shard::EngineOptions options;
  options.tls = std::make_shared<transport::TlsContexts>();
  transport::TlsProblem problem;
  options.tls->add(transport::TlsContext::make(tls, options.tls->tickets(), problem));
  return options;
}

/// What the server reads of its end.
std::string server_reads(SessionsOnFake& on, int fd) {
  std::string bytes(256 * 1024, '\0');
  const os::IoResult result = on.kernel.receive(fd, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  bytes.resize(result.outcome == os::IoOutcome::ok ? result.bytes : 0);
  return bytes;
}

/// Hands the connection over; the server's end of it.
shard::HttpConnection hand_over(SessionsOnFake& on, Raw& client) {
  on.settle();
  client.write(request);
  on.settle();
  REQUIRE(sim::handed_over(on) != nullptr);
  return *sim::handed_over(on);
}

}  // namespace

TEST_CASE("tls http: a request is handed over decrypted, and its answer encrypted") {
  SessionsOnFake on(over_tls());
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  CHECK(event.head == request);
  CHECK(event.secure);
  CHECK(!event.certificate.has_value());
  CHECK(event.peer == sim::address_of(1).text());
  CHECK(on.stat(Metric::http_connections) == 1);
  CHECK(on.stat(Metric::connections_now) == 1);  // its end of it is the engine's
  CHECK(on.kernel.send(event.fd, base::bytes_of("HTTP/1.1 200 OK\r\n\r\n")).bytes == 19);
  on.settle();
  CHECK(client.read() == "HTTP/1.1 200 OK\r\n\r\n");
  client.write("another request");
  on.settle();
  CHECK(server_reads(on, event.fd) == "another request");
  on.kernel.close(event.fd);
  on.settle();
  CHECK(client.read().empty());
  CHECK(client.is_over());
  on.kernel.peer_shutdown(client.socket);
  on.settle();
  CHECK(on.stat(Metric::connections_now) == 0);
  CHECK(on.count<shard::Connected>() + on.count<shard::Disconnected>() == 0);
  on.engine.reset();
  CHECK(on.kernel.open_fds() == 0);
}

TEST_CASE("tls http: what waits has a bound both ways, and all of it arrives") {
  SessionsOnFake on(over_tls());
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  std::string answer, upload;
  for (int i = 0; answer.size() < 1'000'000; ++i) answer += std::to_string(i) + ',';
  std::size_t sent = 0;
  for (int i = 0; i < 100; ++i) {  // the client does not read
    sent += on.kernel.send(event.fd, base::bytes_of(answer).subspan(sent)).bytes;
    on.turn();
  }
  CHECK(sent < 600'000);
  std::string heard;
  for (int i = 0; i < 1000 && heard.size() < answer.size(); ++i) {
    heard += client.read();
    if (sent < answer.size()) sent += on.kernel.send(event.fd, base::bytes_of(answer).subspan(sent)).bytes;
    on.settle();
  }
  CHECK(heard == answer);
  std::size_t said = 0;
  for (int i = 0; i < 100; ++i) {  // the server does not read
    said += on.kernel.peer_write(client.socket, base::bytes_of(answer).subspan(said, std::min<std::size_t>(10'000, answer.size() - said)));
    on.turn();
  }
  CHECK(said < 600'000);
  for (int i = 0; i < 1000 && upload.size() < answer.size(); ++i) {
    upload += server_reads(on, event.fd);
    if (said < answer.size()) said += on.kernel.peer_write(client.socket, base::bytes_of(answer).subspan(said, std::min<std::size_t>(10'000, answer.size() - said)));
    on.kernel.peer_read(client.socket, {});
    on.settle();
  }
  CHECK(upload == answer);
}

TEST_CASE("tls http: a client that ends its direction still gets its answer") {
  SessionsOnFake on(over_tls());
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  on.kernel.peer_shutdown(client.socket);
  on.settle();
  std::uint8_t byte[1];
  CHECK(on.kernel.receive(event.fd, byte).outcome == os::IoOutcome::end);
  on.kernel.send(event.fd, base::bytes_of("late"));
  on.kernel.close(event.fd);
  on.settle();
  CHECK(client.read() == "late");
  CHECK(client.is_over());
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("tls http: a client that is cut ends the server's end") {
  SessionsOnFake on(over_tls());
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  on.kernel.peer_abort(client.socket);
  on.settle();
  std::uint8_t byte[1];
  CHECK(on.kernel.receive(event.fd, byte).outcome == os::IoOutcome::end);
  CHECK(on.stat(Metric::connections_now) == 0);
}

TEST_CASE("tls http: an upgrade behind other requests is taken back and opens a session") {
  SessionsOnFake on(over_tls());
  Raw client(on, SessionsOnFake::session_port, 7);
  const shard::HttpConnection event = hand_over(on, client);
  REQUIRE(on.engine->take_back(event.fd, event.listener, *os::Address::parse_text(event.peer), upgrade_request("/app/key?protocol=7") + client_frame("first")));
  on.settle();
  CHECK(client.read().starts_with("HTTP/1.1 101 "));
  client.write(client_frame("second"));
  on.settle();
  CHECK(on.count<shard::SessionMessage>() == 2);
  on.kernel.peer_close(client.socket);
  on.settle();
  CHECK(on.count<shard::SessionEnded>() == 1);
  CHECK(on.stat(Metric::connections_now) == 0);
  on.engine.reset();
  CHECK(on.kernel.open_fds() == 0);
}

TEST_CASE("tls http: who the client is goes with it") {
  SessionsOnFake on(over_tls(true));
  const certificates::Pair pair = certificates::make({"shop", "", "URI:urn:shop"}, &certificates::root());
  on.kernel.layer = [&] {
    tls_client::Setup setup;
    setup.chain = pair.chain;
    setup.key = pair.key;
    return std::make_unique<sim::TlsPeer>(setup);
  };
  Raw client(on, SessionsOnFake::session_port, 1);
  const shard::HttpConnection event = hand_over(on, client);
  REQUIRE(event.certificate.has_value());
  CHECK(event.certificate->common_name == "shop");
  CHECK(event.certificate->uris == std::vector<std::string>{"urn:shop"});
}

TEST_CASE("tls http: without descriptors, or without anybody who takes it, the connection ends and nothing is left open") {
  for (const bool closed : {false, true}) {
    SessionsOnFake on(over_tls());
    on.kernel.faults.refused_pair = closed ? 0 : 1000;
    Raw client(on, SessionsOnFake::session_port, 1);
    on.settle();
    const std::size_t before = on.kernel.open_fds();
    on.closed = closed;
    client.write(request);
    on.settle();
    CHECK(sim::handed_over(on) == nullptr);
    CHECK(client.read().empty());
    CHECK(client.is_over());
    CHECK(on.kernel.open_fds() == before - 1);
  }
}

TEST_CASE("tls http: a listener of the protocol http hands every connection over at once, with and without TLS") {
  for (const bool secure : {false, true}) {
    shard::EngineOptions options = secure ? over_tls() : shard::EngineOptions();
    SessionsOnFake on(options);
    Raw client(on, SessionsOnFake::http_port, 3);
    on.settle();
    CHECK(client.read().empty());  // goes on with its handshake
    on.settle();
    const shard::HttpConnection* const event = sim::handed_over(on);
    REQUIRE(event != nullptr);
    CHECK(event->protocol == codec::ProtocolId::http);
    CHECK(event->head.empty());
    CHECK(event->secure == secure);
    client.write("GET / HTTP/1.1\r\n\r\n");
    on.settle();
    CHECK(server_reads(on, event->fd) == "GET / HTTP/1.1\r\n\r\n");
    on.kernel.send(event->fd, base::bytes_of("answer"));
    on.settle();
    CHECK(client.read() == "answer");
    CHECK(!on.engine->take_back(event->fd, event->listener, sim::address_of(3), "x"));
    const int fd = event->fd;
    on.engine.reset();
    on.kernel.close(fd);
    CHECK(on.kernel.open_fds() == 0);
  }
}

TEST_CASE("tls http: over the bounds a client of the HTTP server is told so") {
  shard::EngineOptions options = over_tls();
  options.connections_max = 1;
  SessionsOnFake on(options);
  on.text_subscriber("/t");
  on.settle();
  Raw client(on, SessionsOnFake::http_port, 3);
  on.settle();
  CHECK(client.read().empty());  // goes on with its handshake
  on.settle();
  CHECK(client.read().starts_with("HTTP/1.1 503 "));
  CHECK(sim::handed_over(on) == nullptr);
}
