// See tls_client.h.
#include "bench/load/tls_client.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace load {
namespace {

struct Bio;
struct BioMethod;
struct Context;
struct Ticket;

/// Of OpenSSL 3, as its manual says: only functions, and numbers that it fixes.
struct Functions {
  const void* (*TLS_client_method)();
  Context* (*SSL_CTX_new)(const void* method);
  void (*SSL_CTX_free)(Context*);
  long (*SSL_CTX_ctrl)(Context*, int command, long number, void* pointer);
  int (*SSL_CTX_set_ciphersuites)(Context*, const char*);
  void (*SSL_CTX_sess_set_new_cb)(Context*, int (*)(TlsClient::Session*, Ticket*));
  int (*SSL_CTX_set_ex_data)(Context*, int index, void*);
  void* (*SSL_CTX_get_ex_data)(const Context*, int index);
  Context* (*SSL_get_SSL_CTX)(const TlsClient::Session*);
  TlsClient::Session* (*SSL_new)(Context*);
  void (*SSL_free)(TlsClient::Session*);
  void (*SSL_set_bio)(TlsClient::Session*, Bio*, Bio*);
  void (*SSL_set_connect_state)(TlsClient::Session*);
  int (*SSL_set_session)(TlsClient::Session*, Ticket*);
  int (*SSL_session_reused)(const TlsClient::Session*);
  Ticket* (*SSL_SESSION_dup)(const Ticket*);
  void (*SSL_SESSION_free)(Ticket*);
  int (*SSL_do_handshake)(TlsClient::Session*);
  int (*SSL_get_error)(const TlsClient::Session*, int);
  int (*SSL_read_ex)(TlsClient::Session*, void*, std::size_t, std::size_t*);
  int (*SSL_write_ex)(TlsClient::Session*, const void*, std::size_t, std::size_t*);
  void (*ERR_clear_error)();
  unsigned long (*ERR_peek_error)();
  const char* (*ERR_reason_error_string)(unsigned long);
  BioMethod* (*BIO_meth_new)(int type, const char* name);
  int (*BIO_meth_set_write)(BioMethod*, int (*)(Bio*, const char*, int));
  int (*BIO_meth_set_read)(BioMethod*, int (*)(Bio*, char*, int));
  int (*BIO_meth_set_ctrl)(BioMethod*, long (*)(Bio*, int, long, void*));
  Bio* (*BIO_new)(const BioMethod*);
  int (*BIO_up_ref)(Bio*);
  int (*BIO_free)(Bio*);
  void (*BIO_meth_free)(BioMethod*);
  void (*BIO_set_data)(Bio*, void*);
  void* (*BIO_get_data)(Bio*);
  void (*BIO_set_init)(Bio*, int);
  void (*BIO_set_flags)(Bio*, int);
  void (*BIO_clear_flags)(Bio*, int);
};

constexpr int control_min_version = 123;           // SSL_CTRL_SET_MIN_PROTO_VERSION
constexpr int control_session_cache_mode = 44;     // SSL_CTRL_SET_SESS_CACHE_MODE
constexpr long cache_client_no_internal = 0x0301;  // SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
constexpr long version_1_3 = 0x0304;
constexpr int error_want_read = 2;                 // SSL_ERROR_WANT_READ
constexpr int source_and_sink = 0x0400 | 0xFF;     // BIO_TYPE_SOURCE_SINK and a number
constexpr int control_flush = 11;                  // BIO_CTRL_FLUSH
constexpr int flag_read = 1;
constexpr int flag_should_retry = 8;
constexpr int flags_retry = 1 | 2 | 4 | 8;

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(std::string("wss:// needs OpenSSL 3, whose libssl.so.3 lacks: ") + name);
}

Functions load_functions() {
  void* const library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(std::string("wss:// needs OpenSSL 3 (Debian: apt-get install libssl3), got: ") + dlerror());
  Functions f{};
#define FIND(name) find(library, #name, f.name)
  FIND(TLS_client_method), FIND(SSL_CTX_new), FIND(SSL_CTX_free), FIND(SSL_CTX_ctrl), FIND(SSL_CTX_set_ciphersuites);
  FIND(SSL_CTX_sess_set_new_cb), FIND(SSL_CTX_set_ex_data), FIND(SSL_CTX_get_ex_data), FIND(SSL_get_SSL_CTX);
  FIND(SSL_new), FIND(SSL_free), FIND(SSL_set_bio), FIND(SSL_set_connect_state), FIND(SSL_set_session), FIND(SSL_session_reused);
  FIND(SSL_SESSION_dup), FIND(SSL_SESSION_free), FIND(SSL_do_handshake), FIND(SSL_get_error), FIND(SSL_read_ex), FIND(SSL_write_ex);
  FIND(ERR_clear_error), FIND(ERR_peek_error), FIND(ERR_reason_error_string);
  FIND(BIO_meth_new), FIND(BIO_meth_set_write), FIND(BIO_meth_set_read), FIND(BIO_meth_set_ctrl), FIND(BIO_new), FIND(BIO_up_ref);
  FIND(BIO_free), FIND(BIO_meth_free), FIND(BIO_set_data), FIND(BIO_get_data), FIND(BIO_set_init), FIND(BIO_set_flags), FIND(BIO_clear_flags);
#undef FIND
  return f;
}

const Functions& functions() {
  static const Functions loaded = load_functions();
  return loaded;
}

}  // namespace

/// One BIO for all connections: which one's bytes they are is known call by call.
struct TlsClient::State {
  Context* context = nullptr;
  BioMethod* method = nullptr;
  Bio* bio = nullptr;
  Ticket* ticket = nullptr;
  std::span<const std::uint8_t> in;
  std::vector<std::uint8_t> out;

