// See topic_path.h.
// Owner: nobody. Thread: any.
#include "native/codec/text/topic_path.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "native/codec/http1/http_text.h"
#include "native/codec/text/utf8.h"

namespace codec {
namespace {

constexpr std::string_view default_topic = "default";
constexpr std::string_view topic_parameter = "topic";
constexpr std::string_view token_parameter = "token";
constexpr std::string_view invalid_topic =
    "a topic is 1 to 200 bytes (or the configured limit) of UTF-8 without control characters";

constexpr std::size_t shown_key_bytes_max = 64;

TopicsParsed refused(std::string_view reason) {
  TopicsParsed parsed;
  parsed.refusal = {400, std::string(reason)};
  return parsed;
}

/// Never the value: it may be a secret.
TopicsParsed refused_key(std::string_view key, std::string_view why) {
  return refused(std::string(why).append(", got: ").append(key.substr(0, shown_key_bytes_max)));
}

std::string_view key_of(std::string_view parameter) { return parameter.substr(0, parameter.find('=')); }

std::optional<std::uint8_t> hex_value(char c) {
  if (is_digit(c)) return static_cast<std::uint8_t>(c - '0');
  const char lower = to_lower_ascii(c);
  if (lower < 'a' || lower > 'f') return std::nullopt;
  return static_cast<std::uint8_t>(lower - 'a' + 10);
}

enum class PlusSign : std::uint8_t { is_plus, is_space };

/// RFC 3986 §2.1; nothing when a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, PlusSign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = hex_value(text[i + 1]);
      const auto low = hex_value(text[i + 2]);
      if (!high || !low) return std::nullopt;
      decoded += static_cast<char>(*high << 4 | *low);
      i += 2;
    }
  }
  return decoded;
}

struct Target {
  std::string_view path;  // begins with '/', or is empty when the target is neither origin- nor absolute-form
  std::string_view query;
};

/// RFC 9112 §3.2.1 and §3.2.2: a server accepts the absolute form too, and what stands before its path is not ours to use.
Target split_target(std::string_view target) {
  const std::size_t question = target.find('?');
  const std::string_view query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  std::string_view path = target.substr(0, question);
  for (const std::string_view scheme : {"ws://", "wss://", "http://", "https://"}) {
    if (!equal_ignoring_case(path.substr(0, scheme.size()), scheme)) continue;
    path.remove_prefix(scheme.size());
    const std::size_t slash = path.find('/');
    if (slash == 0 || path.empty()) return {};  // no authority
    return {slash == std::string_view::npos ? std::string_view("/") : path.substr(slash), query};
  }
  return {path.starts_with('/') ? path : std::string_view(), query};
}

/// Decodes, validates and adds one topic; returns why not, or nothing.
std::optional<std::string_view> add_topic(std::string_view encoded, PlusSign plus, const TopicLimits& limits,
                                          std::vector<std::string>& topics) {
  auto topic = percent_decode(encoded, plus);
  if (!topic) return "a % in a topic is not followed by two hexadecimal digits";
  if (!is_valid_topic(*topic, limits.topic_bytes_max)) return invalid_topic;
  if (std::find(topics.begin(), topics.end(), *topic) != topics.end()) return std::nullopt;
  if (topics.size() >= limits.topics_max) return "too many topics for one connection";
  topics.push_back(std::move(*topic));
  return std::nullopt;
}

/// The value of `parameter` when it is a `topic=…` (or a bare `topic`, whose value is empty).
std::optional<std::string_view> topic_value(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (key_of(parameter) != topic_parameter) return std::nullopt;
  return equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
}

/// The first key that is not `allowed`; empty when there is none. An empty part (`a&&b`, a lone `?`) is no parameter.
std::string_view unknown_key(std::string_view query, std::string_view allowed, const TopicLimits& limits) {
  std::string_view found;
  for_each_part(query, '&', [&](std::string_view part) {
    if (limits.token_in_query && key_of(part) == token_parameter) return true;
    if (part.starts_with('=')) found = part.substr(0, 1);
    else if (!part.empty() && key_of(part) != allowed) found = key_of(part);
    return found.empty();
  });
  return found;
}

/// The topics of path and query, in that order; the path `/` names none.
TopicsParsed parse_target(const Target& target, const TopicLimits& limits) {
  TopicsParsed parsed;
  std::optional<std::string_view> problem;
  if (target.path != "/") problem = add_topic(target.path.substr(1), PlusSign::is_plus, limits, parsed.topics);
  if (problem) return refused(*problem);
  for_each_part(target.query, '&', [&](std::string_view part) {
    // A form encodes a space as `+` (URLSearchParams does); in a path `+` is itself.
    if (const auto value = topic_value(part)) problem = add_topic(*value, PlusSign::is_space, limits, parsed.topics);
    return !problem;
  });
  if (problem) return refused(*problem);
  if (parsed.topics.empty()) parsed.topics.emplace_back(default_topic);
  parsed.ok = true;
  return parsed;
}

std::optional<std::string_view> check_form(std::string_view target) {
  if (split_target(target).path.empty()) return "the request target is not a path";
  return std::nullopt;
}

}  // namespace

bool is_valid_topic(std::string_view name, std::size_t topic_bytes_max) {
  if (name.empty() || name.size() > topic_bytes_max || !base::is_valid_utf8(base::bytes_of(name))) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(name[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    // In valid UTF-8, C2 80 to C2 9F are U+0080 to U+009F.
    if (byte == 0xC2 && static_cast<std::uint8_t>(name[i + 1]) < 0xA0) return false;
  }
  return true;
}

TopicsParsed parse_publish_target(std::string_view target, const TopicLimits& limits) {
  if (const auto problem = check_form(target)) return refused(*problem);
  const Target parts = split_target(target);
  if (const auto key = unknown_key(parts.query, {}, limits); !key.empty()) {
    return refused_key(key, "a publisher names its topic by the path, and there must be no query");
  }
  return parse_target(parts, limits);
}

TopicsParsed parse_subscribe_target(std::string_view target, const TopicLimits& limits) {
  if (const auto problem = check_form(target)) return refused(*problem);
  const Target parts = split_target(target);
  if (const auto key = unknown_key(parts.query, topic_parameter, limits); !key.empty()) return refused_key(key, "a query key must be topic");
  return parse_target(parts, limits);
}

}  // namespace codec
