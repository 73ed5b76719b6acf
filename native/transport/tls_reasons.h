// Why TLS ends a connection: names, counters, and what OpenSSL's errors mean.
// Owner: static table (tls_reasons.def). Thread: any.
#pragma once

#include <cstdint>

#include "native/metrics/metrics.h"

namespace transport {

enum class TlsReason : std::uint8_t {
#define TLS_REASON(id, text) id,
#include "native/transport/tls_reasons.def"
#undef TLS_REASON
};

metrics::Metric metric_of(TlsReason reason);
/// A few words without a full stop; they live for ever.
const char* text_of(TlsReason reason);
/// Of ERR_peek_last_error(3): what TLS itself says; before it may stand what a part of it said.
TlsReason reason_of(unsigned long error);

}  // namespace transport
