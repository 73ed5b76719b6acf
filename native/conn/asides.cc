// See asides.h.
// Owner: a shard's FanOut. Thread: that shard.
#include "native/conn/asides.h"

#include <algorithm>

namespace conn {

void Asides::add_gap(std::size_t subscription, std::uint64_t first, std::uint64_t resume, std::uint64_t skipped) {
  const auto waiting = std::find_if(gaps_.begin(), gaps_.end(), [&](const Skip& each) { return each.subscription == subscription; });
  if (waiting == gaps_.end()) {
    gaps_.push_back({subscription, first, resume, skipped});
    return;
  }
  waiting->resume = resume;
  waiting->skipped += skipped;
}

void Asides::say_gaps(Connection& connection) {
  const codec::Encoding& encoding = codec::encoding(connection.encoding);
  for (const Skip& skip : gaps_) {
    const topic::Topic& topic = *connection.subscriptions[skip.subscription].slice->topic;
    const std::string text = encoding.gap({topic.name(), topic.epoch(), skip.first, skip.resume - 1, skip.skipped});
    if (!text.empty()) connection.outbound_for_writing().append(base::bytes_of(text));
  }
  gaps_.clear();
}

void Asides::pass_seams(Connection& connection) {
  for (; !seams_.empty(); seams_.pop_front()) {
    const Seam& seam = seams_.front();
    const Subscription& subscription = connection.subscriptions[seam.subscription];
    if (subscription.slice->subscribers[subscription.index].cursor < seam.position) break;
    if (!seam.text.empty()) connection.outbound_for_writing().append(base::bytes_of(seam.text));
  }
}

}  // namespace conn
