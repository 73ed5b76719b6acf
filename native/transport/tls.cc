#include "native/transport/tls.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "native/base/check.h"
#include "native/transport/tls_identity.h"
#include "native/transport/tls_session.h"

namespace transport {

using metrics::Metric;
using openssl::functions;
using os::IoOutcome;
using os::IoResult;

namespace {

// RFC 8446 §5.1.
constexpr std::uint8_t type_handshake = 22;
constexpr std::uint8_t type_data = 23;
constexpr std::size_t receive_bytes = 64 * 1024;
constexpr std::size_t http_head_bytes_max = 8 * 1024;
constexpr int version_1_2 = 0x0303;
constexpr int version_1_3 = 0x0304;
constexpr int error_want_read = 2;    // SSL_ERROR_WANT_READ
constexpr int error_zero_return = 6;  // SSL_ERROR_ZERO_RETURN

constexpr std::string_view http_answer =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 46\r\n\r\n"
    "This port speaks TLS: ask for https: or wss:.\n";
static_assert(http_answer.size() - http_answer.find("\r\n\r\n") - 4 == 46);

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

/// Of records that follow one another.
std::size_t count_data_records(base::Bytes records) {
  std::size_t count = 0;
  for (std::size_t length = record_bytes(records); length != 0; records = records.subspan(length), length = record_bytes(records)) {
    if (records[0] == type_data) ++count;
  }
  return count;
}

bool is_text(std::uint8_t byte) { return (byte >= 0x20 && byte < 0x7F) || byte == '\r' || byte == '\n' || byte == '\t'; }

}  // namespace

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
  made->openssl = std::make_unique<OpenSsl>();
  OpenSsl& openssl = *made->openssl;
  openssl.context = contexts_->get(beginning.context);
  openssl.handshake.context = openssl.context.get();
  openssl.handshake.alpn = beginning.alpn;
  openssl.ssl = openssl.context->begin(openssl.handshake);
  if (openssl.ssl == nullptr) return false;
  wire_->attach(openssl.ssl);
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
  return s.more || s.is_over() || !s.rest.empty() || s.has_pending() || s.has_whole_record();
}

bool Tls::wants_write(int fd) const {
  const Session* const s = find(fd);
  return s != nullptr && (s->has_unsent() || s->failed);
}

// Bytes come.

