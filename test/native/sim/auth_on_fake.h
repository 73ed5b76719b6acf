// An engine on the fake kernel whose listeners ask who may do what, with the test as who decides.
// Owner: the test. Thread: main.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "test/native/sim/raw_on_fake.h"

namespace sim {

using Patterns = std::vector<std::string>;

struct AskedNow {
  conn::ConnectionId id = 0;
  shard::AuthQuestion question;
};

class AuthOnFake : public SessionsOnFake {
 public:
  explicit AuthOnFake(shard::EngineOptions options = {}) : SessionsOnFake(std::move(options), true) {}

  /// All that was asked, oldest first.
  std::vector<AskedNow> asked() const {
    std::vector<AskedNow> all;
    for (const shard::Event& event : events) {
      if (const auto* const each = std::get_if<shard::AuthAsked>(&event)) all.push_back({each->id, *each->question});
    }
    return all;
  }
  AskedNow last_asked() const {
    const std::vector<AskedNow> all = asked();
    REQUIRE(!all.empty());
    return all.back();
  }

  static shard::AuthVerdict allowing(const Patterns& publish, const Patterns& subscribe) {
    shard::AuthVerdict verdict;
    verdict.allows = true;
    verdict.grants = std::make_shared<const topic::Grants>(publish, subscribe);
    return verdict;
  }
  static shard::AuthVerdict refusing(int status, const std::string& challenge = "") {
    shard::AuthVerdict verdict;
    verdict.status = status;
    verdict.challenge = challenge;
    verdict.told = "told " + std::to_string(status);
    return verdict;
  }
  void answer(const AskedNow& to, shard::AuthVerdict verdict) {
    verdict.number = to.question.number;
    engine->answer(to.id, std::move(verdict));
  }
  /// To the last question; then everybody moves.
  void answer(shard::AuthVerdict verdict) {
    answer(last_asked(), std::move(verdict));
    settle();
  }
};

/// A request that opens a WebSocket, with more header lines.
inline std::string upgrade_with(const std::string& target, const std::string& lines) {
  std::string request = upgrade_request(target);
  return request.insert(request.size() - 2, lines);
}

}  // namespace sim
