// Covers native/os/networks.cc.
// Owner: the test. Thread: main.
#include "native/os/networks.h"

#include <initializer_list>

#include "test/native/vendor/doctest.h"

using os::Address;
using os::Networks;

namespace {

Networks of(std::initializer_list<const char*> texts) {
  Networks networks;
  for (const char* const text : texts) REQUIRE(networks.add(text));
  return networks;
}

bool has(const Networks& networks, const char* address) { return networks.contains(*Address::parse(address, 4711)); }

}  // namespace

TEST_CASE("networks: an address is itself, a network all that begin with its prefix") {
  const Networks networks = of({"192.0.2.7", "10.0.0.0/8", "172.16.0.0/12", "198.51.100.128/31", "::1", "2001:db8::/32", "2001:db9:8000::/33"});
  for (const char* const in : {"192.0.2.7", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "198.51.100.129", "::1", "2001:db8::", "2001:db8:ffff::1",
                               "2001:db9:8000::1", "2001:db9:ffff::"}) {
    CAPTURE(in);
    CHECK(has(networks, in));
  }
  for (const char* const out : {"192.0.2.6", "192.0.2.8", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "198.51.100.127", "198.51.100.130", "::2", "::",
                                "2001:db7:ffff::", "2001:db9::1", "2001:db9:7fff::", "2001:dba:8000::", "0.0.0.1"}) {
    CAPTURE(out);
    CHECK_FALSE(has(networks, out));
  }
}

TEST_CASE("networks: the families are apart, and a mapped address is the IPv4 address that it is") {
  CHECK_FALSE(has(of({"32.1.13.184/32"}), "2001:db8::"));  // the same first bytes
  CHECK_FALSE(has(of({"::/0"}), "192.0.2.1"));
  CHECK_FALSE(has(of({"0.0.0.0/0"}), "2001:db8::"));
  CHECK(has(of({"::/0"}), "2001:db8::"));
  CHECK(has(of({"0.0.0.0/0"}), "192.0.2.1"));
  CHECK(has(of({"10.0.0.0/8"}), "::ffff:10.1.2.3"));
  CHECK(has(of({"::ffff:10.0.0.0/104"}), "10.1.2.3"));
  CHECK(has(of({"::ffff:10.0.0.1"}), "10.0.0.1"));
  CHECK_FALSE(has(of({"::ffff:10.0.0.0/104"}), "11.0.0.0"));
}

TEST_CASE("networks: peers on Unix sockets are named by a word of their own") {
  Address local;
  local.local = true;
  CHECK(of({"unix"}).contains(local));
  CHECK_FALSE(of({"unix"}).empty());
  CHECK_FALSE(has(of({"unix"}), "0.0.0.0"));
  CHECK_FALSE(of({"0.0.0.0/0", "::/0"}).contains(local));
}

TEST_CASE("networks: none of them contains anything") {
  CHECK(Networks().empty());
  CHECK_FALSE(has(Networks(), "127.0.0.1"));
}

TEST_CASE("networks: what is no address and no network is not added") {
  for (const char* const text : {"", "proxy.example", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/8/8", "10.0.0.1/8",
                                 "10.0.0.0/+8", "::1/127", "::/129", "::ffff:10.0.0.0/95", "/8", "fe80::1%lo", "Unix", "10.0.0", "[::1]", "::1/128x"}) {
    CAPTURE(text);
    Networks networks;
    CHECK_FALSE(networks.add(text));
    CHECK(networks.empty());
  }
  for (const char* const text : {"10.0.0.0/0", "10.0.0.0/4"}) CHECK_FALSE(Networks().add(text));  // bits behind the prefix
  for (const char* const text : {"0.0.0.0/0", "10.0.0.1/32", "::/0", "::1/128", "128.0.0.0/1"}) CHECK(Networks().add(text));
}
