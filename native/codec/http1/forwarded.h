// Where a request came from, by what trusted proxies say in its head: X-Forwarded-For, or Forwarded (RFC 7239).
// Owner: nobody, pure functions. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "native/codec/http1/http1.h"
#include "native/os/networks.h"

namespace codec {

/// One header and no other is believed: a proxy that writes one of them hands the other on as its client wrote it.
enum class ForwardedHeader : std::uint8_t { none, x_forwarded_for, forwarded };

/// Its field's name in small letters; empty for none.
std::string_view name_of(ForwardedHeader header);

/// The address of the client that a trusted proxy has connected for: walking the header's addresses from the right, the first one that
/// is no trusted proxy's; the leftmost when all are; the one before it when an address cannot be read (`unknown`, `_hidden`). Nothing when
/// the last one cannot be, or there is none. Port 0: it was not told.
/// `value` is the whole header: several fields are one list (RFC 9110 §5.3).
std::optional<os::Address> forwarded_client(ForwardedHeader header, std::string_view value, const os::Networks& trusted);
std::optional<os::Address> forwarded_client(ForwardedHeader header, const HttpRequest& request, const os::Networks& trusted);

}  // namespace codec
