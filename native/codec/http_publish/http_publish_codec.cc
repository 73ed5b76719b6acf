#include "native/codec/http_publish/http_publish_codec.h"

#include <algorithm>
#include <utility>

#include "native/base/check.h"
#include "native/codec/text/utf8.h"

namespace codec {

namespace {
/// Room that a connection keeps between two requests of which each came in parts.
constexpr std::size_t room_kept_max = 4096;

void empty(std::vector<std::uint8_t>& bytes) {
  bytes.clear();
  if (bytes.capacity() > room_kept_max) std::vector<std::uint8_t>().swap(bytes);  // `= {}` would keep the room
}
}  // namespace

Decoded HttpPublishCodec::decode(base::MutableBytes in, PostSink& sink) {
  anew_ = part_ == Part::head && kept_.empty();
  base::Bytes bytes = in;
  if (!kept_.empty()) {
    kept_.insert(kept_.end(), in.begin(), in.end());
    bytes = kept_;
  }
  Step step = Step::go_on;
  while (step == Step::go_on && (!bytes.empty() || part_ == Part::kept)) step = this->step(bytes, sink);
  return settle(step, bytes, in.size());
}

/// `bytes`: what is left. All but a head that is not whole, or not taken, stands at the end of `in`: what was kept of a head is not the end of
/// one.
Decoded HttpPublishCodec::settle(Step step, base::Bytes bytes, std::size_t in_bytes) {
  const bool keeps = part_ == Part::head && !bytes.empty() && (step == Step::more || (step == Step::hand_back && bytes.size() > in_bytes));
  if (keeps && kept_.empty()) kept_.assign(bytes.begin(), bytes.end());
  else if (keeps) kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  else empty(kept_);
  Decoded decoded;
  if (step == Step::end) decoded.status = DecodeStatus::closed;
  if (step == Step::wait || (step == Step::hand_back && !keeps)) decoded.left = bytes.size();
  CHECK(decoded.left <= in_bytes);
  return decoded;
}

HttpPublishCodec::Step HttpPublishCodec::step(base::Bytes& bytes, PostSink& sink) {
  switch (part_) {
    case Part::head: return take_head(bytes, sink);
    case Part::length: return take_length(bytes, sink);
    case Part::chunks: return take_chunks(bytes, sink);
    case Part::kept: return give(body_, sink);
  }
  CHECK(!"a part of a request that is none");
  return Step::end;
}

HttpPublishCodec::Step HttpPublishCodec::take_head(base::Bytes& bytes, PostSink& sink) {
  const HttpParsed parsed = parse_http_request(bytes, std::exchange(scanned_, 0), http_);
  if (parsed.status == HttpParseStatus::incomplete) {
    scanned_ = parsed.scanned;
    return Step::more;
  }
  if (parsed.status == HttpParseStatus::refused) {
    head_.closes = true;
    head_.origin_headers.clear();
    return refuse(parsed.refusal, sink);
  }
  if (!sink.takes(parsed.request)) return Step::hand_back;
  bytes = bytes.subspan(parsed.consumed);
  return begin_body(parsed.request, bytes, sink);
}

HttpPublishCodec::Step HttpPublishCodec::begin_body(const HttpRequest& request, base::Bytes& bytes, PostSink& sink) {
  head_.closes = request.minor_version == 0 || lists_token(request, "Connection", "close");
  auto refusal = sink.on_head(request, head_);
  auto of_body = read_post_head(request, body_bytes_max_, head_, coming_);
  if (of_body) return refuse_head(request, *of_body, bytes, sink);
  if (refusal) return refuse_head(request, *refusal, bytes, sink);
  if (!coming_.chunked && coming_.bytes <= bytes.size()) {
    const base::Bytes payload = bytes.first(static_cast<std::size_t>(coming_.bytes));
    bytes = bytes.subspan(payload.size());
    return give(payload, sink);
  }
  if (coming_.expects_continue && bytes.empty()) sink.on_continue();
  body_left_ = coming_.bytes;
  part_ = coming_.chunked ? Part::chunks : Part::length;
  if (coming_.chunked) chunks_.begin(static_cast<std::size_t>(body_bytes_max_));
  return Step::go_on;
}

/// Where the next request begins is known only when all of this one is here.
HttpPublishCodec::Step HttpPublishCodec::refuse_head(const HttpRequest& request, const HttpRefusal& refusal, base::Bytes& bytes, PostSink& sink) {
  const bool whole = !announces_body(request) || (!coming_.chunked && coming_.bytes <= bytes.size());
  if (whole) bytes = bytes.subspan(static_cast<std::size_t>(coming_.bytes));
  head_.closes = head_.closes || !whole;
  return refuse(refusal, sink);
}

HttpPublishCodec::Step HttpPublishCodec::take_length(base::Bytes& bytes, PostSink& sink) {
  const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
  body_.insert(body_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
  bytes = bytes.subspan(part);
  body_left_ -= part;
  return body_left_ > 0 ? Step::more : give(body_, sink);
}

HttpPublishCodec::Step HttpPublishCodec::take_chunks(base::Bytes& bytes, PostSink& sink) {
  if (const auto refusal = chunks_.decode(bytes, body_)) {
    head_.closes = true;
    return refuse(*refusal, sink);
  }
  return chunks_.done() ? give(body_, sink) : Step::more;
}

HttpPublishCodec::Step HttpPublishCodec::give(base::Bytes payload, PostSink& sink) {
  const bool utf8 = head_.body != BodyKind::binary && base::is_valid_utf8(payload);
  if (head_.body == BodyKind::text && !utf8) return refuse({400, "the body must be UTF-8 text, as its content-type says, or of another type"}, sink);
  const PostFlow flow = sink.on_post({head_, utf8 ? PayloadKind::text : PayloadKind::binary, payload});
  if (flow == PostFlow::again) {
    if (part_ == Part::head) body_.assign(payload.begin(), payload.end());
    part_ = Part::kept;
    return Step::wait;
  }
  const Step step = finish();
  return step == Step::go_on && flow == PostFlow::wait ? Step::wait : step;
}

HttpPublishCodec::Step HttpPublishCodec::refuse(const HttpRefusal& refusal, PostSink& sink) {
  HttpRefusal told = refusal;
  told.closes = head_.closes;
  sink.on_refused(head_, told);
  return finish();
}

HttpPublishCodec::Step HttpPublishCodec::finish() {
  part_ = Part::head;
  empty(body_);
  anew_ = true;
  return head_.closes ? Step::end : Step::go_on;
}

Unfinished HttpPublishCodec::unfinished() const {
  const bool any = part_ == Part::head ? !kept_.empty() : part_ != Part::kept;
  return {any, anew_, kept_.capacity() + body_.capacity() + chunks_.kept_bytes()};
}

}  // namespace codec
