// Records of TLS 1.3 behind a handshake: as RFC 8448 has them, between two ends, and what a client may not send.
// Owner: the test. Thread: main.
#include "native/transport/tls_records.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "test/native/codec/wire.h"
#include "test/native/doctest_last.h"

using transport::Suite;
using transport::TlsReason;
using transport::TlsRecords;
using transport::Traffic;
using transport::TrafficSecret;
using wire::to_hex;

namespace {

using Kind = TlsRecords::Kind;

/// As a text, so that it can be put together with others.
std::string hex(std::string_view digits) {
  const wire::Wire bytes = wire::hex(digits);
  return {bytes.begin(), bytes.end()};
}

TrafficSecret secret_of(const std::string& bytes) {
  TrafficSecret secret;
  secret.length = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.bytes.begin());
  return secret;
}

// RFC 8448 §3.
const TrafficSecret server_secret = secret_of(hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"));
const TrafficSecret client_secret = secret_of(hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"));
const std::string client_key = hex("17422dda596ed5d9acd890e3c63f5051");
const std::string client_iv = hex("5b78923dee08579033e523d9");
const std::string fifty = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031");

std::string sealed(TlsRecords& records, Traffic& traffic, const std::string& text) {
  std::vector<std::uint8_t> out;
  const os::Piece piece{text.data(), text.size()};
  CHECK(records.seal(traffic, {&piece, 1}, out));
  return {out.begin(), out.end()};
}

struct Heard {
  Kind kind;
  std::string text;
  TlsReason reason;
  std::string answer;
};

Heard opened(TlsRecords& records, Traffic& traffic, const std::string& record) {
  std::vector<std::uint8_t> into(TlsRecords::room_for(base::bytes_of(record))), out;
  const auto [kind, bytes, reason] = records.open(traffic, base::bytes_of(record), into, out);
  return {kind, {into.begin(), into.begin() + static_cast<std::ptrdiff_t>(bytes)}, reason, {out.begin(), out.end()}};
}

/// The client's first record, of whatever it may put into one.
std::string crafted(const std::string& inner) {
  const std::size_t body = inner.size() + 16;
  std::string record = hex("170303") + static_cast<char>(body >> 8) + static_cast<char>(body);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const auto bytes = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nullptr, bytes(client_key), bytes(client_iv));
  std::string cipher(inner.size(), '\0'), tag(16, '\0');
  int length = 0;
  EVP_EncryptUpdate(context, nullptr, &length, bytes(record), 5);
  EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(cipher.data()), &length, bytes(inner), static_cast<int>(inner.size()));
  EVP_EncryptFinal_ex(context, reinterpret_cast<unsigned char*>(cipher.data()) + length, &length);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag.data());
  EVP_CIPHER_CTX_free(context);
  return record + cipher + tag;
}

/// What a server makes of it.
Heard heard_of(const std::string& record) {
  TlsRecords records;
  Traffic traffic;
  REQUIRE(records.begin(traffic, Suite::aes_128_gcm_sha256, server_secret, client_secret, 0));
  return opened(records, traffic, record);
}

void check_refused(const Heard& heard, TlsReason reason) {
  CHECK(heard.kind == Kind::broken);
  CHECK(heard.reason == reason);
  CHECK(heard.text.empty());
  CHECK(heard.answer.size() == 5 + 2 + 1 + 16);  // an alert
}

}  // namespace

TEST_CASE("tls records: as RFC 8448 has them, both directions") {
  TlsRecords records;
  Traffic traffic;
  REQUIRE(records.begin(traffic, Suite::aes_128_gcm_sha256, server_secret, client_secret, 1));
  CHECK(to_hex(sealed(records, traffic, fifty)) ==
        "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2abf332540dd032e167"
        "c2955d");
  const Heard heard = opened(records, traffic, hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292"
                                                   "a2977014bd1e3deae63aeebb21694915e4"));
  CHECK(heard.kind == Kind::data);
  CHECK(heard.text == fifty);
}

TEST_CASE("tls records: every suite, many records, and the end of a key on the way") {
  for (const Suite suite : {Suite::aes_128_gcm_sha256, Suite::aes_256_gcm_sha384, Suite::chacha20_poly1305_sha256}) {
    const std::size_t length = suite == Suite::aes_256_gcm_sha384 ? 48 : 32;
    const TrafficSecret one = secret_of(std::string(length, 'a')), other = secret_of(std::string(length, 'b'));
    TlsRecords records;
    Traffic here, there;
    REQUIRE(records.begin(here, suite, one, other, 2));
    REQUIRE(records.begin(there, suite, other, one, 0));
    there.receives.sequence = 2;
    for (int i = 0; i < 300; ++i) {
      const std::string text(static_cast<std::size_t>(i * 57 % TlsRecords::plain_bytes_max), static_cast<char>(i));
      const std::string record = sealed(records, here, text);
      CHECK(record.size() == text.size() + TlsRecords::overhead_bytes);
      CHECK(opened(records, there, record).text == text);
    }
    here.sends.sequence = there.receives.sequence = TlsRecords::records_per_key_max;
    const std::string both = sealed(records, here, "under the next key");
    const std::size_t update = 5 + 5 + 1 + 16;
    const Heard first = opened(records, there, both.substr(0, update));
    CHECK(first.kind == Kind::data);
    CHECK(first.text.empty());
    CHECK(first.answer.empty());
    CHECK(opened(records, there, both.substr(update)).text == "under the next key");
    CHECK(here.sends.sequence == 1);
    CHECK(opened(records, here, sealed(records, there, "the other way still under the first")).text == "the other way still under the first");
  }
}

