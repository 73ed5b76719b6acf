// See frame_reader.h.
#include "bench/load/frame_reader.h"

#include "native/base/check.h"

namespace load {
namespace {

struct FrameHead {
  std::uint32_t bytes = 0;  // 0: not all there yet
  std::uint64_t payload_bytes = 0;
  Opcode opcode = Opcode::text;
  bool allowed = true;  // final, unmasked, no reserved bits, an opcode a server may send here
};

FrameHead read_frame_head(const std::uint8_t* at, const std::uint8_t* end) {
  FrameHead head;
  const auto available = static_cast<std::size_t>(end - at);
  if (available < 2) return head;
  const std::uint32_t length_bytes = (at[1] & 0x7f) < 126 ? 0 : (at[1] & 0x7f) == 126 ? 2 : 8;
  if (available < 2 + length_bytes) return head;
  head.bytes = 2 + length_bytes;
  head.payload_bytes = at[1] & 0x7f;
  if (length_bytes != 0) head.payload_bytes = 0;
  for (std::uint32_t i = 0; i < length_bytes; ++i) head.payload_bytes = head.payload_bytes << 8 | at[2 + i];
  head.opcode = static_cast<Opcode>(at[0] & 0x0f);
  const bool control = (at[0] & 0x08) != 0;
  const bool known = control ? head.opcode <= Opcode::pong && head.payload_bytes <= 125
                             : head.opcode == Opcode::text || head.opcode == Opcode::binary;
  head.allowed = (at[0] & 0xf0) == 0x80 && (at[1] & 0x80) == 0 && known && head.payload_bytes <= UINT32_MAX;
  return head;
}

}  // namespace

const std::uint8_t* FrameReader::read(StreamState& state, const std::uint8_t* at, const std::uint8_t* end,
                                      std::uint64_t now, ControlFrames& control) {
  while (at != end) {
    if (state.payload_left != 0) {
      at = take_payload(state, at, end, now);
      continue;
    }
    const FrameHead head = read_frame_head(at, end);
    if (head.bytes == 0) break;
    if (!head.allowed) {
      if (ledger_) ledger_->record_protocol_fault();
      return nullptr;
    }
    const std::uint8_t* payload = at + head.bytes;
    const auto available = static_cast<std::uint64_t>(end - payload);
    if (head.opcode >= Opcode::close) {
      if (available < head.payload_bytes) break;
      if (head.opcode == Opcode::ping) control.on_ping({payload, static_cast<std::size_t>(head.payload_bytes)});
      if (head.opcode == Opcode::close) control.on_close();
      at = payload + head.payload_bytes;
      continue;
    }
    if (available < std::min<std::uint64_t>(head.payload_bytes, pattern_at)) break;
    start_message(state, payload, static_cast<std::uint32_t>(head.payload_bytes));
    at = payload;
  }
  CHECK(end - at < static_cast<std::ptrdiff_t>(StreamState::carry_bytes_max));
  return at;
}

void FrameReader::start_message(StreamState& state, const std::uint8_t* payload, std::uint32_t payload_bytes) {
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

const std::uint8_t* FrameReader::take_payload(StreamState& state, const std::uint8_t* at, const std::uint8_t* end,
                                              std::uint64_t now) {
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
      ledger_->record_delivery(state.subscriber, state.head, now);
    }
  }
  return at + taken;
}

}  // namespace load
