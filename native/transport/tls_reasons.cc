#include "native/transport/tls_reasons.h"

#include "native/base/check.h"

namespace transport {

namespace {

// ERR_GET_LIB(3), ERR_GET_REASON(3) of OpenSSL 3.
constexpr unsigned long library_of_ssl = 20;
constexpr unsigned long library_shift = 23;
constexpr unsigned long library_mask = 0xFF;
constexpr unsigned long reason_mask = 0x7FFFFF;
/// SSL_R_…ALERT…: so much above the number of the alert that has come.
constexpr unsigned long alerts_begin = 1000;
constexpr unsigned long alerts_end = 1256;

}  // namespace

metrics::Metric metric_of(TlsReason reason) {
  switch (reason) {
#define TLS_REASON(id, text) \
  case TlsReason::id:        \
    return metrics::Metric::tls_failed_##id;
#include "native/transport/tls_reasons.def"
#undef TLS_REASON
  }
  CHECK(false);
}

const char* text_of(TlsReason reason) {
  switch (reason) {
#define TLS_REASON(id, text) \
  case TlsReason::id:        \
    return text;
#include "native/transport/tls_reasons.def"
#undef TLS_REASON
  }
  CHECK(false);
}

TlsReason reason_of(unsigned long error) {
  if ((error >> library_shift & library_mask) != library_of_ssl) return TlsReason::other;
  const unsigned long reason = error & reason_mask;
  if (reason >= alerts_begin && reason < alerts_end) return TlsReason::alert;
  switch (reason) {
    case 235:  // SSL_R_NO_APPLICATION_PROTOCOL
      return TlsReason::alpn;
    case 191:  // SSL_R_NO_PROTOCOLS_AVAILABLE
    case 252:  // SSL_R_UNKNOWN_PROTOCOL
    case 258:  // SSL_R_UNSUPPORTED_PROTOCOL
    case 292:  // SSL_R_BAD_LEGACY_VERSION
    case 396:  // SSL_R_VERSION_TOO_LOW
      return TlsReason::version;
    case 101:  // SSL_R_NO_SUITABLE_KEY_SHARE
    case 193:  // SSL_R_NO_SHARED_CIPHER
    case 118:  // SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM
    case 376:  // SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS
    case 410:  // SSL_R_NO_SHARED_GROUPS
      return TlsReason::cipher;
    case 123:  // SSL_R_BAD_SIGNATURE
    case 134:  // SSL_R_CERTIFICATE_VERIFY_FAILED
    case 199:  // SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE
      return TlsReason::certificate;
    case 140:  // SSL_R_COMPRESSED_LENGTH_TOO_LONG
    case 146:  // SSL_R_DATA_LENGTH_TOO_LONG
    case 150:  // SSL_R_ENCRYPTED_LENGTH_TOO_LONG
    case 152:  // SSL_R_EXCESSIVE_MESSAGE_SIZE
    case 198:  // SSL_R_PACKET_LENGTH_TOO_LONG
      return TlsReason::oversized;
    case 339:  // SSL_R_NO_RENEGOTIATION
      return TlsReason::renegotiation;
    case 103:  // SSL_R_BAD_CHANGE_CIPHER_SPEC
    case 108:  // SSL_R_BAD_KEY_SHARE
    case 110:  // SSL_R_BAD_EXTENSION
    case 133:  // SSL_R_CCS_RECEIVED_EARLY
    case 149:  // SSL_R_DIGEST_CHECK_FAILED
    case 159:  // SSL_R_LENGTH_MISMATCH
    case 160:  // SSL_R_LENGTH_TOO_SHORT
    case 182:  // SSL_R_NOT_ON_RECORD_BOUNDARY
    case 213:  // SSL_R_RECORD_LENGTH_MISMATCH
    case 240:  // SSL_R_BAD_PACKET
    case 244:  // SSL_R_UNEXPECTED_MESSAGE
    case 245:  // SSL_R_UNEXPECTED_RECORD
    case 246:  // SSL_R_UNKNOWN_ALERT_TYPE
    case 260:  // SSL_R_INVALID_CCS_MESSAGE
    case 266:  // SSL_R_WRONG_SSL_VERSION
    case 267:  // SSL_R_WRONG_VERSION_NUMBER
    case 271:  // SSL_R_BAD_LENGTH
    case 281:  // SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC
    case 293:  // SSL_R_MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA
    case 298:  // SSL_R_RECORD_TOO_SMALL
    case 409:  // SSL_R_TOO_MANY_WARN_ALERTS
    case 443:  // SSL_R_BAD_RECORD_TYPE
      return TlsReason::garbage;
    default:
      return TlsReason::other;
  }
}

}  // namespace transport
