// See grpc_codec.h: deadlines of calls (gRPC over HTTP/2, "Timeout"), counted from when the request has come. A client's own clock ends
// the call at its side; ours, if that never reaches us.
// Owner: the connection. Thread: its shard.
#include <algorithm>

#include "native/base/check.h"
#include "native/base/wrapping_time.h"
#include "native/codec/grpc/grpc_codec.h"

namespace codec {
namespace {

constexpr std::size_t kept_deadlines_max = 16;

}  // namespace

bool GrpcCodec::is_later(const Deadline& a, const Deadline& b) { return base::is_before(b.due_ms, a.due_ms); }

void GrpcCodec::set_deadline(StreamKey stream, Call& call, std::uint32_t due_ms) {
  CHECK(!call.has_deadline);
  call.has_deadline = true;
  ++deadline_calls_;
  deadlines_.push_back({due_ms, stream});
  std::push_heap(deadlines_.begin(), deadlines_.end(), is_later);
}

/// Of a call that is over. There are never many more of those in the heap than of the others.
void GrpcCodec::forget_deadline() {
  CHECK(deadline_calls_ > 0);
  --deadline_calls_;
  if (deadline_calls_ > 0 && deadlines_.size() < 2 * std::size_t{deadline_calls_} + kept_deadlines_max) return;
  std::erase_if(deadlines_, [&](const Deadline& each) { return find(each.stream) == nullptr; });
  std::make_heap(deadlines_.begin(), deadlines_.end(), is_later);
  if (deadlines_.empty() && deadlines_.capacity() > kept_deadlines_max) std::vector<Deadline>().swap(deadlines_);
}

std::optional<std::uint32_t> GrpcCodec::first_deadline_ms() const {
  return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.front().due_ms);
}

std::vector<StreamKey> GrpcCodec::overdue_deadlines() {
  std::vector<StreamKey> overdue;
  while (!deadlines_.empty() && base::is_due(deadlines_.front().due_ms, now_ms_)) {
    const StreamKey stream = deadlines_.front().stream;
    std::pop_heap(deadlines_.begin(), deadlines_.end(), is_later);
    deadlines_.pop_back();
    if (find(stream) != nullptr) overdue.push_back(stream);
  }
  return overdue;
}

}  // namespace codec