  static State& of(Bio* bio) { return *static_cast<State*>(functions().BIO_get_data(bio)); }

  static int read(Bio* bio, char* into, int length) {
    State& state = of(bio);
    functions().BIO_clear_flags(bio, flags_retry);
    if (state.in.empty() || length <= 0) {
      functions().BIO_set_flags(bio, flag_read | flag_should_retry);
      return -1;
    }
    const std::size_t part = std::min(state.in.size(), static_cast<std::size_t>(length));
    std::memcpy(into, state.in.data(), part);
    state.in = state.in.subspan(part);
    return static_cast<int>(part);
  }

  static int write(Bio* bio, const char* bytes, int length) {
    functions().BIO_clear_flags(bio, flags_retry);
    const auto* const first = reinterpret_cast<const std::uint8_t*>(bytes);
    std::vector<std::uint8_t>& out = of(bio).out;
    if (length > 0) out.insert(out.end(), first, first + length);
    return length;
  }

  static long control(Bio*, int command, long, void*) { return command == control_flush ? 1 : 0; }

  /// Keeps the first; 1 says that it is ours now.
  static int take_ticket(Session* session, Ticket* ticket) {
    auto& state = *static_cast<State*>(functions().SSL_CTX_get_ex_data(functions().SSL_get_SSL_CTX(session), 0));
    if (state.ticket != nullptr) return 0;
    state.ticket = ticket;
    return 1;
  }
};

void TlsClient::End::operator()(Session* session) const { functions().SSL_free(session); }

TlsClient::TlsClient(bool resume) : state_(std::make_unique<State>()) {
  const Functions& f = functions();
  State& s = *state_;
  s.context = f.SSL_CTX_new(f.TLS_client_method());
  s.method = f.BIO_meth_new(source_and_sink, "load");
  s.bio = f.BIO_new(s.method);
  if (s.context == nullptr || s.bio == nullptr) throw std::runtime_error("OpenSSL cannot be set up");
  f.SSL_CTX_ctrl(s.context, control_min_version, version_1_3, nullptr);
  f.SSL_CTX_set_ciphersuites(s.context, "TLS_AES_128_GCM_SHA256");
  if (resume) {
    f.SSL_CTX_ctrl(s.context, control_session_cache_mode, cache_client_no_internal, nullptr);
    f.SSL_CTX_set_ex_data(s.context, 0, &s);
    f.SSL_CTX_sess_set_new_cb(s.context, &State::take_ticket);
  }
  f.BIO_meth_set_read(s.method, &State::read);
  f.BIO_meth_set_write(s.method, &State::write);
  f.BIO_meth_set_ctrl(s.method, &State::control);
  f.BIO_set_data(s.bio, &s);
  f.BIO_set_init(s.bio, 1);
}

TlsClient::~TlsClient() {
  const Functions& f = functions();
  if (state_->ticket != nullptr) f.SSL_SESSION_free(state_->ticket);
  f.SSL_CTX_free(state_->context);
  f.BIO_free(state_->bio);
  f.BIO_meth_free(state_->method);
}

TlsClient::SessionPointer TlsClient::begin() {
  const Functions& f = functions();
  SessionPointer session(f.SSL_new(state_->context));
  if (session == nullptr) throw std::runtime_error("OpenSSL has no memory for a connection");
  f.BIO_up_ref(state_->bio);
  f.SSL_set_bio(session.get(), state_->bio, state_->bio);
  f.SSL_set_connect_state(session.get());
  if (state_->ticket == nullptr) return session;
  // OpenSSL lets each be used once.
  Ticket* const once = f.SSL_SESSION_dup(state_->ticket);
  f.SSL_set_session(session.get(), once);
  f.SSL_SESSION_free(once);
  return session;
}

bool TlsClient::shake(Session& session, std::span<const std::uint8_t> received) {
  const Functions& f = functions();
  state_->in = received;
  state_->out.clear();
  f.ERR_clear_error();
  const int result = f.SSL_do_handshake(&session);
  // The server waits for our last flight before it says more: nothing of TLS 1.3 is left over here.
  if (result == 1) return true;
  if (f.SSL_get_error(&session, result) == error_want_read) return false;
  const char* const reason = f.ERR_reason_error_string(f.ERR_peek_error());
  throw std::runtime_error(std::string("TLS handshake: ") + (reason == nullptr ? "the server ended it" : reason));
}

bool TlsClient::was_resumed(Session& session) const { return functions().SSL_session_reused(&session) == 1; }

TlsClient::Plain TlsClient::decrypt(Session& session, std::span<const std::uint8_t> received, std::span<std::uint8_t> into) {
  const Functions& f = functions();
  state_->in = received;
  state_->out.clear();
  f.ERR_clear_error();
  Plain plain{0, false};
  for (;;) {
    std::size_t count = 0;
    const std::span<std::uint8_t> room = into.subspan(plain.bytes);
    const int result = f.SSL_read_ex(&session, room.data(), room.size(), &count);
    plain.bytes += count;
    if (result == 1) continue;
    plain.ended = f.SSL_get_error(&session, result) != error_want_read;
    return plain;
  }
}

void TlsClient::encrypt(Session& session, std::span<const std::uint8_t> plain) {
  state_->in = {};
  state_->out.clear();
  functions().ERR_clear_error();
  std::size_t written = 0;
  if (functions().SSL_write_ex(&session, plain.data(), plain.size(), &written) != 1) throw std::runtime_error("TLS: a record cannot be written");
}

std::span<const std::uint8_t> TlsClient::out() const { return state_->out; }

}  // namespace load
