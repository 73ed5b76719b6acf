#include "native/shard/address_limit.h"

#include "native/base/check.h"

namespace shard {

namespace {
/// Looked at for each connection that comes: so the number of those that linger falls.
constexpr int looked_at = 2;
}  // namespace

Admission AddressLimit::take(const os::Address& address, std::int64_t now_ns) {
  CHECK(!address.local);
  std::lock_guard guard(lock_);
  forget_some(now_ns);
  const auto place = counts_.try_emplace(address.limit_key()).first;
  Counts& counts = place->second;
  Admission admission = counts.connections >= connections_max_ + refusals_at_once_max ? Admission::beyond : Admission::within;
  if (admission == Admission::within) admission = take_handshake(counts, now_ns);
  if (!has_place(admission)) {
    if (counts.connections == 0 && !counts.lingers) let_linger(place, now_ns);
    return admission;
  }
  const bool over = counts.connections++ >= connections_max_;
  return over ? Admission::over : admission;
}

/// What is refused is not taken from the rate: who goes on too fast gets in as often as it may.
Admission AddressLimit::take_handshake(Counts& counts, std::int64_t now_ns) const {
  if (!handshakes_.limits()) return Admission::within;
  if (handshakes_.left(counts.handshakes_full_ns, now_ns) > 0) {
    counts.handshakes_full_ns = handshakes_.take(counts.handshakes_full_ns, now_ns, 1);
    return Admission::within;
  }
  if (handshakes_.left(counts.refusals_full_ns, now_ns) <= 0) return Admission::beyond_rate;
  counts.refusals_full_ns = handshakes_.take(counts.refusals_full_ns, now_ns, 1);
  return Admission::over_rate;
}

void AddressLimit::release(const os::Address& address, std::int64_t now_ns) {
  std::lock_guard guard(lock_);
  const auto place = counts_.find(address.limit_key());
  CHECK(place != counts_.end() && place->second.connections > 0);
  if (--place->second.connections == 0 && !place->second.lingers) let_linger(place, now_ns);
}

std::size_t AddressLimit::size() {
  std::lock_guard guard(lock_);
  return counts_.size();
}

bool AddressLimit::owes(const Counts& counts, std::int64_t now_ns) const {
  return handshakes_.limits() && (counts.handshakes_full_ns > now_ns || counts.refusals_full_ns > now_ns);
}

/// It has no connection any more. Forgotten at once, it could begin anew with a full bucket each time.
void AddressLimit::let_linger(Places::iterator place, std::int64_t now_ns) {
  if (!owes(place->second, now_ns)) {
    counts_.erase(place);
    return;
  }
  place->second.lingers = true;
  lingering_.push_back(place);
  if (lingering_.size() > lingering_max) forget_first();
}

void AddressLimit::forget_some(std::int64_t now_ns) {
  for (int left = looked_at; left > 0 && !lingering_.empty(); --left) {
    const Counts& first = lingering_.front()->second;
    if (first.connections == 0 && owes(first, now_ns)) {
      lingering_.push_back(lingering_.front());
      lingering_.pop_front();
    } else {
      forget_first();
    }
  }
}

/// Who has come again meanwhile stays.
void AddressLimit::forget_first() {
  const Places::iterator place = lingering_.front();
  lingering_.pop_front();
  place->second.lingers = false;
  if (place->second.connections == 0) counts_.erase(place);
}

}  // namespace shard
