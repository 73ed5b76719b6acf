#include "native/transport/tls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "native/base/check.h"
#include "native/transport/tls_identity.h"

namespace transport {

using metrics::Metric;
using openssl::functions;
using os::IoOutcome;
using os::IoResult;

namespace {

// RFC 8446 §5.1.
constexpr std::size_t head_bytes = 5;
constexpr std::uint8_t type_handshake = 22;
/// Of the rest of a record: TLS 1.2 allows 2048 bytes beside the plain text. OpenSSL has narrower bounds, and says so by alert.
constexpr std::size_t body_bytes_max = 16 * 1024 + 2048;
constexpr std::size_t receive_bytes = 64 * 1024;
/// What a client may keep us from sending of answers to what it says, such as key updates.
constexpr std::size_t unsent_bytes_max = 64 * 1024;
constexpr std::size_t http_head_bytes_max = 8 * 1024;
constexpr int version_1_2 = 0x0303;
constexpr int error_want_read = 2;    // SSL_ERROR_WANT_READ
constexpr int error_zero_return = 6;  // SSL_ERROR_ZERO_RETURN

constexpr std::string_view http_answer =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 46\r\n\r\n"
    "This port speaks TLS: ask for https: or wss:.\n";
static_assert(http_answer.size() - http_answer.find("\r\n\r\n") - 4 == 46);

/// Of the record at the front; 0: it is not whole. One that claims too much has only a head: OpenSSL refuses it for that.
std::size_t record_bytes(base::Bytes bytes) {
  if (bytes.size() < head_bytes) return 0;
  const std::size_t body = static_cast<std::size_t>(bytes[3]) << 8 | bytes[4];
  if (body > body_bytes_max) return head_bytes;
  return bytes.size() < head_bytes + body ? 0 : head_bytes + body;
}

enum class Look : std::uint8_t { incomplete, http, other };

/// Whether a request of HTTP begins there, and its head is whole (or long enough).
Look look_for_http(base::Bytes bytes) {
  const std::string_view text = base::text_of(bytes);
  const std::size_t method = std::min(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), text.size());
  if (method == 0 || method > 20) return Look::other;
  if (method == text.size()) return Look::incomplete;
  if (text[method] != ' ') return Look::other;
  const bool whole = text.find("\n\r\n") != std::string_view::npos || text.find("\n\n") != std::string_view::npos;
  return whole || text.size() > http_head_bytes_max ? Look::http : Look::incomplete;
}

bool is_text(std::uint8_t byte) { return (byte >= 0x20 && byte < 0x7F) || byte == '\r' || byte == '\n' || byte == '\t'; }

}  // namespace

struct Tls::Session {
  int fd = -1;
  openssl::Ssl* ssl = nullptr;
  std::shared_ptr<const TlsContext> context;  // within the handshake
  TlsHandshake handshake;
  std::vector<std::uint8_t> unread;  // as it came: a record in part, or what the reader had no room for
  std::vector<std::uint8_t> unsent;  // as it goes: what the kernel has not taken
  std::size_t sent = 0;              // of it
  bool ready = false;
  bool begun = false;      // its first byte was that of a record
  bool ended = false;      // by its client
  bool failed = false;     // by TLS, for `reason`; or, without one, because the socket has failed
  bool said_end = false;   // our close_notify
  bool more = false;
  std::optional<TlsReason> reason;

  ~Session() {
    if (ssl != nullptr) functions().SSL_free(ssl);
  }
  bool is_over() const { return ended || failed; }
  IoResult how_it_is_over() const { return ended ? IoResult{IoOutcome::end, 0, 0} : IoResult{IoOutcome::failed, 0, EPROTO}; }
  bool has_unsent() const { return sent < unsent.size(); }
};

Tls::Tls(const Surroundings& surroundings) : kernel_(surroundings.kernel), metrics_(surroundings.metrics), contexts_(surroundings.tls) {}

Tls::~Tls() { sessions_.clear(); }  // before what they are attached to

Tls::Session* Tls::find(int fd) const {
  const auto index = static_cast<std::size_t>(fd);
  return index < sessions_.size() ? sessions_[index].get() : nullptr;
}

Tls::Session& Tls::session(int fd) const {
  Session* const found = find(fd);
  CHECK(found != nullptr);
  return *found;
}

