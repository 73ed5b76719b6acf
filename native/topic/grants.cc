#include "native/topic/grants.h"

#include <algorithm>
#include <functional>

namespace topic {

namespace {

bool level_matches(std::string_view pattern, std::string_view level) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == level;
  const std::string_view end = pattern.substr(star + 1);
  return level.size() > star + end.size() && level.starts_with(pattern.substr(0, star)) && level.ends_with(end);
}

}  // namespace

bool grants(std::string_view pattern, std::string_view topic) {
  for (;;) {
    const std::size_t pattern_end = pattern.find('/');
    const std::string_view level = pattern.substr(0, pattern_end);
    const bool is_last = pattern_end == std::string_view::npos;
    if (is_last && level == "**") return !topic.empty();
    const std::size_t topic_end = topic.find('/');
    if (is_last != (topic_end == std::string_view::npos)) return false;
    if (!level_matches(level, topic.substr(0, topic_end))) return false;
    if (is_last) return true;
    pattern.remove_prefix(pattern_end + 1);
    topic.remove_prefix(topic_end + 1);
  }
}

Grants::Grants(const std::vector<std::string>& publish, const std::vector<std::string>& subscribe)
    : lists_{compile(publish), compile(subscribe)} {}

Grants::List Grants::compile(const std::vector<std::string>& patterns) {
  List list;
  for (const std::string& pattern : patterns) {
    const bool is_exact = pattern.find('*') == std::string::npos;
    (is_exact ? list.exact : list.patterns).push_back(pattern);
  }
  std::sort(list.exact.begin(), list.exact.end());
  return list;
}

bool Grants::permits(Use use, std::string_view topic) const {
  const List& list = of(use);
  if (std::binary_search(list.exact.begin(), list.exact.end(), topic, std::less<>())) return true;
  return std::any_of(list.patterns.begin(), list.patterns.end(), [&](const std::string& pattern) { return grants(pattern, topic); });
}

}  // namespace topic
