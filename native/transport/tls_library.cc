#include "native/transport/tls_library.h"

#include "native/base/check.h"
#include "native/os/symbols.h"

namespace transport::openssl {

namespace {

constexpr unsigned long version_min = 0x30000000;

struct Library {
  Functions functions;
  std::string problem;

  Library() {
    std::string missing;
#define OPENSSL(result, name, arguments)                                                              \
  functions.name = reinterpret_cast<decltype(functions.name)>(os::find_symbol(#name));                 \
  if (functions.name == nullptr) missing += (missing.empty() ? "" : ", ") + std::string(#name);
#include "native/transport/tls_functions.def"
#undef OPENSSL
    if (!missing.empty()) {
      constexpr std::size_t shown_max = 200;
      if (missing.size() > shown_max) missing = missing.substr(0, missing.rfind(',', shown_max)) + ", …";
      problem = "TLS needs OpenSSL's functions of the node executable, which does not export: " + missing;
    } else if (functions.OpenSSL_version_num() < version_min) {
      problem = "TLS needs OpenSSL 3 in the node executable, got version number: " + std::to_string(functions.OpenSSL_version_num());
    }
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

}  // namespace

const std::string& problem() { return library().problem; }

const Functions& functions() {
  CHECK(library().problem.empty());
  return library().functions;
}

std::string take_error() {
  const unsigned long error = functions().ERR_peek_error();
  const char* const reason = error == 0 ? nullptr : functions().ERR_reason_error_string(error);
  functions().ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace transport::openssl
