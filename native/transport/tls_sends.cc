// The half of the TLS transport that sends: records, one at a time or many in one batch, and what becomes of what the kernel does not take.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "native/base/check.h"
#include "native/transport/tls.h"
#include "native/transport/tls_session.h"

namespace transport {

using openssl::functions;
using os::IoOutcome;
using os::IoResult;

namespace {

/// What a client may keep us from sending of answers to what it says, such as key updates.
constexpr std::size_t unsent_bytes_max = 64 * 1024;
/// Of records that wait for their batch; beside them there is room for one more, and the end of a key before it.
constexpr std::size_t held_bytes_max = 256 * 1024;
constexpr std::size_t sealed_bytes_max = TlsRecords::plain_bytes_max + 4 * TlsRecords::overhead_bytes;

}  // namespace

/// What OpenSSL has written goes out, behind what the kernel has not taken.
void Tls::flush(Session& s) {
  if (s.held) submit();
  if (!wire_->out.empty()) hand_to_kernel(s, wire_->out);
}

void Tls::hand_to_kernel(Session& s, base::Bytes out) {
  const IoResult result = s.has_unsent() ? IoResult{IoOutcome::would_block, 0, 0} : kernel_.send(s.fd, out);
  keep_unsent(s, out, result);
}

/// What the kernel made of `out`; the rest waits.
void Tls::keep_unsent(Session& s, base::Bytes out, const IoResult& result) {
  if (result.outcome == IoOutcome::failed) {
    s.failed = true;
    return;
  }
  out = out.subspan(result.bytes);
  if (out.empty() || s.is_over()) return;
  if (s.unsent.size() - s.sent + out.size() > unsent_bytes_max) return fail(s, TlsReason::other);
  s.unsent.insert(s.unsent.end(), out.begin(), out.end());
}

/// False when some is left.
bool Tls::send_unsent(Session& s) {
  while (s.has_unsent()) {
    const IoResult result = kernel_.send(s.fd, base::Bytes(s.unsent).subspan(s.sent));
    if (result.outcome == IoOutcome::failed) s.failed = true;
    if (result.outcome != IoOutcome::ok) return false;
    s.sent += result.bytes;
  }
  s.sent = 0;
  std::vector<std::uint8_t>().swap(s.unsent);
  return true;
}

IoResult Tls::send(int fd, base::Bytes bytes) {
  const os::Piece piece{bytes.data(), bytes.size()};
  return send_gather(fd, {&piece, bytes.empty() ? 0u : 1u});
}

IoResult Tls::send_gather(int fd, std::span<const os::Piece> pieces) {
  Session& s = session(fd);
  if (s.held) submit();
  const bool free = !s.failed && send_unsent(s);
  if (s.failed) return {IoOutcome::failed, 0, EPROTO};
  if (!free) return {IoOutcome::would_block, 0, 0};
  if (pieces.empty()) return {};
  CHECK(s.ready && !s.said_end);
  const bool holds = holding_ && s.traffic != nullptr;
  if (holds && held_.size() + sealed_bytes_max > held_bytes_max) submit();
  if (holds) held_.reserve(held_bytes_max);
  std::vector<std::uint8_t>& out = holds ? held_ : wire_->out;
  if (!holds) out.clear();
  const std::size_t at = out.size();
  const std::size_t written = s.traffic != nullptr ? seal(s, pieces, out) : write(s, pieces);
  if (s.failed) return {IoOutcome::failed, 0, EPROTO};
  if (holds) {
    ops_.push_back({fd, static_cast<std::uint32_t>(out.size() - at), out.data() + at, -1, 0, {}});
    s.held = true;
  } else {
    flush(s);
  }
  if (s.failed) return {IoOutcome::failed, 0, EPROTO};
  return {IoOutcome::ok, written, 0};
}

void Tls::release() {
  holding_ = false;
  submit();
}

/// What is held leaves in one batch.
void Tls::submit() {
  if (ops_.empty()) return;
  kernel_.send_batch(ops_);
  for (const os::SendOp& op : ops_) {
    Session& s = session(op.fd);
    s.held = false;
    keep_unsent(s, {op.bytes, op.length}, op.result);
  }
  ops_.clear();
  held_.clear();
}

/// A record's worth at most of what there is.
std::size_t Tls::seal(Session& s, std::span<const os::Piece> pieces, std::vector<std::uint8_t>& out) {
  std::size_t length = 0;
  pieces_.clear();
  for (const os::Piece& piece : pieces) {
    pieces_.push_back({piece.bytes, std::min(piece.length, plain_bytes_max - length)});
    length += pieces_.back().length;
    if (length == plain_bytes_max) break;
  }
  if (!records_.seal(*s.traffic, pieces_, out)) fail(s, TlsReason::other);
  return length;
}

/// The same by OpenSSL, which takes one piece.
std::size_t Tls::write(Session& s, std::span<const os::Piece> pieces) {
  gathered_.clear();
  for (const os::Piece& piece : pieces) {
    const auto* const bytes = static_cast<const std::uint8_t*>(piece.bytes);
    gathered_.insert(gathered_.end(), bytes, bytes + std::min(piece.length, plain_bytes_max - gathered_.size()));
    if (gathered_.size() == plain_bytes_max) break;
  }
  wire_->in = {};
  functions().ERR_clear_error();
  std::size_t written = 0;
  if (functions().SSL_write_ex(s.openssl->ssl, gathered_.data(), gathered_.size(), &written) == 1) return written;
  fail(s, reason_of(functions().ERR_peek_last_error()));
  functions().ERR_clear_error();
  return 0;
}

// It ends.

/// RFC 8446 §6.1. What the kernel does not take of it is lost: its socket's end says the same to whoever is content with that.
void Tls::say_end(Session& s) {
  if (s.held) submit();
  if (!s.ready || s.failed || s.has_unsent() || std::exchange(s.said_end, true)) return;
  wire_->in = {};
  wire_->out.clear();
  if (s.traffic != nullptr) {
    records_.seal_end(*s.traffic, wire_->out);
  } else {
    functions().ERR_clear_error();
    functions().SSL_shutdown(s.openssl->ssl);
    functions().ERR_clear_error();
  }
  if (!wire_->out.empty()) kernel_.send(s.fd, wire_->out);
}

void Tls::shutdown_send(int fd) {
  say_end(session(fd));
  kernel_.shutdown_send(fd);
}

void Tls::close(int fd) {
  if (Session* const s = find(fd)) {
    say_end(*s);
    sessions_[static_cast<std::size_t>(fd)].reset();
  }
  kernel_.close(fd);
}

void Tls::abort(int fd) {
  if (Session* const s = find(fd)) {
    if (s->held) submit();
    sessions_[static_cast<std::size_t>(fd)].reset();
  }
  kernel_.abort(fd);
}

}  // namespace transport
