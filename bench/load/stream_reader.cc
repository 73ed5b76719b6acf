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
    const std::uint64_t needed = unit.head_bytes + (message ? std::min<std::uint64_t>(unit.payload_bytes, unit.form->pattern_at()) : 0);
    if (unit.kind == Unit::Kind::incomplete || available < needed) {
      if (available < StreamState::carry_bytes_max) break;
      return {end, take_fault({.kind = Unit::Kind::broken})};
    }
    at += unit.head_bytes;
    if (message) [[likely]] {
      state.form = unit.form;
      start_message(state, at, static_cast<std::uint32_t>(unit.payload_bytes));
      state.tail_left = unit.tail_bytes;
      continue;
    }
    if (unit.kind >= Unit::Kind::taken) ++state.answers;
    if (const End stop = take_fault(unit); stop != End::none) return {end, stop};
  }
  return {at};
}

/// Counts what is one; returns whether the stream ends here.
StreamReader::End StreamReader::take_fault(const Unit& unit) {
  switch (unit.kind) {
    case Unit::Kind::closing:
      if (ledger_) ledger_->record_closed();
      return End::ended;
    case Unit::Kind::broken:
      if (ledger_) ledger_->record_protocol_fault();
      return End::ended;
    case Unit::Kind::refused:
      if (ledger_) ledger_->record_refused();
      return End::none;
    case Unit::Kind::taken_last:
      return End::announced;
    default:
      return End::none;
  }
}

void StreamReader::start_message(StreamState& state, const std::uint8_t* payload, std::uint32_t payload_bytes) {
  state.payload_bytes = state.payload_left = payload_bytes;
  state.counted = ledger_ != nullptr && messages_ == Messages::counted;
  state.verifying = state.corrupted = false;
  if (!state.counted) return;
  const bool plain = state.form == &plain_form;
  const bool ours = payload_bytes >= state.form->bytes_min() &&
                    (plain ? read_head<plain_form>(payload, state.head) : read_head<quoted_form>(payload, state.head));
  if (!ours) {
    ledger_->record_corrupted();
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
    const std::uint32_t pattern_from = state.form->pattern_at();
    const std::uint32_t seen_in_head = offset < pattern_from ? std::min(taken, pattern_from - offset) : 0;
    state.corrupted |= taken > seen_in_head && !piece_matches(*state.form, state.head, state.payload_bytes, at + seen_in_head,
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
