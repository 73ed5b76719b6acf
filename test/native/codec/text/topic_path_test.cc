// Covers native/codec/text/topic_path.cc.
// Owner: the test. Thread: main.
#include "native/codec/text/topic_path.h"

#include <string>

#include "test/native/vendor/doctest.h"

namespace {

/// The topics with `|` after each, or "400".
std::string word_of(const codec::TopicsParsed& parsed) {
  if (!parsed.ok) {
    REQUIRE(!parsed.refusal.reason.empty());
    REQUIRE(parsed.topics.empty());
    return std::to_string(parsed.refusal.status);
  }
  std::string topics;
  for (const std::string& topic : parsed.topics) topics += topic + "|";
  return topics;
}

std::string published(const std::string& target, const codec::TopicLimits& limits = {}) {
  return word_of(codec::parse_publish_target(target, limits));
}

std::string subscribed(const std::string& target, const codec::TopicLimits& limits = {}) {
  return word_of(codec::parse_subscribe_target(target, limits));
}

/// Both sides read paths alike.
std::string by_path(const std::string& target) {
  const std::string topics = published(target);
  CHECK(subscribed(target) == topics);
  return topics;
}

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (; count > 0; --count) out += text;
  return out;
}

}  // namespace

TEST_CASE("topic path: the path names the topic") {
  CHECK(by_path("/") == "default|");
  CHECK(by_path("/default") == "default|");
  CHECK(by_path("/prices") == "prices|");
  CHECK(by_path("/prices/eur") == "prices/eur|");
  CHECK(by_path("/prices/") == "prices/|");
  CHECK(by_path("//") == "/|");
  CHECK(by_path("/a+b") == "a+b|");
  CHECK(by_path("/a&topic=b") == "a&topic=b|");
}

TEST_CASE("topic path: percent-decoding") {
  CHECK(by_path("/a%20b") == "a b|");
  CHECK(by_path("/%c3%A4") == "\xC3\xA4|");
  CHECK(by_path("/%F0%9F%98%80") == "\xF0\x9F\x98\x80|");
  CHECK(by_path("/a%2Fb%3Fc%23d%25") == "a/b?c#d%|");
  CHECK(by_path("/%2541") == "%41|");  // decoded once
  for (const std::string bad : {"/%", "/a%", "/%4", "/%zz", "/%4g", "/%g4", "/%%41", "/% 41", "/%+1", "/%-1", "/%0x41"}) {
    CAPTURE(bad);
    CHECK(by_path(bad) == "400");
  }
}

TEST_CASE("topic path: control characters are refused, C1 included") {
  for (const std::string bad : {"/%00", "/a%00b", "/%01", "/%09", "/%0A", "/%0d%0a", "/%1F", "/%7F",
                                "/%C2%80", "/a%C2%85", "/%C2%9F"}) {
    CAPTURE(bad);
    CHECK(by_path(bad) == "400");
  }
  CHECK(by_path("/%20") == " |");
  CHECK(by_path("/%C2%A0") == "\xC2\xA0|");
  CHECK(by_path("/%C3%80") == "\xC3\x80|");  // ends like a C1 character and is none
}

TEST_CASE("topic path: only UTF-8") {
  for (const std::string bad : {"/%80", "/%FF", "/%C0%AF", "/%C1%81", "/%E0%80%AF", "/%F0%80%80%AF", "/%ED%A0%80",
                                "/%F4%90%80%80", "/%C3", "/%E2%82", "/a%C3b", "/%C2"}) {
    CAPTURE(bad);
    CHECK(by_path(bad) == "400");
  }
}

TEST_CASE("topic path: 200 bytes after decoding, not before") {
  CHECK(by_path("/" + std::string(200, 'x')) == std::string(200, 'x') + "|");
  CHECK(by_path("/" + std::string(201, 'x')) == "400");
  CHECK(by_path("/" + repeated("%41", 200)) == std::string(200, 'A') + "|");
  CHECK(by_path("/" + repeated("%41", 201)) == "400");
  CHECK(by_path("/" + repeated("%C3%A4", 100)) == repeated("\xC3\xA4", 100) + "|");
  CHECK(by_path("/" + repeated("%C3%A4", 100) + "x") == "400");
  CHECK(published("/abc", {.topic_bytes_max = 3}) == "abc|");
  CHECK(published("/abcd", {.topic_bytes_max = 3}) == "400");
}

