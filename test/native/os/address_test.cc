// Covers native/os/address.cc.
// Owner: the test. Thread: main.
#include "native/os/address.h"

#include "test/native/vendor/doctest.h"

using os::Address;

TEST_CASE("address: literals, and nothing else") {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "fe80::1", "2001:db8::8a2e:370:7334"}) {
    CAPTURE(text);
    const auto address = Address::parse(text, 80);
    REQUIRE(address.has_value());
    CHECK(address->host() == text);
    CHECK(address->port == 80);
    CHECK(address->v6 == (std::string(text).find(':') != std::string::npos));
  }
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "[::1]", "::1%", "::1%nowhere", "::1%0", "127.0.0.1%lo", "1.2.3.4 ", "::g",
                           "1:2:3:4:5:6:7:8:9"}) {
    CAPTURE(text);
    CHECK(!Address::parse(text, 80).has_value());
  }
  CHECK(!Address::parse(std::string_view("127.0.0.1\0.5", 12), 80).has_value());
  CHECK(!Address::parse(std::string_view("::1\0", 4), 80).has_value());
}

TEST_CASE("address: an interface by its name or number; without one of that number, the number is shown") {
  CHECK(Address::parse("fe80::1%lo", 80)->scope == Address::parse("fe80::1%1", 80)->scope);  // lo is the first everywhere
  CHECK(Address::parse("fe80::1%lo", 80)->text() == "[fe80::1%lo]:80");
  CHECK(Address::parse("fe80::1%999999", 80)->host() == "fe80::1%999999");
}

TEST_CASE("address: everything, and this machine alone") {
  for (const char* text : {"0.0.0.0", "::"}) CHECK(Address::parse(text, 1)->is_any());
  for (const char* text : {"0.0.0.1", "::1", "127.0.0.1"}) CHECK_FALSE(Address::parse(text, 1)->is_any());
  for (const char* text : {"127.0.0.1", "127.255.0.9", "::1"}) CHECK(Address::parse(text, 1)->is_loopback());
  for (const char* text : {"0.0.0.0", "::", "128.0.0.1", "::2", "::ffff:127.0.0.1", "fe80::1"}) CHECK_FALSE(Address::parse(text, 1)->is_loopback());
}

TEST_CASE("address: what text prints is read again, and nothing else") {
  for (const char* text : {"127.0.0.1:80", "127.0.0.1", "2001:db8::1", "[::1]:65535", "[fe80::1%lo]:1", "[::ffff:1.2.3.4]:5", "unix"}) {
    CAPTURE(text);
    REQUIRE(Address::parse_text(text).has_value());
    CHECK(Address::parse_text(text)->text() == text);
  }
  for (const char* text : {"", ":", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "::g:80", "[127.0.0.1]:80", "[::1]", "[::1:80",
                           "localhost:80", "unix:80"}) {
    CAPTURE(text);
    CHECK_FALSE(Address::parse_text(text).has_value());
  }
}

TEST_CASE("address: text with the port, brackets for IPv6") {
  CHECK(Address::parse("127.0.0.1", 8001)->text() == "127.0.0.1:8001");
  CHECK(Address::parse("::1", 65535)->text() == "[::1]:65535");
}

TEST_CASE("address: limits count by IPv4 address or IPv6 /64") {
  const auto key = [](const char* text) { return Address::parse(text, 1)->limit_key(); };
  CHECK(key("10.0.0.1") != key("10.0.0.2"));
  CHECK(key("10.0.0.1") == Address::parse("10.0.0.1", 9)->limit_key());
  CHECK(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9"));
  CHECK(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
}

TEST_CASE("address: limits tell the families apart, and count a mapped IPv4 address as the one that it is") {
  const auto key = [](const char* text) { return Address::parse(text, 1)->limit_key(); };
  CHECK(key("2001:db8::1") != key("32.1.13.184"));  // their first four bytes are equal, and the next four of a key zero
  CHECK(key("::1") != key("0.0.0.0"));
  CHECK(key("::ffff:192.0.2.1") == key("192.0.2.1"));
  CHECK(key("::ffff:192.0.2.1") != key("::ffff:192.0.2.2"));
  CHECK(key("::fffe:192.0.2.1") != key("192.0.2.1"));
}
