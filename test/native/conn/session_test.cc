// Covers native/conn/session.h.
// Owner: the test. Thread: main.
#include "native/conn/session.h"

#include "test/native/doctest_last.h"

namespace {

conn::Session session_with(const std::vector<std::string>& topics) {
  conn::Session session;
  session.terms.topic_namespace = "pusher/1/";
  for (const std::string& topic : topics) session.grants.push_back({std::make_shared<topic::Topic>(topic), "user of " + topic});
  return session;
}

}  // namespace

TEST_CASE("session: a grant is found by the channel's whole name within the namespace") {
  const conn::Session session = session_with({"pusher/1/private-a", "pusher/1/private-ab", "pusher/1/pusher/1/c"});
  REQUIRE(session.find_grant("private-a") != nullptr);
  CHECK(session.find_grant("private-a")->topic->name() == "pusher/1/private-a");
  CHECK(session.find_grant("private-a")->user_id == "user of pusher/1/private-a");
  CHECK(session.find_grant("private-ab")->topic->name() == "pusher/1/private-ab");
  CHECK(session.find_grant("pusher/1/c") != nullptr);
  for (const char* const wrong : {"", "private-", "rivate-a", "private-abc", "c", "pusher/1/private-a", "/private-a"}) {
    CAPTURE(wrong);
    CHECK(session.find_grant(wrong) == nullptr);
  }
}

TEST_CASE("session: a topic of another namespace is not granted by a name of the same length") {
  conn::Session session = session_with({"pusher/2/private-a"});
  CHECK(session.find_grant("private-a") == nullptr);
  CHECK(session.find_grant("r/2/private-a") == nullptr);
}

TEST_CASE("session: revoking takes that topic's grant and no other") {
  conn::Session session = session_with({"pusher/1/a", "pusher/1/ab", "pusher/1/b"});
  session.revoke("pusher/1/a");
  session.revoke("pusher/1/never granted");
  CHECK(session.find_grant("a") == nullptr);
  CHECK(session.find_grant("ab") != nullptr);
  CHECK(session.find_grant("b") != nullptr);
}

TEST_CASE("session: so many publications a second, counted anew with the next") {
  conn::Session session;
  session.terms.publications_per_second_max = 3;
  const auto taken = [&](std::uint32_t now_ms, int offered) {
    int count = 0;
    for (int i = 0; i < offered; ++i) count += session.takes_publication(now_ms) ? 1 : 0;
    return count;
  };
  CHECK(taken(0, 2) == 2);
  CHECK(taken(999, 5) == 1);
  CHECK(taken(1000, 5) == 3);
  CHECK(taken(5999, 1) == 1);
  CHECK(taken(4'294'967'295u, 5) == 3);
  CHECK(taken(0, 5) == 3);  // the clock has wrapped
}

TEST_CASE("session: a share of each batch, by count and by bytes") {
  conn::Session session;
  CHECK(!session.over_share(1));
  for (std::uint32_t i = 1; i < conn::Session::told_max; ++i) session.tells(1, 10);
  CHECK(!session.over_share(1));
  session.tells(1, 10);
  CHECK(session.over_share(1));
  CHECK(!session.over_share(2));
  session.tells(2, conn::Session::told_bytes_max - 1);
  CHECK(!session.over_share(2));
  session.tells(2, 1);
  CHECK(session.over_share(2));
  CHECK(!session.over_share(3));
}

TEST_CASE("session: no share where batches are not told") {
  conn::Session session;
  for (int i = 0; i < 1000; ++i) session.tells(0, 1000);
  CHECK(!session.over_share(0));
}

TEST_CASE("session: without a rate nothing is taken") {
  conn::Session session;
  CHECK(!session.takes_publication(0));
  CHECK(!session.takes_publication(1'000'000));
}
