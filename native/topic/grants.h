// What one credential lets its holder do with topics: patterns as docs/security.md has them, compiled once and shared by all connections
// that stand on it. A topic that is named later is compared with them, without an allocation.
// Owner: whoever holds a reference; immutable. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace topic {

/// What may be done with a topic.
enum class Use : std::uint8_t { publish, subscribe };

inline constexpr std::size_t use_count = 2;

/// Whether a pattern stands for a topic: levels between `/` are equal, or match one `*` (at least one byte), and `**` as the last level is
/// whatever is left, at least one byte. Time is linear in both lengths, whatever the pattern is.
bool grants(std::string_view pattern, std::string_view topic);

class Grants {
 public:
  /// Patterns with every `{sub}` replaced. Those that are no valid ones stand for nothing that they do not spell.
  Grants(const std::vector<std::string>& publish, const std::vector<std::string>& subscribe);

  bool permits(Use use, std::string_view topic) const;
  /// Whether nothing at all may be done so.
  bool is_empty(Use use) const { return of(use).exact.empty() && of(use).patterns.empty(); }

 private:
  struct List {
    std::vector<std::string> exact;     // without a star; sorted
    std::vector<std::string> patterns;  // with one
  };

  static List compile(const std::vector<std::string>& patterns);
  const List& of(Use use) const { return lists_[static_cast<std::size_t>(use)]; }

  std::array<List, use_count> lists_;
};

using GrantsRef = std::shared_ptr<const Grants>;

}  // namespace topic
