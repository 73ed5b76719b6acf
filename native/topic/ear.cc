#include "native/topic/ear.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace topic {

Ear::PutResult Ear::put(const HeardRef& heard) {
  std::vector<HeardRef> garbage;  // freed outside the lock
  const std::size_t bytes = heard->payload.size();
  std::lock_guard guard(lock_);
  if (closed_) return {};
  const std::uint64_t before = dropped_;
  if (bytes > limits_.bytes_max) {
    ++dropped_;
    ++dropped_last_;
    return {1, false};
  }
  while (!fits(bytes)) drop_oldest(garbage);
  queue_.push_back({heard, std::exchange(dropped_last_, 0)});
  bytes_ += bytes;
  return {dropped_ - before, !std::exchange(woken_, true)};
}

void Ear::drop_oldest(std::vector<HeardRef>& garbage) {
  Hearing& oldest = queue_.front();
  bytes_ -= oldest.heard->payload.size();
  const std::uint64_t passed_on = oldest.dropped + 1;
  garbage.push_back(std::move(oldest.heard));
  queue_.pop_front();
  (queue_.empty() ? dropped_last_ : queue_.front().dropped) += passed_on;
  ++dropped_;
}

bool Ear::take(std::size_t max, std::vector<Hearing>& into) {
  std::lock_guard guard(lock_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(max, queue_.size()));
  for (auto each = queue_.begin(); each != queue_.begin() + count; ++each) bytes_ -= each->heard->payload.size();
  into.insert(into.end(), std::move_iterator(queue_.begin()), std::move_iterator(queue_.begin() + count));
  queue_.erase(queue_.begin(), queue_.begin() + count);
  woken_ = !queue_.empty();
  return queue_.empty();
}

void Ear::close() {
  std::deque<Hearing> garbage;  // freed outside the lock
  std::lock_guard guard(lock_);
  closed_ = true;
  garbage.swap(queue_);
  bytes_ = 0;
}

std::uint64_t Ear::dropped() {
  std::lock_guard guard(lock_);
  return dropped_;
}

}  // namespace topic
