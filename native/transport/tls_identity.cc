#include "native/transport/tls_identity.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>

namespace transport {

using openssl::functions;

namespace {

constexpr long verified = 0;           // X509_V_OK
constexpr int nid_common_name = 13;
constexpr int nid_subject_alt_name = 85;
constexpr int kind_uri = 6;            // GEN_URI

struct FreeCertificate {
  void operator()(openssl::X509* certificate) const { functions().X509_free(certificate); }
};
using Certificate = std::unique_ptr<openssl::X509, FreeCertificate>;

struct FreeNames {
  void operator()(openssl::Stack* names) const { functions().GENERAL_NAMES_free(names); }
};

/// Empty when there is something in it that is no text: what is compared with it could end there.
std::string text_of(const openssl::Asn1String* string) {
  unsigned char* bytes = nullptr;
  const int length = string == nullptr ? -1 : functions().ASN1_STRING_to_UTF8(&bytes, string);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  functions().CRYPTO_free(bytes, "", 0);
  const bool has_control = std::any_of(text.begin(), text.end(), [](unsigned char each) { return each < 0x20 || each == 0x7F; });
  return has_control ? std::string() : text;
}

/// Of two nobody knows which one is meant.
std::string common_name_of(const openssl::X509* certificate) {
  const openssl::X509Name* const subject = functions().X509_get_subject_name(certificate);
  const int first = functions().X509_NAME_get_index_by_NID(subject, nid_common_name, -1);
  if (first < 0 || functions().X509_NAME_get_index_by_NID(subject, nid_common_name, first) >= 0) return {};
  return text_of(functions().X509_NAME_ENTRY_get_data(functions().X509_NAME_get_entry(subject, first)));
}

std::vector<std::string> uris_of(const openssl::X509* certificate) {
  std::vector<std::string> uris;
  const std::unique_ptr<openssl::Stack, FreeNames> names(
      static_cast<openssl::Stack*>(functions().X509_get_ext_d2i(certificate, nid_subject_alt_name, nullptr, nullptr)));
  if (!names) return uris;
  for (int i = 0; i < functions().OPENSSL_sk_num(names.get()); ++i) {
    const auto* const name = static_cast<const openssl::GeneralName*>(functions().OPENSSL_sk_value(names.get(), i));
    int kind = -1;
    const void* const value = functions().GENERAL_NAME_get0_value(name, &kind);
    if (kind != kind_uri) continue;
    std::string uri = text_of(static_cast<const openssl::Asn1String*>(value));
    if (!uri.empty()) uris.push_back(std::move(uri));
  }
  return uris;
}

/// RFC 5280 §4.1.2.5: always UTC. 0 where it is no time: long over.
std::int64_t ms_of(const openssl::Asn1Time* time) {
  std::tm parts{};
  if (functions().ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  const std::chrono::year_month_day date{std::chrono::year(parts.tm_year + 1900), std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                         std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  const std::int64_t seconds = std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
  return (seconds + parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec) * 1000;
}

}  // namespace

std::optional<Identity> identity_of(const openssl::Ssl* ssl) {
  const Certificate certificate(functions().SSL_get1_peer_certificate(ssl));
  if (!certificate || functions().SSL_get_verify_result(ssl) != verified) return std::nullopt;
  return Identity{common_name_of(certificate.get()), uris_of(certificate.get()), ms_of(functions().X509_get0_notAfter(certificate.get()))};
}

bool has_expired(const openssl::Ssl* ssl) {
  const Certificate certificate(functions().SSL_get1_peer_certificate(ssl));
  return certificate && functions().X509_cmp_current_time(functions().X509_get0_notAfter(certificate.get())) <= 0;
}

}  // namespace transport
