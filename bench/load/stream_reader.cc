// See stream_reader.h.
#include "bench/load/stream_reader.h"

namespace load {

StreamReader::Result StreamReader::read(const Wire& wire, StreamState& state, const std::uint8_t* at, const std::uint8_t* end,
                                        const Receipt& receipt, std::vector<std::uint8_t>& replies) {
  while (at != end) {
    if (state.payload_left != 0) {
      at = take_payload(state, at, end, receipt);
      continue;
    }
    if (state.tail_left != 0) {
      const auto taken = static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(state.tail_left, end - at));
      state.tail_left -= taken;
      at += taken;
      continue;
    }
    const Unit unit = wire.next(at, end, replies);
    const auto available = static_cast<std::uint64_t>(end - at);
    const bool message = unit.kind == Unit::Kind::message;
    const std::uint64_t needed = unit.head_bytes + (message ? std::min<std::uint64_t>(unit.payload_bytes, pattern_at) : 0);
    if (unit.kind == Unit::Kind::incomplete || available < needed) {
      if (available < StreamState::carry_bytes_max) break;
      if (ledger_) ledger_->record_protocol_fault();
      return {end, true};
    }
    if (unit.kind == Unit::Kind::broken && ledger_) ledger_->record_protocol_fault();
    if (unit.kind == Unit::Kind::closing && ledger_) ledger_->record_closed();
    if (unit.kind == Unit::Kind::broken || unit.kind == Unit::Kind::closing) return {end, true};
    at += unit.head_bytes;
    if (!message) continue;
    start_message(state, at, static_cast<std::uint32_t>(unit.payload_bytes));
    state.tail_left = unit.tail_bytes;
  }
  return {at};
}

void StreamReader::start_message(StreamState& state, const std::uint8_t* payload, std::uint32_t payload_bytes) {
  state.payload_bytes = state.payload_left = payload_bytes;
  state.counted = ledger_ != nullptr;
  state.verifying = state.corrupted = false;
  if (!state.counted || payload_bytes < payload_bytes_min || !read_head(payload, state.head)) {
    if (state.counted) ledger_->record_corrupted();
    if (!state.counted) ++skipped_;
    state.counted = false;
    return;
  }
  if (until_verify_-- == 0) {
    state.verifying = true;
    until_verify_ = verify_every_ - 1;
  }
}

const std::uint8_t* StreamReader::take_payload(StreamState& state, const std::uint8_t* at, const std::uint8_t* end,
                                              const Receipt& receipt) {
  const auto taken = static_cast<std::uint32_t>(std::min<std::uint64_t>(state.payload_left, static_cast<std::uint64_t>(end - at)));
  if (state.verifying) {
    const std::uint32_t offset = state.payload_bytes - state.payload_left;
    const std::uint32_t seen_in_head = offset < pattern_at ? std::min(taken, pattern_at - offset) : 0;
    state.corrupted |= taken > seen_in_head && !piece_matches(state.head, state.payload_bytes, at + seen_in_head,
                                                              offset + seen_in_head, taken - seen_in_head);
  }
  state.payload_left -= taken;
  if (state.payload_left == 0 && state.counted) {
    if (state.corrupted) {
      ledger_->record_corrupted();
    } else {
      ledger_->record_delivery(state.subscriber, state.head, receipt);
    }
  }
  return at + taken;
}

}  // namespace load
