#include "native/addon/tls_values.h"

#include <string>
#include <utility>

#include "native/addon/arguments.h"

namespace addon {

namespace {

constexpr std::uint32_t certificates_max = 1000;
constexpr std::uint32_t names_max = 1000;
constexpr std::size_t pem_bytes_max = 1024 * 1024;
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t passphrase_bytes_max = 1024;

/// A text that no message shows.
std::string secret_from(const Napi::Value& value, const char* name, std::size_t bytes_max) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a string, got: something else");
  std::string text = value.As<Napi::String>();
  const std::size_t size = text.size();
  if (size <= bytes_max) return text;
  throw Napi::RangeError::New(value.Env(), std::string(name) + " must be at most " + std::to_string(bytes_max) + " bytes, got: " + std::to_string(size));
}

transport::TlsCertificate certificate_of(const Napi::Object& from) {
  transport::TlsCertificate certificate;
  const Napi::Array names = array_from(from.Get("serverNames"), "serverNames", names_max);
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    certificate.server_names.push_back(text_from(names.Get(i), "each of serverNames", name_bytes_max));
  }
  certificate.chain = text_from(from.Get("chain"), "chain", pem_bytes_max);
  certificate.key = secret_from(from.Get("key"), "key", pem_bytes_max);
  const Napi::Value passphrase = from.Get("passphrase");
  if (!passphrase.IsNull()) certificate.passphrase = secret_from(passphrase, "passphrase", passphrase_bytes_max);
  return certificate;
}

transport::ClientCertificate demand_of(const Napi::Value& value) {
  const std::string name = text_from(value, "clientCert");
  if (name == "none") return transport::ClientCertificate::none;
  if (name == "request") return transport::ClientCertificate::request;
  if (name == "require") return transport::ClientCertificate::require;
  throw_range(value, "clientCert", "none, request or require");
}

bool needs_tls_1_3(const Napi::Value& value) {
  const std::string version = text_from(value, "minVersion");
  if (version != "1.2" && version != "1.3") throw_range(value, "minVersion", "1.2 or 1.3");
  return version == "1.3";
}

transport::TlsOptions options_of(const Napi::Object& from) {
  transport::TlsOptions options;
  const Napi::Array certificates = array_from(from.Get("certificates"), "certificates", certificates_max);
  if (certificates.Length() == 0) throw_range(certificates, "certificates", "one at least");
  for (std::uint32_t i = 0; i < certificates.Length(); ++i) {
    options.certificates.push_back(certificate_of(object_from(certificates.Get(i), "each of certificates")));
  }
  options.client_certificate = demand_of(from.Get("clientCert"));
  const Napi::Value client_ca = from.Get("clientCa");
  if (!client_ca.IsNull()) options.client_ca = text_from(client_ca, "clientCa", pem_bytes_max);
  options.needs_tls_1_3 = needs_tls_1_3(from.Get("minVersion"));
  return options;
}

[[noreturn]] void throw_problem(Napi::Env env, const transport::TlsProblem& problem, int tls) {
  Napi::Error error = Napi::Error::New(env, problem.text);
  error.Set("code", Napi::String::New(env, "ERR_TLS"));
  error.Set("part", Napi::String::New(env, problem.part));
  error.Set("certificate", Napi::Number::New(env, problem.certificate));
  if (tls >= 0) error.Set("tls", Napi::Number::New(env, tls));
  throw error;
}

}  // namespace

std::shared_ptr<const transport::TlsContext> make_tls_context(const Napi::Object& options, const std::shared_ptr<transport::TicketKeys>& tickets, int tls) {
  transport::TlsProblem problem;
  auto context = transport::TlsContext::make(options_of(options), tickets, problem);
  if (!context) throw_problem(options.Env(), problem, tls);
  return context;
}

std::shared_ptr<transport::TlsContexts> to_tls_contexts(const Napi::Array& all) {
  if (all.Length() == 0) return nullptr;
  auto contexts = std::make_shared<transport::TlsContexts>();
  for (std::uint32_t i = 0; i < all.Length(); ++i) {
    contexts->add(make_tls_context(object_from(all.Get(i), "each of tls"), contexts->tickets(), static_cast<int>(i)));
  }
  return contexts;
}

void check_tls(const Napi::CallbackInfo& info) {
  make_tls_context(object_from(info[0], "options"), std::make_shared<transport::TicketKeys>(), -1);
}

}  // namespace addon