TEST_CASE("tls records: content ends before its type and the zeros behind that") {
  CHECK(heard_of(crafted(hex("17"))).kind == Kind::data);
  for (const std::size_t zeros : {1, 100, 16'000}) CHECK(heard_of(crafted("words" + hex("17") + std::string(zeros, '\0'))).text == "words");
  CHECK(heard_of(crafted(hex("00000017"))).text == hex("000000"));
  CHECK(heard_of(crafted(std::string(16'384, 'x') + hex("17"))).text.size() == 16'384);
  check_refused(heard_of(crafted(std::string(16'385, 'x') + hex("17"))), TlsReason::oversized);
  check_refused(heard_of(crafted(std::string(20, '\0'))), TlsReason::garbage);
}

TEST_CASE("tls records: alerts of the client") {
  CHECK(heard_of(crafted(hex("010015"))).kind == Kind::end);    // close_notify
  CHECK(heard_of(crafted(hex("020015"))).kind == Kind::end);    // whatever its level says
  CHECK(heard_of(crafted(hex("015a15"))).kind == Kind::data);   // user_canceled
  const Heard fatal = heard_of(crafted(hex("022a15")));         // bad_certificate
  CHECK(fatal.kind == Kind::broken);
  CHECK(fatal.reason == TlsReason::alert);
  CHECK(fatal.answer.empty());
  check_refused(heard_of(crafted(hex("0115"))), TlsReason::garbage);
  check_refused(heard_of(crafted(hex("01000015"))), TlsReason::garbage);
}

TEST_CASE("tls records: of a handshake's messages a client may send a KeyUpdate, alone in its record") {
  const Heard silent = heard_of(crafted(hex("180000010016")));
  CHECK(silent.kind == Kind::data);
  CHECK(silent.answer.empty());
  const Heard asked = heard_of(crafted(hex("180000010116")));
  CHECK(asked.kind == Kind::data);
  CHECK(asked.answer.size() == 5 + 5 + 1 + 16);
  for (const char* message : {"180000010216", "180000020000" "16", "18000001001816", "1800000116", "1816", "16", "0100000000" "16", "04000000" "16", "0b000000" "16"}) {
    CAPTURE(message);
    check_refused(heard_of(crafted(hex(message))), TlsReason::garbage);
  }
}

TEST_CASE("tls records: what is no record of this connection") {
  check_refused(heard_of(crafted("x" + hex("14"))), TlsReason::garbage);     // change_cipher_spec
  check_refused(heard_of(crafted("x" + hex("18"))), TlsReason::garbage);     // heartbeat
  check_refused(heard_of(hex("140303000101")), TlsReason::garbage);          // in plain text
  check_refused(heard_of(hex("15030300020100")), TlsReason::garbage);
  check_refused(heard_of(hex("1703030000")), TlsReason::garbage);
  check_refused(heard_of(hex("1703030010") + std::string(16, 'x')), TlsReason::garbage);
  check_refused(heard_of(hex("1703034101")), TlsReason::oversized);
  std::string record = crafted("x" + hex("17"));
  for (std::size_t at = 3; at < record.size(); ++at) {
    if (at == 3 || at == 4) continue;  // its length
    std::string other = record;
    other[at] = static_cast<char>(other[at] ^ 1);
    check_refused(heard_of(other), TlsReason::garbage);
  }
}

TEST_CASE("tls records: a record that comes twice, or after a later one, is refused") {
  TlsRecords records;
  Traffic here, there;
  REQUIRE(records.begin(here, Suite::aes_128_gcm_sha256, server_secret, client_secret, 0));
  REQUIRE(records.begin(there, Suite::aes_128_gcm_sha256, client_secret, server_secret, 0));
  const std::string first = sealed(records, here, "first"), second = sealed(records, here, "second");
  CHECK(opened(records, there, first).text == "first");
  check_refused(opened(records, there, first), TlsReason::garbage);
  Traffic late;
  REQUIRE(records.begin(late, Suite::aes_128_gcm_sha256, client_secret, server_secret, 0));
  check_refused(opened(records, late, second), TlsReason::garbage);
}
