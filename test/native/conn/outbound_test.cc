// Covers native/conn/outbound.h.
// Owner: the test. Thread: main.
#include "native/conn/outbound.h"

#include <string>

#include "test/native/doctest_last.h"

using base::bytes_of;

namespace {
std::string unsent(const conn::Outbound& outbound) { return std::string(base::text_of(outbound.unsent())); }
}  // namespace

TEST_CASE("outbound: first in, first out, consumed in any pieces") {
  conn::Outbound outbound;
  CHECK(outbound.empty());
  outbound.append(bytes_of("answer"));
  CHECK(!outbound.started());
  outbound.consume(2);
  CHECK(outbound.started());
  outbound.append(bytes_of("+close"));
  CHECK(unsent(outbound) == "swer+close");
  CHECK(outbound.size() == 10);
  outbound.consume(10);
  CHECK(outbound.empty());
}

TEST_CASE("outbound: only the latest pong waits") {
  conn::Outbound outbound;
  outbound.append(bytes_of("A"));
  outbound.append_pong(bytes_of("pong1"));
  outbound.append_pong(bytes_of("pong2"));
  CHECK(unsent(outbound) == "Apong2");
  outbound.append(bytes_of("B"));
  outbound.append_pong(bytes_of("pong3"));
  CHECK(unsent(outbound) == "Apong2Bpong3");
}

TEST_CASE("outbound: a pong that has begun to leave is finished") {
  conn::Outbound outbound;
  outbound.append_pong(bytes_of("pong1"));
  outbound.consume(1);
  outbound.append_pong(bytes_of("pong2"));
  outbound.append_pong(bytes_of("pong3"));
  CHECK(unsent(outbound) == "ong1pong3");
}

TEST_CASE("outbound: the rest of a frame goes before everything, and pongs are still replaced behind it") {
  conn::Outbound outbound;
  outbound.append(bytes_of("A"));
  outbound.append_pong(bytes_of("pong1"));
  outbound.prepend(bytes_of("rest"));
  outbound.append_pong(bytes_of("pong2"));
  CHECK(unsent(outbound) == "restApong2");
}
