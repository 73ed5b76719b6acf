// Topic names in request targets: percent-decoding, validation, `?topic=a&topic=b` (docs/protocols.md).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "native/codec/http1/http1.h"
#include "native/codec/text/replay_wish.h"

namespace codec {

struct TopicLimits {
  std::size_t topic_bytes_max = 200;  // 1..1024
  std::size_t topics_max = 64;        // topics of one connection
  bool token_in_query = false;        // a key `token` is a credential, and no business of the parser's
};

struct TopicsParsed {
  bool ok = false;
  std::vector<std::string> topics;  // at least one when ok; duplicates removed, first mention first
  std::vector<ReplayWish> wishes;   // of a subscriber: one a topic; empty: all begin with what is published from now on
  bool envelope = false;            // of a subscriber: each publication is to say its place
  HttpRefusal refusal;              // 400 with the reason when not ok

  ReplayWish wish(std::size_t topic) const { return wishes.empty() ? ReplayWish() : wishes[topic]; }
  bool wants_replay() const {
    return std::any_of(wishes.begin(), wishes.end(), [](const ReplayWish& each) { return each.from != ReplayWish::From::live; });
  }
};

/// True when `name` is 1..topic_bytes_max bytes of valid UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F).
bool is_valid_topic(std::string_view name, std::size_t topic_bytes_max);

/// A publisher names one topic by its path; `/` alone is `default`. Any query key is refused with 400, which names it.
TopicsParsed parse_publish_target(std::string_view target, const TopicLimits& limits);

/// A subscriber names topics by its path, by `?topic=` parameters or both; `/` without any is `default`, `/` with
/// some means only those. `since` (parse_since) or `last` (parse_last) say where it begins: once for all of them, or as often as topics are named,
/// in that order. `envelope=1` asks for frames that say their place. Any other query key is refused with 400, which names it: a client that asks for
/// what is not there must not believe that it has it. In a parameter's value `+` is a space, as forms encode it.
TopicsParsed parse_subscribe_target(std::string_view target, const TopicLimits& limits);

}  // namespace codec