IoResult Tls::receive(int fd, base::MutableBytes into) {
  Session& s = session(fd);
  if (s.is_over()) return s.how_it_is_over();
  const bool has_unlooked = !s.begun && !s.unread.empty();
  if (has_unlooked || !s.rest.empty() || s.has_pending() || s.has_whole_record()) {
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
  if (s.begun || look_at_first(s, bytes)) {
    if (s.openssl != nullptr) done += feed(s, bytes, into);
    if (s.traffic != nullptr) done += open_records(s, bytes, into.subspan(done));
  }
  if (!s.is_over()) s.unread.assign(bytes.begin(), bytes.end());
  flush(s);
  if (done > 0) return {IoOutcome::ok, done, 0};
  return s.is_over() ? s.how_it_is_over() : IoResult{IoOutcome::would_block, 0, 0};
}

/// OpenSSL gets record after record, until the handshake is over or the reader's room is used up.
std::size_t Tls::feed(Session& s, base::Bytes& bytes, base::MutableBytes into) {
  if (!s.ready) s.openssl->handshake.now_ns = kernel_.now_ns();
  std::size_t done = read_plain(s, into);
  while (s.openssl != nullptr && !s.is_over() && done < into.size()) {
    const std::size_t record = record_bytes(bytes);
    if (record == 0) break;
    if (s.ready && bytes[0] == type_handshake && functions().SSL_version(s.openssl->ssl) == version_1_2) {
      fail(s, TlsReason::renegotiation);
      break;
    }
    wire_->in = bytes.first(record);
    bytes = bytes.subspan(record);
    done += read_plain(s, into.subspan(done));
  }
  return done;
}

/// The same behind a handshake of TLS 1.3. A record that the reader has no room for waits as it is, unless it is the first: then its rest waits.
std::size_t Tls::open_records(Session& s, base::Bytes& bytes, base::MutableBytes into) {
  std::size_t done = std::min(s.rest.size(), into.size());
  std::copy_n(s.rest.begin(), done, into.begin());
  s.rest.erase(s.rest.begin(), s.rest.begin() + static_cast<std::ptrdiff_t>(done));
  while (!s.is_over() && s.rest.empty()) {
    const base::Bytes record = bytes.first(record_bytes(bytes));
    if (record.empty()) break;
    const base::MutableBytes room = into.subspan(done);
    const bool fits = TlsRecords::room_for(record) <= room.size();
    if (!fits && done != 0) break;
    if (!fits) opened_.resize(TlsRecords::room_for(record));
    const base::MutableBytes to = fits ? room : base::MutableBytes(opened_);
    const auto [kind, length, reason] = records_.open(*s.traffic, record, to, wire_->out);
    bytes = bytes.subspan(record.size());
    const std::size_t part = std::min(length, room.size());
    if (!fits) {
      std::copy_n(to.begin(), part, room.begin());
      s.rest.assign(to.begin() + static_cast<std::ptrdiff_t>(part), to.begin() + static_cast<std::ptrdiff_t>(length));
    }
    done += part;
    if (kind == TlsRecords::Kind::end) s.ended = true;
    if (kind == TlsRecords::Kind::broken) fail(s, reason);
  }
  return done;
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
  openssl::Ssl* const ssl = s.openssl->ssl;
  while (done < into.size() && (!wire_->in.empty() || functions().SSL_pending(ssl) > 0)) {
    functions().ERR_clear_error();
    std::size_t count = 0;
    const std::size_t written = wire_->out.size();
    const int result = functions().SSL_read_ex(ssl, into.data() + done, into.size() - done, &count);
    const int error = result == 1 ? 0 : functions().SSL_get_error(ssl, result);
    if (!s.ready && functions().SSL_is_init_finished(ssl) == 1) on_ready(s, base::Bytes(wire_->out).subspan(written));
    if (s.failed) return 0;
    done += count;
    if (s.openssl == nullptr) return done;
    if (result == 1) continue;
    switch (error) {
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

/// `last` is what OpenSSL had to say last: of TLS 1.3 the tickets, which are the first records under the connection's own keys.
void Tls::on_ready(Session& s, base::Bytes last) {
  s.ready = true;
  OpenSsl& openssl = *s.openssl;
  openssl.context.reset();
  openssl.handshake.context = nullptr;
  const bool resumed = functions().SSL_session_reused(openssl.ssl) == 1;
  // A ticket says that the certificate was valid when it was made.
  if (resumed && has_expired(openssl.ssl)) return fail(s, TlsReason::certificate);
  metrics_.add(Metric::tls_handshakes);
  if (resumed) metrics_.add(Metric::tls_handshakes_resumed);
  if (functions().SSL_version(openssl.ssl) == version_1_3) take_over(s, count_data_records(last));
}

/// What OpenSSL holds of a connection is needed no longer. Where the secrets are not known it stays.
void Tls::take_over(Session& s, std::size_t records_sent) {
  OpenSsl& openssl = *s.openssl;
  const TlsHandshake& handshake = openssl.handshake;
  const auto suite = TlsRecords::suite_of(functions().SSL_CIPHER_get_protocol_id(functions().SSL_get_current_cipher(openssl.ssl)));
  if (!suite || handshake.ours.length == 0 || handshake.clients.length == 0) return;
  auto traffic = std::make_unique<Traffic>();
  if (!records_.begin(*traffic, *suite, handshake.ours, handshake.clients, records_sent)) return;
  if (auto identity = identity_of(openssl.ssl)) s.identity = std::make_unique<Identity>(std::move(*identity));
  s.traffic = std::move(traffic);
  s.openssl.reset();
}

void Tls::fail(Session& s, TlsReason reason) {
  CHECK(!s.failed);
  s.failed = true;
  s.reason = reason;
  metrics_.add(metric_of(reason));
}

// What is known of it.

std::optional<Identity> Tls::identity(int fd) const {
  const Session& s = session(fd);
  if (!s.ready) return std::nullopt;
  if (s.openssl != nullptr) return identity_of(s.openssl->ssl);
  return s.identity == nullptr ? std::nullopt : std::optional(*s.identity);
}

std::string_view Tls::failure(int fd) const {
  const Session* const s = find(fd);
  return s != nullptr && s->reason ? text_of(*s->reason) : std::string_view();
}

}  // namespace transport
