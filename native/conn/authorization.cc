#include "native/conn/authorization.h"

#include <algorithm>
#include <utility>

namespace conn {

AccessRef Authorization::find(topic::Use use, std::string_view fields) const {
  const auto found = std::find_if(known_.begin(), known_.end(), [&](const Known& each) { return each.use == use && each.fields == fields; });
  return found == known_.end() ? nullptr : found->access;
}

void Authorization::know(topic::Use use, std::string fields, AccessRef decided) {
  std::erase_if(known_, [&](const Known& each) { return each.use == use && each.fields == fields; });
  if (known_.size() >= known_max) known_.erase(known_.begin());
  known_.push_back({use, std::move(fields), std::move(decided)});
  find_end();
}

void Authorization::hold(codec::StreamKey stream, AccessRef held) {
  if (stream.slot >= holders_.size()) holders_.resize(stream.slot + 1);
  holders_[stream.slot] = {stream, std::move(held)};
}

const Access* Authorization::access_of(codec::StreamKey stream) const {
  if (stream.slot >= holders_.size() || holders_[stream.slot].stream != stream) return nullptr;
  return holders_[stream.slot].access.get();
}

void Authorization::find_end() {
  ends_ms_ = never_ms;
  for_each_access([&](const Access& each) { ends_ms_ = std::min(ends_ms_, each.ends_ms); });
}

std::vector<codec::StreamKey> Authorization::take_ended(std::int64_t now_ms) {
  std::vector<codec::StreamKey> ended;
  for (Holder& each : holders_) {
    if (!each.access || each.access->ends_ms > now_ms) continue;
    ended.push_back(each.stream);
    each = {};
  }
  std::erase_if(known_, [&](const Known& each) { return each.access->ends_ms <= now_ms; });
  find_end();
  return ended;
}

}  // namespace conn
