// Covers native/shard/inbox.h.
// Owner: the test. Thread: main, and three posters where it says so.
#include "native/shard/inbox.h"

#include <thread>

#include "test/native/doctest_last.h"

using shard::Inbox;
using shard::Message;

namespace {

Message numbered(std::uint32_t number) {
  Message message;
  message.number = number;
  return message;
}

}  // namespace

TEST_CASE("inbox: messages come out in order of arrival, once") {
  Inbox inbox;
  for (std::uint32_t i = 0; i < 5; ++i) CHECK(!inbox.post(numbered(i)));
  std::vector<Message> messages;
  inbox.drain(messages);
  REQUIRE(messages.size() == 5);
  for (std::uint32_t i = 0; i < 5; ++i) CHECK(messages[i].number == i);
  messages.clear();
  inbox.drain(messages);
  CHECK(messages.empty());
}

TEST_CASE("inbox: asks for one wake-up, only of a sleeper") {
  Inbox inbox;
  std::vector<Message> messages;
  CHECK(inbox.prepare_sleep());
  CHECK(inbox.post(numbered(1)));
  CHECK(!inbox.post(numbered(2)));
  CHECK(!inbox.prepare_sleep());
  inbox.drain(messages);
  CHECK(!inbox.post(numbered(3)));
  messages.clear();
  inbox.drain(messages);
  CHECK(inbox.prepare_sleep());
  messages.clear();
  inbox.drain(messages);  // woken by something else
  CHECK(!inbox.post(numbered(4)));
}

TEST_CASE("inbox: posters on three threads lose nothing and wake the sleeper") {
  constexpr std::uint32_t each = 3000;
  Inbox inbox;
  std::atomic<std::uint32_t> wakes{0};
  std::vector<std::thread> threads;
  for (std::uint32_t poster = 0; poster < 3; ++poster) {
    threads.emplace_back([&, poster] {
      for (std::uint32_t i = 0; i < each; ++i) {
        if (!inbox.post(numbered(poster << 16 | i))) continue;
        wakes.fetch_add(1);
        wakes.notify_one();
      }
    });
  }
  std::uint32_t next[3] = {};
  std::uint32_t total = 0;
  std::vector<Message> messages;
  for (std::uint32_t woken = 0; total < 3 * each;) {
    if (inbox.prepare_sleep()) {
      wakes.wait(woken);
      ++woken;
    }
    inbox.drain(messages);
    for (const Message& message : messages) {
      REQUIRE((message.number & 0xFFFF) == next[message.number >> 16]++);
      ++total;
    }
    messages.clear();
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(total == 3 * each);
}