TEST_CASE("topic path: forms of a request target (RFC 9112 §3.2)") {
  CHECK(by_path("ws://localhost:8001/prices") == "prices|");
  CHECK(by_path("HTTP://localhost/prices") == "prices|");
  CHECK(by_path("https://localhost") == "default|");
  CHECK(by_path("wss://localhost?") == "default|");
  for (const std::string bad : {"", "*", "prices", "localhost:8001", "ws://", "ws:///prices", "ftp://localhost/prices", "?x=y"}) {
    CAPTURE(bad);
    CHECK(by_path(bad) == "400");
  }
}

TEST_CASE("topic path: a publisher names one topic, by its path") {
  CHECK(published("/?") == "default|");
  CHECK(published("/a?&&") == "a|");
  CHECK(published("/?topic=a") == "400");
  CHECK(published("/a?x=y&topic=a") == "400");
  CHECK(published("/a?topic") == "400");
}

TEST_CASE("topic path: a subscriber names several") {
  CHECK(subscribed("/?topic=a&topic=b") == "a|b|");
  CHECK(subscribed("/c?topic=a&topic=b") == "c|a|b|");
  CHECK(subscribed("/?topic=b&topic=a&&topic=b") == "b|a|");
  CHECK(subscribed("/a?topic=%61") == "a|");
  CHECK(subscribed("/?topic=default") == "default|");
  CHECK(subscribed("/?topic=a=b") == "a=b|");
  CHECK(subscribed("/?topic=a/b?c") == "a/b?c|");
  CHECK(subscribed("/?topic=a+b%2Bc") == "a b+c|");
}

TEST_CASE("topic path: one bad topic refuses them all") {
  CHECK(subscribed("/?topic=a&topic=") == "400");
  CHECK(subscribed("/?topic=a&topic") == "400");
  CHECK(subscribed("/?topic=a&topic=%00") == "400");
  CHECK(subscribed("/?topic=%&topic=a") == "400");
  CHECK(subscribed("/%FF?topic=a") == "400");
  CHECK(subscribed("/?topic=" + std::string(201, 'x')) == "400");
}

TEST_CASE("topic path: at most so many topics, counted without repeats") {
  const codec::TopicLimits limits = {.topics_max = 2};
  CHECK(subscribed("/?topic=a&topic=b", limits) == "a|b|");
  CHECK(subscribed("/?topic=a&topic=b&topic=a", limits) == "a|b|");
  CHECK(subscribed("/?topic=a&topic=b&topic=c", limits) == "400");
  CHECK(subscribed("/c?topic=a&topic=b", limits) == "400");
}

TEST_CASE("topic path: is_valid_topic") {
  CHECK(codec::is_valid_topic("a", 200));
  CHECK_FALSE(codec::is_valid_topic("", 200));
  CHECK_FALSE(codec::is_valid_topic(std::string(1, '\0'), 200));
  CHECK_FALSE(codec::is_valid_topic("\xC2", 200));
  CHECK_FALSE(codec::is_valid_topic("ab", 1));
}

TEST_CASE("topic path: a query key that means nothing here is refused by name") {
  const auto why = [](const codec::TopicsParsed& parsed) { return std::to_string(parsed.refusal.status) + " " + parsed.refusal.reason; };
  CHECK(why(codec::parse_subscribe_target("/?token=secret", {})) == "400 a query key must be topic, since, last or envelope, got: token");
  CHECK(why(codec::parse_subscribe_target("/?Topic=a", {})) == "400 a query key must be topic, since, last or envelope, got: Topic");
  CHECK(why(codec::parse_subscribe_target("/?=a", {})) == "400 a query key must be topic, since, last or envelope, got: =");
  CHECK(why(codec::parse_subscribe_target("/?" + std::string(100, 'k'), {})) == "400 a query key must be topic, since, last or envelope, got: " + std::string(64, 'k'));
  CHECK(why(codec::parse_publish_target("/a?topic=b", {})) ==
        "400 a publisher names its topic by the path, and there must be no query, got: topic");
  CHECK(why(codec::parse_publish_target("/a?=", {})) == "400 a publisher names its topic by the path, and there must be no query, got: =");
  CHECK(why(codec::parse_publish_target("/a?last=1", {})) == "400 a publisher names its topic by the path, and there must be no query, got: last");
}