bool Tls::begin(int fd, const Beginning& beginning) {
  CHECK(contexts_ != nullptr && fd >= 0 && find(fd) == nullptr);
  if (!wire_) {
    wire_.emplace();
    received_.resize(receive_bytes + head_bytes + body_bytes_max);
  }
  auto made = std::make_unique<Session>();
  made->fd = fd;
  made->context = contexts_->get(beginning.context);
  made->handshake.context = made->context.get();
  made->handshake.alpn = beginning.alpn;
  made->ssl = made->context->begin(made->handshake);
  if (made->ssl == nullptr) return false;
  wire_->attach(made->ssl);
  if (static_cast<std::size_t>(fd) >= sessions_.size()) sessions_.resize(static_cast<std::size_t>(fd) + 1);
  sessions_[static_cast<std::size_t>(fd)] = std::move(made);
  return true;
}

void Tls::give(int fd, base::Bytes bytes) {
  Session& s = session(fd);
  CHECK(s.unread.empty());
  s.unread.assign(bytes.begin(), bytes.end());
}

bool Tls::is_ready(int fd) const { return session(fd).ready; }

bool Tls::has_more(int fd) const {
  const Session& s = session(fd);
  return s.more || s.is_over() || functions().SSL_pending(s.ssl) > 0 || record_bytes(s.unread) > 0;
}

bool Tls::wants_write(int fd) const {
  const Session* const s = find(fd);
  return s != nullptr && s->has_unsent();
}

// Bytes come.

IoResult Tls::receive(int fd, base::MutableBytes into) {
  Session& s = session(fd);
  if (s.is_over()) return s.how_it_is_over();
  const bool has_unlooked = !s.begun && !s.unread.empty();
  if (has_unlooked || functions().SSL_pending(s.ssl) > 0 || record_bytes(s.unread) > 0) {
    const std::vector<std::uint8_t> unread = std::exchange(s.unread, {});
    const IoResult result = decrypt(s, unread, into);
    if (result.outcome != IoOutcome::would_block) return result;
  }
  s.more = false;
  const std::size_t held = s.unread.size();
  CHECK(held < received_.size() - receive_bytes);
  // What is left over when the reader's room is used up is less than one record more.
  const std::size_t room = std::min(receive_bytes, std::max(into.size(), head_bytes + body_bytes_max));
  const IoResult got = kernel_.receive(fd, base::MutableBytes(received_).subspan(held, room));
  if (got.outcome == IoOutcome::end) on_end(s);
  if (got.outcome != IoOutcome::ok) return got;
  std::copy(s.unread.begin(), s.unread.end(), received_.begin());
  std::vector<std::uint8_t>().swap(s.unread);
  const IoResult result = decrypt(s, base::Bytes(received_).first(held + got.bytes), into);
  s.more = got.bytes == room;
  return result;
}

/// The socket's stream is over. (Who has said nothing at all has only asked whether we are there.)
void Tls::on_end(Session& s) {
  if (!s.begun && s.unread.empty()) return;
  if (!s.said_end) fail(s, s.begun ? TlsReason::early_close : TlsReason::plain_text);
}

IoResult Tls::decrypt(Session& s, base::Bytes bytes, base::MutableBytes into) {
  std::size_t done = 0;
  wire_->in = {};
  wire_->out.clear();
  if (!s.ready) s.handshake.now_ns = kernel_.now_ns();
  if (s.begun || look_at_first(s, bytes)) {
    done += read_plain(s, into);
    while (!s.is_over() && done < into.size()) {
      const std::size_t record = record_bytes(bytes);
      if (record == 0) break;
      if (s.ready && bytes[0] == type_handshake && functions().SSL_version(s.ssl) == version_1_2) {
        fail(s, TlsReason::renegotiation);
        break;
      }
      wire_->in = bytes.first(record);
      bytes = bytes.subspan(record);
      done += read_plain(s, into.subspan(done));
    }
  }
  if (!s.is_over()) s.unread.assign(bytes.begin(), bytes.end());
  flush(s);
  if (done > 0) return {IoOutcome::ok, done, 0};
  return s.is_over() ? s.how_it_is_over() : IoResult{IoOutcome::would_block, 0, 0};
}

/// False when it is no TLS, or nobody knows yet.
bool Tls::look_at_first(Session& s, base::Bytes bytes) {
  CHECK(!bytes.empty());
  s.begun = bytes[0] == type_handshake;
  if (s.begun) return true;
  switch (look_for_http(bytes)) {
    case Look::incomplete:
      return false;
    case Look::http:
      kernel_.send(s.fd, base::bytes_of(http_answer));
      fail(s, TlsReason::plain_text);
      return false;
    case Look::other:
      fail(s, is_text(bytes[0]) ? TlsReason::plain_text : TlsReason::garbage);
      return false;
  }
  CHECK(false);
}

