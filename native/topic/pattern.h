// Patterns of topics, as configuration writes them: an exact name, or a prefix followed by `*`.
// Owner: nobody, a pure function. Thread: any.
#pragma once

#include <string_view>

namespace topic {

inline bool matches_pattern(std::string_view pattern, std::string_view topic) {
  if (!pattern.ends_with('*')) return pattern == topic;
  return topic.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace topic
