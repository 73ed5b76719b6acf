// Covers native/os/endpoint.cc.
// Owner: the test. Thread: main.
#include "native/os/endpoint.h"

#include "test/native/vendor/doctest.h"

using os::Endpoint;

TEST_CASE("endpoint: an address and its port, as before") {
  const auto endpoint = Endpoint::parse("::1", 8080);
  REQUIRE(endpoint.has_value());
  CHECK(endpoint->text() == "[::1]:8080");
  CHECK(endpoint->host() == "::1");
  CHECK(!endpoint->local);
  CHECK(!Endpoint::parse("localhost", 8080).has_value());
}

TEST_CASE("endpoint: the path of a Unix socket") {
  const auto endpoint = Endpoint::parse("unix:/run/a.sock", 0);
  REQUIRE(endpoint.has_value());
  CHECK(endpoint->local);
  CHECK(endpoint->path == "/run/a.sock");
  CHECK(endpoint->text() == "unix:/run/a.sock");
  CHECK(endpoint->host() == "unix:/run/a.sock");
  const std::string longest = "/" + std::string(os::path_bytes_max - 1, 'x');
  CHECK(Endpoint::parse("unix:" + longest, 0)->path == longest);
  CHECK(!Endpoint::parse("unix:" + longest + "x", 0).has_value());
  CHECK(!Endpoint::parse("unix:relative", 0).has_value());
  CHECK(!Endpoint::parse("unix:", 0).has_value());
  CHECK(!Endpoint::parse(std::string("unix:/a\0b", 9), 0).has_value());
}

TEST_CASE("endpoint: a local peer has no path") {
  os::Address peer;
  peer.local = true;
  CHECK(peer.text() == "unix");
}