/// What OpenSSL makes of what it was given, as much of it as there is room for.
std::size_t Tls::read_plain(Session& s, base::MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size() && (!wire_->in.empty() || functions().SSL_pending(s.ssl) > 0)) {
    functions().ERR_clear_error();
    std::size_t count = 0;
    const int result = functions().SSL_read_ex(s.ssl, into.data() + done, into.size() - done, &count);
    if (!s.ready && functions().SSL_is_init_finished(s.ssl) == 1) on_ready(s);
    if (s.failed) return 0;
    done += count;
    if (result == 1) continue;
    switch (functions().SSL_get_error(s.ssl, result)) {
      case error_want_read:
        break;
      case error_zero_return:
        s.ended = true;
        return done;
      default:
        fail(s, reason_of(functions().ERR_peek_last_error()));
        functions().ERR_clear_error();
        return done;
    }
  }
  return done;
}

void Tls::on_ready(Session& s) {
  s.ready = true;
  s.context.reset();
  s.handshake.context = nullptr;
  const bool resumed = functions().SSL_session_reused(s.ssl) == 1;
  // A ticket says that the certificate was valid when it was made.
  if (resumed && has_expired(s.ssl)) return fail(s, TlsReason::certificate);
  metrics_.add(Metric::tls_handshakes);
  if (resumed) metrics_.add(Metric::tls_handshakes_resumed);
}

void Tls::fail(Session& s, TlsReason reason) {
  CHECK(!s.failed);
  s.failed = true;
  s.reason = reason;
  metrics_.add(metric_of(reason));
}

// Bytes leave.

/// What OpenSSL has written goes out, behind what the kernel has not taken.
void Tls::flush(Session& s) {
  base::Bytes out = wire_->out;
  if (out.empty()) return;
  if (!s.has_unsent()) {
    const IoResult result = kernel_.send(s.fd, out);
    if (result.outcome == IoOutcome::failed) {
      s.failed = true;
      return;
    }
    out = out.subspan(result.bytes);
  }
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

/// A record's worth at most, in one piece.
base::Bytes Tls::gather(std::span<const os::Piece> pieces) {
  const base::Bytes first(static_cast<const std::uint8_t*>(pieces[0].bytes), pieces[0].length);
  if (pieces.size() == 1 || first.size() >= plain_bytes_max) return first.first(std::min(first.size(), plain_bytes_max));
  gathered_.clear();
  for (const os::Piece& piece : pieces) {
    const auto* const bytes = static_cast<const std::uint8_t*>(piece.bytes);
    const std::size_t part = std::min(piece.length, plain_bytes_max - gathered_.size());
    gathered_.insert(gathered_.end(), bytes, bytes + part);
    if (gathered_.size() == plain_bytes_max) break;
  }
  return gathered_;
}

IoResult Tls::send(int fd, base::Bytes bytes) {
  const os::Piece piece{bytes.data(), bytes.size()};
  return send_gather(fd, {&piece, bytes.empty() ? 0u : 1u});
}

IoResult Tls::send_gather(int fd, std::span<const os::Piece> pieces) {
  Session& s = session(fd);
  const bool free = !s.failed && send_unsent(s);
  if (s.failed) return {IoOutcome::failed, 0, EPROTO};
  if (!free) return {IoOutcome::would_block, 0, 0};
  if (pieces.empty()) return {};
  CHECK(s.ready && !s.said_end);
  const base::Bytes plain = gather(pieces);
  wire_->in = {};
  wire_->out.clear();
  functions().ERR_clear_error();
  std::size_t written = 0;
  if (functions().SSL_write_ex(s.ssl, plain.data(), plain.size(), &written) != 1) {
    fail(s, reason_of(functions().ERR_peek_last_error()));
    functions().ERR_clear_error();
    return {IoOutcome::failed, 0, EPROTO};
  }
  flush(s);
  if (s.failed) return {IoOutcome::failed, 0, EPROTO};
  return {IoOutcome::ok, written, 0};
}

// It ends.

/// RFC 8446 §6.1. What the kernel does not take of it is lost: its socket's end says the same to whoever is content with that.
void Tls::say_end(Session& s) {
  if (!s.ready || s.failed || s.has_unsent() || std::exchange(s.said_end, true)) return;
  wire_->in = {};
  wire_->out.clear();
  functions().ERR_clear_error();
  functions().SSL_shutdown(s.ssl);
  functions().ERR_clear_error();
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
  if (find(fd) != nullptr) sessions_[static_cast<std::size_t>(fd)].reset();
  kernel_.abort(fd);
}

// What is known of it.

std::optional<Identity> Tls::identity(int fd) const {
  const Session& s = session(fd);
  return s.ready ? identity_of(s.ssl) : std::nullopt;
}

std::string_view Tls::failure(int fd) const {
  const Session* const s = find(fd);
  return s != nullptr && s->reason ? text_of(*s->reason) : std::string_view();
}

}  // namespace transport
