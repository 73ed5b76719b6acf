// Between JavaScript values and the engine's types of TLS (src/native/tls.ts), held to the contract as values.h does.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <napi.h>

#include <memory>

#include "native/transport/tls_context.h"

namespace addon {

/// A context of `options`. Throws an Error with TlsErrorDetails where there is none. `tls`: its index in EngineOptions.tls; -1 says nothing of it.
std::shared_ptr<const transport::TlsContext> make_tls_context(const Napi::Object& options, const std::shared_ptr<transport::TicketKeys>& tickets, int tls);
/// Of EngineOptions.tls; null where there is none.
std::shared_ptr<transport::TlsContexts> to_tls_contexts(const Napi::Array& all);
/// NativeAddon.checkTls.
void check_tls(const Napi::CallbackInfo& info);

}  // namespace addon