namespace {

/// Each topic with where it begins: `a since run1234A 5`, `b last 3`, `c beginning`, `d live`.
std::string asked(const std::string& target) {
  const codec::TopicsParsed parsed = codec::parse_subscribe_target(target, {});
  if (!parsed.ok) return std::to_string(parsed.refusal.status) + " " + parsed.refusal.reason;
  std::string text;
  for (std::size_t i = 0; i < parsed.topics.size(); ++i) {
    const codec::ReplayWish wish = parsed.wish(i);
    text += (i == 0 ? "" : ", ") + parsed.topics[i];
    if (wish.from == codec::ReplayWish::From::since) text += " since " + wish.epoch + " " + std::to_string(wish.offset);
    if (wish.from == codec::ReplayWish::From::last) text += " last " + std::to_string(wish.last);
    if (wish.from == codec::ReplayWish::From::beginning) text += " beginning";
  }
  return text;
}

}  // namespace

TEST_CASE("topic path: where a subscriber begins, once for all topics or once for each, in their order") {
  CHECK(asked("/a") == "a");
  CHECK(!codec::parse_subscribe_target("/a", {}).wants_replay());
  CHECK(asked("/a?since=run1234A-4") == "a since run1234A 5");
  CHECK(asked("/?since=run1234A--1") == "default since run1234A 0");
  CHECK(asked("/a?since=run1234A%2D4") == "a since run1234A 5");
  CHECK(asked("/a?since=") == "a");
  CHECK(asked("/a?last=3&topic=b") == "a last 3, b last 3");
  CHECK(asked("/?topic=a&topic=b&since=beginning") == "a beginning, b beginning");
  CHECK(asked("/?topic=a&topic=b&since=run1234A-1&since=run1234B-2") == "a since run1234A 2, b since run1234B 3");
  CHECK(asked("/?topic=a&since=run1234A-1&topic=b&since=live") == "a since run1234A 2, b");
  CHECK(asked("/?topic=a&topic=b&since=run1234A-1&since=&last=&last=7") == "a since run1234A 2, b last 7");
  CHECK(asked("/a?topic=b&topic=a&last=1&last=2&last=3") == "a last 1, b last 2");  // the first mention counts
  CHECK(codec::parse_subscribe_target("/a?last=3", {}).wants_replay());
}

TEST_CASE("topic path: where a subscriber begins must be said so that it is understood") {
  CHECK(asked("/a?since=3") == "400 since must be <epoch>-<offset>, beginning, or live");
  CHECK(asked("/a?since=%2") == "400 since must be <epoch>-<offset>, beginning, or live");
  CHECK(asked("/a?last=0") == "400 last must be a number from 1 on");
  CHECK(asked("/a?last=all") == "400 last must be a number from 1 on");
  CHECK(asked("/a?topic=b&topic=c&last=1&last=2") == "400 since, or last, must be said once, or once for each topic");
  CHECK(asked("/a?since=run1234A-4&last=1") == "400 a topic must have since or last, not both");
  CHECK(asked("/a?envelope=yes") == "400 envelope must be 1 or 0");
}

TEST_CASE("topic path: an envelope is asked for") {
  CHECK(codec::parse_subscribe_target("/a?envelope=1", {}).envelope);
  CHECK(!codec::parse_subscribe_target("/a?envelope=0", {}).envelope);
  CHECK(!codec::parse_subscribe_target("/a", {}).envelope);
  CHECK(!codec::parse_publish_target("/a?envelope=1", {}).ok);
}
