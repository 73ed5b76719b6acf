// Who received what: every delivery is checked against what was sent (missing, duplicated, out of order, corrupted,
// misrouted) and stamped into its message's record (first and last receipt).
// Owner: the scenario. Thread: the load thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/payload.h"

namespace load {

/// When bytes arrived, both on the clock of the sends.
struct Receipt {
  std::uint64_t now = 0;     // as this process saw it
  std::uint64_t kernel = 0;  // as the kernel took the last of these bytes from the network; 0 when not asked for
};

struct Message {
  std::uint64_t send_ns = 0;
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  std::uint64_t kernel_first_ns = UINT64_MAX;
  std::uint64_t kernel_last_ns = 0;
  std::uint32_t received = 0;
  std::uint32_t expected = 0;  // 0: not sent yet
};

struct Faults {
  std::uint64_t missing = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t misrouted = 0;
  std::uint64_t closed = 0;    // connections the server ended during the run
  std::uint64_t protocol = 0;  // frames a server must not send
  std::uint64_t refused = 0;   // publications the server answered with an error

  std::uint64_t sum() const {
    return missing + duplicated + out_of_order + corrupted + misrouted + closed + protocol + refused;
  }
};

struct LedgerShape {
  std::uint32_t publishers;
  std::uint32_t messages_each;  // sequence numbers run from 0 to this
  std::uint32_t subscribers;
  std::uint32_t topics;  // publisher p and subscriber s belong to topics p % topics and s % topics
};

class Ledger {
 public:
  explicit Ledger(const LedgerShape& shape);

  /// Deliveries from here on count into the delivery histogram and the rank curve.
  void start_measuring() { measuring_ = true; }

  void record_send(std::uint32_t publisher, std::uint32_t sequence, std::uint64_t send_ns, std::uint32_t expected);

  /// One complete message has arrived at `subscriber`.
  inline void record_delivery(std::uint32_t subscriber, const PayloadHead& head, const Receipt& receipt);

  void record_corrupted() { ++faults_.corrupted; }
  void record_closed() { ++faults_.closed; }
  void record_protocol_fault() { ++faults_.protocol; }
  void record_refused() { ++faults_.refused; }

  bool faulty() const { return faults_.sum() != 0; }
  /// Deliveries still to come for everything sent so far.
  std::uint64_t outstanding() const { return outstanding_; }
  std::uint64_t deliveries() const { return deliveries_; }
  /// Ends the counting: what is outstanding now is missing.
  Faults close();

  const Message& message(std::uint32_t publisher, std::uint32_t sequence) const {
    return messages_[std::size_t{publisher} * shape_.messages_each + sequence];
  }
  const LedgerShape& shape() const { return shape_; }
  const Histogram& delivery_ns() const { return delivery_ns_; }
  /// Mean receipt time after the send of the k-th receipt of a message, in ns; empty when nothing was measured.
  std::vector<std::uint64_t> rank_curve() const;

 private:
  LedgerShape shape_;
  std::vector<Message> messages_;
  std::vector<std::uint32_t> next_;  // [subscriber][publisher]: the sequence number expected next
  std::vector<std::uint64_t> rank_sum_ns_;
  std::uint64_t ranked_ = 0;
  Histogram delivery_ns_;
  Faults faults_;
  std::uint64_t outstanding_ = 0;
  std::uint64_t deliveries_ = 0;
  bool measuring_ = false;
};

inline void Ledger::record_delivery(std::uint32_t subscriber, const PayloadHead& head, const Receipt& receipt) {
  if (head.publisher >= shape_.publishers || head.sequence >= shape_.messages_each) {
    ++faults_.corrupted;
    return;
  }
  Message& message = messages_[std::size_t{head.publisher} * shape_.messages_each + head.sequence];
  if (message.expected == 0 || message.send_ns != head.send_ns) {
    ++faults_.corrupted;
    return;
  }
  if (head.publisher % shape_.topics != subscriber % shape_.topics) {
    ++faults_.misrouted;
    return;
  }
  std::uint32_t& next = next_[std::size_t{subscriber} * shape_.publishers + head.publisher];
  if (head.sequence != next) [[unlikely]] {
    if (head.sequence < next) {
      ++(head.sequence + 1 == next ? faults_.duplicated : faults_.out_of_order);
      return;
    }
    // A gap: what was jumped over stays outstanding and ends as missing.
  }
  next = head.sequence + 1;
  const std::uint64_t now = receipt.now;
  if (receipt.kernel != 0) {
    message.kernel_first_ns = std::min(message.kernel_first_ns, receipt.kernel);
    message.kernel_last_ns = std::max(message.kernel_last_ns, receipt.kernel);
  }
  if (message.received == 0) message.first_ns = now;
  message.last_ns = now;
  if (measuring_) {
    delivery_ns_.add(now - message.send_ns);
    rank_sum_ns_[message.received] += now - message.send_ns;
  }
  ++message.received;
  ++deliveries_;
  --outstanding_;
}

}  // namespace load
