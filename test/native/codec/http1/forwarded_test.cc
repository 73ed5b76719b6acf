// Covers native/codec/http1/forwarded.cc: whose request it is that a trusted proxy hands on.
// Owner: the test. Thread: main.
#include "native/codec/http1/forwarded.h"

#include <string>

#include "test/native/vendor/doctest.h"

using codec::ForwardedHeader;

namespace {

/// The proxies are 10.0.0.0/8 and 2001:db8:1::/48.
os::Networks proxies() {
  os::Networks networks;
  REQUIRE(networks.add("10.0.0.0/8"));
  REQUIRE(networks.add("2001:db8:1::/48"));
  return networks;
}

std::string found(ForwardedHeader header, const std::string& value) {
  const auto client = codec::forwarded_client(header, value, proxies());
  return client ? client->text() : "nobody";
}

std::string by_x(const std::string& value) { return found(ForwardedHeader::x_forwarded_for, value); }
std::string by_standard(const std::string& value) { return found(ForwardedHeader::forwarded, value); }

std::string in_request(ForwardedHeader header, const std::string& lines) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n";
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  const auto client = codec::forwarded_client(header, parsed.request, proxies());
  return client ? client->text() : "nobody";
}

}  // namespace

TEST_CASE("X-Forwarded-For: from the right, the first that is no proxy") {
  CHECK(by_x("203.0.113.7") == "203.0.113.7");
  CHECK(by_x("203.0.113.7, 10.0.0.1") == "203.0.113.7");
  CHECK(by_x("203.0.113.7,10.0.0.1 ,\t10.9.9.9") == "203.0.113.7");
  CHECK(by_x("198.51.100.1, 203.0.113.7, 10.0.0.1") == "203.0.113.7");  // what a client wrote itself
  CHECK(by_x("10.0.0.9, 203.0.113.7") == "203.0.113.7");
  CHECK(by_x("2001:db8:2::7, 2001:db8:1::5") == "2001:db8:2::7");
  CHECK(by_x("10.0.0.9, 10.0.0.1") == "10.0.0.9");  // proxies all the way: the one that began
  CHECK(by_x("") == "nobody");
  CHECK(by_x(" , ,") == "nobody");
  CHECK(by_x("203.0.113.7, ,10.0.0.1,,") == "203.0.113.7");
}

TEST_CASE("X-Forwarded-For: addresses as proxies write them") {
  CHECK(by_x("203.0.113.7:4711") == "203.0.113.7:4711");
  CHECK(by_x("[2001:db8::7]") == "2001:db8::7");
  CHECK(by_x("[2001:db8::7]:4711") == "[2001:db8::7]:4711");
  CHECK(by_x("2001:db8::7") == "2001:db8::7");
  CHECK(by_x("::ffff:203.0.113.7") == "203.0.113.7");
  CHECK(by_x("203.0.113.7, ::ffff:10.0.0.1") == "203.0.113.7");
}

TEST_CASE("X-Forwarded-For: what cannot be read ends the walk at the one before it") {
  for (const std::string bad : {"unknown", "_hidden", "client.example", "203.0.113", "203.0.113.7:x", "203.0.113.7:65536", "[203.0.113.7]", "[2001:db8::7", "[2001:db8::7]4711",
                                "2001:db8::7]", "fe80::1%lo", "\"203.0.113.7\"", "203.0.113.7 x", "203.0.113.07"}) {
    CAPTURE(bad);
    CHECK(by_x(bad) == "nobody");
    CHECK(by_x("203.0.113.7, " + bad + ", 10.0.0.1") == "10.0.0.1");
    CHECK(by_x(bad + ", 203.0.113.7") == "203.0.113.7");
  }
}

TEST_CASE("Forwarded: `for` of the elements, from the right (RFC 7239)") {
  CHECK(by_standard("for=203.0.113.7") == "203.0.113.7");
  CHECK(by_standard("For=\"[2001:db8:cafe::17]:4711\"") == "[2001:db8:cafe::17]:4711");
  CHECK(by_standard("for=203.0.113.7;proto=https;by=10.0.0.1, for=10.0.0.1") == "203.0.113.7");
  CHECK(by_standard("proto=https ; for=\"203.0.113.7:80\";host=\"a,b;for=1.2.3.4\"") == "203.0.113.7:80");
  CHECK(by_standard("for=198.51.100.1, for=203.0.113.7, for=\"[2001:db8:1::5]\"") == "203.0.113.7");
  CHECK(by_standard("for=\"_gazonk\", for=10.0.0.1") == "10.0.0.1");
  for (const std::string bad : {"", "proto=https", "for=unknown", "for=", "203.0.113.7", "for=203.0.113.7;for=203.0.113.8", "for=\"203.0.113.7", "for", "xfor=203.0.113.7"}) {
    CAPTURE(bad);
    CHECK(by_standard(bad) == "nobody");
  }
}

TEST_CASE("forwarded: what a client wrote in front does not hide what its proxy has added") {
  for (const std::string front : {"\"", "for=\"", "for=\"a\\", "x, \"", ";;;\"", "for=\"10.0.0.1\", \"", "'", "for=10.0.0.1;\"", "\\\""}) {
    CAPTURE(front);
    CHECK(by_x(front + ", 203.0.113.7") == "203.0.113.7");
    CHECK(by_standard(front + ", for=203.0.113.7") == "203.0.113.7");
    CHECK(by_standard(front + ", for=\"[2001:db8:2::7]:80\";proto=http") == "[2001:db8:2::7]:80");
  }
}

TEST_CASE("forwarded: several fields are one list, and only the one header that is configured counts") {
  const std::string both = "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=198.51.100.9\r\n";
  CHECK(in_request(ForwardedHeader::x_forwarded_for, both) == "203.0.113.7");
  CHECK(in_request(ForwardedHeader::forwarded, both) == "198.51.100.9");
  CHECK(in_request(ForwardedHeader::none, both) == "nobody");
  CHECK(in_request(ForwardedHeader::x_forwarded_for, "Forwarded: for=198.51.100.9\r\n") == "nobody");
  CHECK(in_request(ForwardedHeader::x_forwarded_for, "x-forwarded-for: 198.51.100.1\r\nA: b\r\nX-FORWARDED-FOR: 203.0.113.7\r\nX-Forwarded-For: 10.0.0.1\r\n") == "203.0.113.7");
  CHECK(in_request(ForwardedHeader::x_forwarded_for, "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For:\r\n") == "203.0.113.7");
  CHECK(in_request(ForwardedHeader::x_forwarded_for, "") == "nobody");
}
