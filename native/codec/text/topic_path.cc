// See topic_path.h.
// Owner: nobody. Thread: any.
#include "native/codec/text/topic_path.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "native/codec/http1/http_text.h"
#include "native/codec/text/utf8.h"

namespace codec {
namespace {

constexpr std::string_view default_topic = "default";
constexpr std::string_view topic_parameter = "topic";
constexpr std::string_view token_parameter = "token";
constexpr std::string_view subscriber_parameters[] = {"topic", "since", "last", "envelope"};
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

/// Where topics that a target names stand in TopicsParsed::topics, by mention: what stands beside them is by mention too.
using Mentions = std::vector<std::size_t>;

/// Decodes, validates and adds one topic; returns why not, or nothing.
std::optional<std::string_view> add_topic(std::string_view encoded, PlusSign plus, const TopicLimits& limits, std::vector<std::string>& topics,
                                          Mentions& mentions) {
  auto topic = percent_decode(encoded, plus);
  if (!topic) return "a % in a topic is not followed by two hexadecimal digits";
  if (!is_valid_topic(*topic, limits.topic_bytes_max)) return invalid_topic;
  const auto found = std::find(topics.begin(), topics.end(), *topic);
  mentions.push_back(static_cast<std::size_t>(found - topics.begin()));
  if (found != topics.end()) return std::nullopt;
  if (topics.size() >= limits.topics_max) return "too many topics for one connection";
  topics.push_back(std::move(*topic));
  return std::nullopt;
}

/// The value of `parameter` when it is a `key=…` (or a bare `key`, whose value is empty).
std::optional<std::string_view> value_of(std::string_view parameter, std::string_view key) {
  const std::size_t equals = parameter.find('=');
  if (key_of(parameter) != key) return std::nullopt;
  return equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
}

/// The first key that is not `allowed`; empty when there is none. An empty part (`a&&b`, a lone `?`) is no parameter.
std::string_view unknown_key(std::string_view query, std::span<const std::string_view> allowed, const TopicLimits& limits) {
  std::string_view found;
  for_each_part(query, '&', [&](std::string_view part) {
    if (limits.token_in_query && key_of(part) == token_parameter) return true;
    if (part.starts_with('=')) found = part.substr(0, 1);
    else if (!part.empty() && std::find(allowed.begin(), allowed.end(), key_of(part)) == allowed.end()) found = key_of(part);
    return found.empty();
  });
  return found;
}

/// The topics of path and query, in that order; the path `/` names none.
TopicsParsed parse_target(const Target& target, const TopicLimits& limits, Mentions& mentions) {
  TopicsParsed parsed;
  std::optional<std::string_view> problem;
  if (target.path != "/") problem = add_topic(target.path.substr(1), PlusSign::is_plus, limits, parsed.topics, mentions);
  if (problem) return refused(*problem);
  for_each_part(target.query, '&', [&](std::string_view part) {
    // A form encodes a space as `+` (URLSearchParams does); in a path `+` is itself.
    if (const auto value = value_of(part, topic_parameter)) problem = add_topic(*value, PlusSign::is_space, limits, parsed.topics, mentions);
    return !problem;
  });
  if (problem) return refused(*problem);
  if (parsed.topics.empty()) {
    parsed.topics.emplace_back(default_topic);
    mentions.push_back(0);
  }
  parsed.ok = true;
  return parsed;
}

// Where a subscriber begins.

using ParseWish = std::optional<ReplayWish> (*)(std::string_view text);

/// The wishes of one key, in the query's order; nothing when one is malformed.
std::optional<std::vector<ReplayWish>> wishes_of(std::string_view query, std::string_view key, ParseWish parse) {
  std::vector<ReplayWish> wishes;
  const bool sound = for_each_part(query, '&', [&](std::string_view part) {
    const auto value = value_of(part, key);
    if (!value) return true;
    const auto text = percent_decode(*value, PlusSign::is_plus);
    const auto wish = text ? parse(*text) : std::nullopt;
    if (wish) wishes.push_back(*wish);
    return wish.has_value();
  });
  return sound ? std::optional(std::move(wishes)) : std::nullopt;
}

/// Gives each topic the wish that its first mention has; one alone is that of all. Returns why not, or nothing.
std::optional<std::string_view> give_wishes(const std::vector<ReplayWish>& wishes, const Mentions& mentions, std::vector<ReplayWish>& by_topic) {
  if (wishes.empty()) return std::nullopt;
  if (wishes.size() != 1 && wishes.size() != mentions.size()) return "since, or last, must be said once, or once for each topic";
  for (std::size_t mention = mentions.size(); mention-- > 0;) {
    const ReplayWish& wish = wishes.size() == 1 ? wishes.front() : wishes[mention];
    if (wish.from == ReplayWish::From::live) continue;
    ReplayWish& given = by_topic[mentions[mention]];
    if (given.from != ReplayWish::From::live && given.from != wish.from) return "a topic must have since or last, not both";
    given = wish;
  }
  return std::nullopt;
}

std::optional<std::string_view> parse_wishes(std::string_view query, const Mentions& mentions, TopicsParsed& parsed) {
  const auto since = wishes_of(query, "since", parse_since);
  if (!since) return "since must be <epoch>-<offset>, beginning, or live";
  const auto last = wishes_of(query, "last", parse_last);
  if (!last) return "last must be a number from 1 on";
  if (since->empty() && last->empty()) return std::nullopt;
  parsed.wishes.resize(parsed.topics.size());
  if (const auto problem = give_wishes(*since, mentions, parsed.wishes)) return problem;
  return give_wishes(*last, mentions, parsed.wishes);
}

/// What a subscriber asks for besides topics.
std::optional<std::string_view> parse_asked(std::string_view query, const Mentions& mentions, TopicsParsed& parsed) {
  const bool sound = for_each_part(query, '&', [&](std::string_view part) {
    const auto value = value_of(part, "envelope");
    if (value) parsed.envelope = *value == "1";
    return !value || *value == "1" || *value == "0";
  });
  if (!sound) return "envelope must be 1 or 0";
  return parse_wishes(query, mentions, parsed);
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
  Mentions mentions;
  return parse_target(parts, limits, mentions);
}

TopicsParsed parse_subscribe_target(std::string_view target, const TopicLimits& limits) {
  if (const auto problem = check_form(target)) return refused(*problem);
  const Target parts = split_target(target);
  if (const auto key = unknown_key(parts.query, subscriber_parameters, limits); !key.empty()) {
    return refused_key(key, "a query key must be topic, since, last or envelope");
  }
  Mentions mentions;
  TopicsParsed parsed = parse_target(parts, limits, mentions);
  if (!parsed.ok) return parsed;
  if (const auto problem = parse_asked(parts.query, mentions, parsed)) return refused(*problem);
  return parsed;
}

}  // namespace codec
