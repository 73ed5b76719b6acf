// Keys of requests that publish: who sends one again hears of the first publication, and publishes nothing. For each topic so many keys are
// remembered, and for all of them together; the oldest go first.
// Owner: the engine. Thread: any; one short lock, never held across a system call or a publication.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace topic {

struct IdempotencyLimits {
  std::size_t keys_per_topic_max = 1000;  // 0: no key is remembered
  std::size_t keys_max = 100'000;
};

/// Where a publication stands: `<epoch>-<offset>`.
struct KeptPosition {
  std::string epoch;
  std::uint64_t offset = 0;
};

class Idempotency {
 public:
  enum class Claim : std::uint8_t {
    first,   // the caller publishes, and then says where (`settle`)
    under_way,  // somebody else is about to: ask again
    known,   // it was published before, at `position`
  };

  explicit Idempotency(const IdempotencyLimits& limits) : limits_(limits) {}

  /// `position` is filled in when it is known. With `first` the key is the caller's until it calls `settle` or `give_up`.
  Claim claim(std::string_view topic, std::string_view key, KeptPosition& position);
  void settle(std::string_view topic, std::string_view key, std::string_view epoch, std::uint64_t offset);
  /// Nothing was published with it.
  void give_up(std::string_view topic, std::string_view key);
  std::size_t size() const;

 private:
  struct Entry;
  using Entries = std::list<Entry>;  // oldest first
  struct Entry {
    std::string key;
    KeptPosition position;
    bool settled = false;
    const std::string* topic = nullptr;         // its name in topics_
    std::list<Entries::iterator>::iterator in_topic;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Window {
    std::unordered_map<std::string_view, Entries::iterator> by_key;  // the keys are the entries'
    std::list<Entries::iterator> order;                              // oldest first
  };
  using Topics = std::unordered_map<std::string, Window, Hash, std::equal_to<>>;

  // Under lock_:
  Entries::iterator find(std::string_view topic, std::string_view key);
  void remove(Entries::iterator entry);

  const IdempotencyLimits limits_;
  mutable std::mutex lock_;  // guards both
  Entries entries_;
  Topics topics_;
};

}  // namespace topic
