#include "native/transport/tls_records.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "native/base/check.h"

namespace transport {

using openssl::functions;

namespace {

constexpr std::size_t head_bytes = 5;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t cipher_bytes_max = TlsRecords::plain_bytes_max + 256;  // RFC 8446 §5.2
// ContentType, §5.1.
constexpr std::uint8_t type_alert = 21;
constexpr std::uint8_t type_handshake = 22;
constexpr std::uint8_t type_data = 23;
// AlertDescription, §6.
constexpr std::uint8_t close_notify = 0;
constexpr std::uint8_t unexpected_message = 10;
constexpr std::uint8_t bad_record_mac = 20;
constexpr std::uint8_t record_overflow = 22;
constexpr std::uint8_t decode_error = 50;
constexpr std::uint8_t internal_error = 80;
constexpr std::uint8_t user_canceled = 90;
constexpr std::uint8_t level_warning = 1;
constexpr std::uint8_t level_fatal = 2;
// KeyUpdate, §4.6.3: its head, and whether an answer is asked for.
constexpr std::array<std::uint8_t, 4> key_update{24, 0, 0, 1};
constexpr std::uint8_t update_not_requested = 0;
constexpr std::uint8_t update_requested = 1;
// EVP_EncryptInit(3).
constexpr int control_get_tag = 0x10;
constexpr int control_set_tag = 0x11;

struct SuiteRow {
  const openssl::Cipher* (*cipher)();
  const openssl::Digest* (*digest)();
  std::uint8_t key_bytes;
};

SuiteRow row_of(Suite suite) {
  switch (suite) {
    case Suite::aes_128_gcm_sha256:
      return {functions().EVP_aes_128_gcm, functions().EVP_sha256, 16};
    case Suite::aes_256_gcm_sha384:
      return {functions().EVP_aes_256_gcm, functions().EVP_sha384, 32};
    case Suite::chacha20_poly1305_sha256:
      return {functions().EVP_chacha20_poly1305, functions().EVP_sha256, 32};
  }
  CHECK(false);
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1). What is asked for is no longer than one hash, so HKDF-Expand is one HMAC (RFC 5869 §2.3).
bool expand(const SuiteRow& suite, const TrafficSecret& secret, std::string_view label, std::span<std::uint8_t> into) {
  constexpr std::string_view prefix = "tls13 ";
  std::array<std::uint8_t, 32> info{};
  std::size_t length = 0;
  const auto add = [&](std::uint8_t byte) { info[length++] = byte; };
  add(0);
  add(static_cast<std::uint8_t>(into.size()));
  add(static_cast<std::uint8_t>(prefix.size() + label.size()));
  for (const char each : prefix) add(static_cast<std::uint8_t>(each));
  for (const char each : label) add(static_cast<std::uint8_t>(each));
  add(0);  // the context's length
  add(1);  // the first block of HKDF-Expand
  std::array<std::uint8_t, 64> block{};
  unsigned int made = 0;
  const bool done = functions().HMAC(suite.digest(), secret.bytes.data(), secret.length, info.data(), length, block.data(), &made) != nullptr;
  if (done && made >= into.size()) std::copy_n(block.begin(), into.size(), into.begin());
  functions().OPENSSL_cleanse(block.data(), block.size());
  return done && made >= into.size();
}

/// §7.3.
bool make_keys(TrafficKeys& keys, Suite suite, const TrafficSecret& secret) {
  const SuiteRow row = row_of(suite);
  keys.suite = suite;
  keys.sequence = 0;
  return expand(row, secret, "key", std::span(keys.key).first(row.key_bytes)) && expand(row, secret, "iv", keys.iv);
}

/// §7.2.
bool next_keys(TrafficKeys& keys, TrafficSecret& secret) {
  TrafficSecret next{{}, secret.length};
  const bool done = expand(row_of(keys.suite), secret, "traffic upd", std::span(next.bytes).first(next.length)) && make_keys(keys, keys.suite, next);
  secret = next;
  functions().OPENSSL_cleanse(&next, sizeof next);
  return done;
}

/// §5.3.
std::array<std::uint8_t, 12> nonce_of(const TrafficKeys& keys) {
  std::array<std::uint8_t, 12> nonce = keys.iv;
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<std::uint8_t>(keys.sequence >> (8 * i));
  return nonce;
}

}  // namespace

Traffic::~Traffic() { functions().OPENSSL_cleanse(this, sizeof *this); }

TlsRecords::~TlsRecords() {
  // Where OpenSSL is missing there is none.
  for (const auto& contexts : {encrypting_, decrypting_}) {
    for (openssl::CipherContext* const each : contexts) {
      if (each != nullptr) functions().EVP_CIPHER_CTX_free(each);
    }
  }
}

std::optional<Suite> TlsRecords::suite_of(std::uint16_t number) {
  constexpr std::uint16_t first = 0x1301;
  if (number < first || number >= first + suites) return std::nullopt;
  return static_cast<Suite>(number - first);
}

bool TlsRecords::begin(Traffic& traffic, Suite suite, const TrafficSecret& ours, const TrafficSecret& clients, std::uint64_t records_sent) {
  if (context(encrypting_, suite, true) == nullptr || context(decrypting_, suite, false) == nullptr) return false;
  traffic.send_secret = ours;
  traffic.receive_secret = clients;
  if (!make_keys(traffic.sends, suite, ours) || !make_keys(traffic.receives, suite, clients)) return false;
  traffic.sends.sequence = records_sent;
  return true;
}

/// Null when OpenSSL refuses.
openssl::CipherContext* TlsRecords::context(std::array<openssl::CipherContext*, suites>& contexts, Suite suite, bool encrypts) {
  openssl::CipherContext*& slot = contexts[static_cast<std::size_t>(suite)];
  if (slot != nullptr) return slot;
  openssl::CipherContext* const made = functions().EVP_CIPHER_CTX_new();
  const auto set = encrypts ? functions().EVP_EncryptInit_ex : functions().EVP_DecryptInit_ex;
  if (made != nullptr && set(made, row_of(suite).cipher(), nullptr, nullptr, nullptr) == 1) slot = made;
  else functions().EVP_CIPHER_CTX_free(made);
  return slot;
}

// Bytes leave.

bool TlsRecords::seal(Traffic& traffic, std::span<const os::Piece> pieces, std::vector<std::uint8_t>& out) {
  if (traffic.sends.sequence >= records_per_key_max && !next_sending_key(traffic, out)) return false;
  return seal_as(traffic, type_data, pieces, out);
}

bool TlsRecords::seal_end(Traffic& traffic, std::vector<std::uint8_t>& out) {
  return seal_short(traffic, type_alert, std::array{level_warning, close_notify}, out);
}

bool TlsRecords::seal_short(Traffic& traffic, std::uint8_t type, std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out) {
  const os::Piece piece{bytes.data(), bytes.size()};
  return seal_as(traffic, type, {&piece, 1}, out);
}

bool TlsRecords::next_sending_key(Traffic& traffic, std::vector<std::uint8_t>& out) {
  std::array<std::uint8_t, 5> message{};
  std::copy(key_update.begin(), key_update.end(), message.begin());
  message[4] = update_not_requested;
  return seal_short(traffic, type_handshake, message, out) && next_keys(traffic.sends, traffic.send_secret);
}

bool TlsRecords::seal_as(Traffic& traffic, std::uint8_t type, std::span<const os::Piece> pieces, std::vector<std::uint8_t>& out) {
  TrafficKeys& keys = traffic.sends;
  std::size_t plain = 0;
  for (const os::Piece& piece : pieces) plain += piece.length;
  CHECK(plain <= plain_bytes_max);
  const std::size_t body = plain + 1 + tag_bytes;
  const std::size_t at = out.size();
  const auto add = [&out](const std::uint8_t* bytes, std::size_t length) { out.insert(out.end(), bytes, bytes + length); };
  // Put together where it is encrypted: to copy takes less than a call for each piece, and one for the type. (Its version is 0x0303 for ever, §5.1.)
  const std::array<std::uint8_t, head_bytes> start{type_data, 3, 3, static_cast<std::uint8_t>(body >> 8), static_cast<std::uint8_t>(body)};
  add(start.data(), start.size());
  for (const os::Piece& piece : pieces) add(static_cast<const std::uint8_t*>(piece.bytes), piece.length);
  add(&type, 1);
  out.resize(out.size() + tag_bytes);
  std::uint8_t* const head = out.data() + at;
  std::uint8_t* const content = head + head_bytes;
  std::uint8_t* const tag = content + plain + 1;
  openssl::CipherContext* const cipher = encrypting_[static_cast<std::size_t>(keys.suite)];
  const std::array<std::uint8_t, 12> nonce = nonce_of(keys);
  int count = 0;
  const bool done = functions().EVP_EncryptInit_ex(cipher, nullptr, nullptr, keys.key.data(), nonce.data()) == 1 &&
                    functions().EVP_EncryptUpdate(cipher, nullptr, &count, head, head_bytes) == 1 &&
                    functions().EVP_EncryptUpdate(cipher, content, &count, content, static_cast<int>(plain + 1)) == 1 &&
                    functions().EVP_EncryptFinal_ex(cipher, tag, &count) == 1 &&
                    functions().EVP_CIPHER_CTX_ctrl(cipher, control_get_tag, tag_bytes, tag) == 1;
  if (!done) {  // nothing of it may leave
    functions().ERR_clear_error();
    out.resize(at);
    return false;
  }
  ++keys.sequence;
  return true;
}

// Bytes come.

bool TlsRecords::decrypt(TrafficKeys& keys, base::Bytes record, std::uint8_t* into) {
  openssl::CipherContext* const cipher = decrypting_[static_cast<std::size_t>(keys.suite)];
  const std::array<std::uint8_t, 12> nonce = nonce_of(keys);
  const std::size_t length = record.size() - head_bytes - tag_bytes;
  std::array<std::uint8_t, tag_bytes> tag{};
  std::copy_n(record.end() - tag_bytes, tag_bytes, tag.begin());
  int count = 0;
  const bool done = functions().EVP_DecryptInit_ex(cipher, nullptr, nullptr, keys.key.data(), nonce.data()) == 1 &&
                    functions().EVP_CIPHER_CTX_ctrl(cipher, control_set_tag, tag_bytes, tag.data()) == 1 &&
                    functions().EVP_DecryptUpdate(cipher, nullptr, &count, record.data(), head_bytes) == 1 &&
                    functions().EVP_DecryptUpdate(cipher, into, &count, record.data() + head_bytes, static_cast<int>(length)) == 1 &&
                    functions().EVP_DecryptFinal_ex(cipher, into + length, &count) == 1;
  if (!done) functions().ERR_clear_error();
  ++keys.sequence;
  return done;
}

TlsRecords::Opened TlsRecords::open(Traffic& traffic, base::Bytes record, base::MutableBytes into, std::vector<std::uint8_t>& out) {
  CHECK(record.size() >= head_bytes && into.size() >= room_for(record));
  if (record[0] != type_data) return refuse(traffic, unexpected_message, TlsReason::garbage, out);
  const std::size_t claimed = static_cast<std::size_t>(record[3]) << 8 | record[4];
  if (claimed > cipher_bytes_max) return refuse(traffic, record_overflow, TlsReason::oversized, out);
  if (claimed <= tag_bytes) return refuse(traffic, bad_record_mac, TlsReason::garbage, out);
  if (!decrypt(traffic.receives, record, into.data())) return refuse(traffic, bad_record_mac, TlsReason::garbage, out);
  // Behind the content its type, then zeros as many as the client likes (§5.4).
  std::size_t length = claimed - tag_bytes;
  while (length != 0 && into[length - 1] == 0) --length;
  if (length == 0) return refuse(traffic, unexpected_message, TlsReason::garbage, out);
  const std::uint8_t type = into[--length];
  if (length > plain_bytes_max) return refuse(traffic, record_overflow, TlsReason::oversized, out);
  switch (type) {
    case type_data:
      return {Kind::data, length, {}};
    case type_alert:
      return take_alert(traffic, into.first(length), out);
    case type_handshake:
      return take_handshake(traffic, into.first(length), out);
    default:
      return refuse(traffic, unexpected_message, TlsReason::garbage, out);
  }
}

TlsRecords::Opened TlsRecords::take_alert(Traffic& traffic, base::Bytes alert, std::vector<std::uint8_t>& out) {
  if (alert.size() != 2) return refuse(traffic, decode_error, TlsReason::garbage, out);
  if (alert[1] == close_notify) return {Kind::end, 0, {}};
  if (alert[1] == user_canceled) return {Kind::data, 0, {}};  // a close_notify follows
  return {Kind::broken, 0, TlsReason::alert};
}

/// The only message that a client may send behind its handshake is a KeyUpdate. It comes in a record of its own: what follows has other keys.
TlsRecords::Opened TlsRecords::take_handshake(Traffic& traffic, base::Bytes message, std::vector<std::uint8_t>& out) {
  const bool known = message.size() == key_update.size() + 1 && std::equal(key_update.begin(), key_update.end(), message.begin());
  if (!known || message[4] > update_requested) return refuse(traffic, unexpected_message, TlsReason::garbage, out);
  const bool done = next_keys(traffic.receives, traffic.receive_secret) && (message[4] == update_not_requested || next_sending_key(traffic, out));
  return done ? Opened{Kind::data, 0, {}} : refuse(traffic, internal_error, TlsReason::other, out);
}

TlsRecords::Opened TlsRecords::refuse(Traffic& traffic, std::uint8_t alert, TlsReason reason, std::vector<std::uint8_t>& out) {
  seal_short(traffic, type_alert, std::array{level_fatal, alert}, out);
  return {Kind::broken, 0, reason};
}

}  // namespace transport
