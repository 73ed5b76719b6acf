#include "native/codec/responder/responder_codec.h"

#include <cstring>

namespace codec {

namespace {
/// Room that a connection keeps between two lines of which each came in parts.
constexpr std::size_t room_kept_max = 4096;
constexpr Decoded too_long{DecodeStatus::failed, Ending::too_big, "the line is too long"};
}  // namespace

Decoded RawCodec::decode(base::MutableBytes in, RequestSink& sink) {
  if (!in.empty()) sink.on_request(in);
  return {};
}

Decoded LineCodec::decode(base::MutableBytes in, RequestSink& sink) {
  const bool fresh = kept_.empty();
  if (!fresh) kept_.insert(kept_.end(), in.begin(), in.end());
  const base::Bytes all = fresh ? base::Bytes(in) : base::Bytes(kept_);
  const Taken taken = take_lines(all, scanned_, sink);
  if (taken.too_long) return too_long;
  anew_ = fresh || taken.bytes > 0;
  if (fresh) {
    kept_.assign(all.begin() + static_cast<std::ptrdiff_t>(taken.bytes), all.end());
  } else {
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(taken.bytes));
  }
  scanned_ = taken.flow == Flow::go_on ? kept_.size() : 0;
  if (kept_.empty() && kept_.capacity() > room_kept_max) std::vector<std::uint8_t>().swap(kept_);  // `= {}` would keep the room
  return {};
}

LineCodec::Taken LineCodec::take_lines(base::Bytes in, std::size_t scanned, RequestSink& sink) {
  Taken taken;
  while (taken.flow == Flow::go_on) {
    const base::Bytes rest = in.subspan(taken.bytes);
    const void* const end = scanned < rest.size() ? std::memchr(rest.data() + scanned, '\n', rest.size() - scanned) : nullptr;
    const std::size_t length = end == nullptr ? rest.size() : static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - rest.data());
    taken.too_long = length > line_bytes_max;
    if (taken.too_long || end == nullptr) return taken;
    taken.flow = sink.on_request(rest.first(length + 1));
    taken.bytes += length + 1;
    scanned = 0;
  }
  return taken;
}

std::unique_ptr<Codec> make_raw_responder(const WebSocketLimits&) { return std::make_unique<RawCodec>(); }
std::unique_ptr<Codec> make_line_responder(const WebSocketLimits&) { return std::make_unique<LineCodec>(); }

}  // namespace codec
