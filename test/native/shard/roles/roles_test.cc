// Covers native/shard/roles/roles.cc: what the table says. (How connections of each role live: native/sim.)
// Owner: the test. Thread: main.
#include "native/shard/roles/roles.h"

#include "test/native/doctest_last.h"

TEST_CASE("roles: a row each, and who can be told in its handshake to come back") {
  CHECK(shard::role_count == 8);
  CHECK(shard::has_handshake(codec::Role::publish));
  CHECK(shard::has_handshake(codec::Role::subscribe));
  CHECK(shard::has_handshake(codec::Role::session));
  CHECK(!shard::has_handshake(codec::Role::streams));
  CHECK(!shard::has_handshake(codec::Role::respond));
  CHECK(shard::has_handshake(codec::Role::events));
  CHECK(shard::has_handshake(codec::Role::posts));
}

TEST_CASE("roles: where their beginning can be refused in HTTP, the protocol knows upgrades, close frames, pings and texts") {
  for (const char* const name : {"websocket-publish", "websocket-subscribe", "pusher", "grpc", "responder-raw", "responder-line", "sse", "sse-until-close", "http-publish"}) {
    CAPTURE(name);
    codec::ProtocolId id{};
    const codec::Protocol* const protocol = codec::find_protocol(name, id);
    REQUIRE(protocol != nullptr);
    const codec::Manners& manners = protocol->manners;
    const bool speaks = shard::has_handshake(protocol->role);
    const bool posts = protocol->role == codec::Role::posts;        // each request has its answer, and nothing goes between them
    const bool only_hears = protocol->role == codec::Role::events;  // and answers no ping
    const bool is_answered = speaks && !posts && !only_hears;
    CHECK((manners.code_of != nullptr) == true);
    CHECK((manners.is_asked_for != nullptr) == speaks);
    CHECK((manners.accept != nullptr) == speaks);
    CHECK((manners.write_accepted != nullptr) == (speaks && !posts));
    CHECK((manners.write_close != nullptr) == (speaks && !posts));
    CHECK((manners.write_ping != nullptr) == (speaks && !posts));
    CHECK((manners.write_pong != nullptr) == is_answered);
    CHECK((manners.write_text != nullptr) == is_answered);
    CHECK((manners.write_retry != nullptr) == only_hears);
    CHECK((manners.may_close_with != nullptr) == speaks);
  }
}
