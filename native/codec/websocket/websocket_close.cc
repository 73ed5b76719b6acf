#include "native/codec/websocket/websocket_close.h"

#include "native/base/check.h"

namespace codec {
namespace {

CloseCode code_of(Ending ending) {
  switch (ending) {
    case Ending::normal: return CloseCode::normal;
    case Ending::going_away: return CloseCode::going_away;
    case Ending::violation: return CloseCode::protocol_error;
    case Ending::unsupported_data: return CloseCode::unsupported_data;
    case Ending::invalid_payload: return CloseCode::invalid_payload;
    case Ending::too_big: return CloseCode::message_too_big;
    case Ending::policy_violation:
    case Ending::over_rate:
    case Ending::removed:
    case Ending::not_found:
    case Ending::forbidden:
    case Ending::unauthenticated:
    case Ending::deadline: return CloseCode::policy_violation;
    case Ending::slow:
    case Ending::overloaded:
    case Ending::unavailable: return CloseCode::try_again_later;
    case Ending::no_answer:  // to a ping: a close frame would wait in vain, too
    case Ending::lost: return CloseCode::abnormal;
  }
  CHECK(!"an ending without a close code");
  return CloseCode::abnormal;
}

}  // namespace

std::uint16_t websocket_code_of(Ending ending) { return static_cast<std::uint16_t>(code_of(ending)); }

bool may_be_sent(std::uint16_t code) {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace codec
