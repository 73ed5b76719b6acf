// See ledger.h.
#include "bench/load/ledger.h"

#include "native/base/check.h"

namespace load {

Ledger::Ledger(const LedgerShape& shape)
    : shape_(shape),
      messages_(std::size_t{shape.publishers} * shape.messages_each),
      next_(std::size_t{shape.subscribers} * shape.publishers),
      rank_sum_ns_(shape.subscribers + 1) {
  CHECK(shape.topics > 0);
}

void Ledger::record_send(std::uint32_t publisher, std::uint32_t sequence, std::uint64_t send_ns, std::uint32_t expected) {
  CHECK(publisher < shape_.publishers && sequence < shape_.messages_each);
  Message& message = messages_[std::size_t{publisher} * shape_.messages_each + sequence];
  CHECK(message.expected == 0);
  message.send_ns = send_ns;
  message.expected = expected;
  outstanding_ += expected;
  if (measuring_) ++ranked_;
}

Faults Ledger::close() {
  faults_.missing += outstanding_;
  outstanding_ = 0;
  return faults_;
}

std::vector<std::uint64_t> Ledger::rank_curve() const {
  std::vector<std::uint64_t> curve;
  if (ranked_ == 0) return curve;
  for (const std::uint64_t sum : rank_sum_ns_) {
    if (sum == 0) break;
    curve.push_back(sum / ranked_);
  }
  return curve;
}

}  // namespace load
