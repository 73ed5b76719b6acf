// From where in a topic a subscriber wants to begin, as clients say it.
// Owner: nobody, values and pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace codec {

/// Offsets are numbers of JavaScript too.
inline constexpr std::uint64_t offset_max = (std::uint64_t{1} << 53) - 1;

struct ReplayWish {
  enum class From : std::uint8_t {
    live,       // with what is published from now on
    since,      // with the publication of `offset` in `epoch`
    last,       // with the newest `last`
    beginning,  // with the first that the topic ever had in its epoch
  };
  From from = From::live;
  std::string epoch;
  std::uint64_t offset = 0;
  std::uint32_t last = 0;
};

/// What everybody has who has everything before `next_offset`: `<epoch>-<offset>` of the publication before it, `<epoch>--1` when there is
/// none.
std::string position_text(std::string_view epoch, std::uint64_t next_offset);

/// A position (what its holder has: the next one is wanted), `beginning`, or `live` or nothing. Nothing when it is none of them: an epoch is 8
/// to 32 characters of [0-9A-Za-z_], an offset has no leading zeros and is at most 2^53 - 1.
std::optional<ReplayWish> parse_since(std::string_view text);
/// 1 to 4,294,967,295, or nothing for none.
std::optional<ReplayWish> parse_last(std::string_view text);

}  // namespace codec
