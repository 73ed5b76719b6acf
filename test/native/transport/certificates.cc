#include "test/native/transport/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace certificates {

namespace {

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(length));
  BIO_free(bio);
  return text;
}

void add_extension(X509* certificate, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) std::abort();
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void add_common_name(X509_NAME* name, const std::string& text) {
  if (text.empty()) return;
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()), -1, 0);
}

}  // namespace

Pair make(const Subject& subject, const Pair* authority) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  unsigned char serial[8];
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7F;
  BIGNUM* const number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), subject.begins_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), subject.ends_seconds);
  X509_set_pubkey(certificate, key);
  add_common_name(X509_get_subject_name(certificate), subject.common_name);
  add_common_name(X509_get_subject_name(certificate), subject.second_common_name);
  add_extension(certificate, NID_basic_constraints, subject.is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!subject.alternatives.empty()) add_extension(certificate, NID_subject_alt_name, subject.alternatives.c_str());
  X509* issuer = nullptr;
  EVP_PKEY* issuer_key = key;
  if (authority != nullptr) {
    BIO* const chain = BIO_new_mem_buf(authority->chain.data(), static_cast<int>(authority->chain.size()));
    issuer = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    BIO_free(chain);
    BIO* const pem = BIO_new_mem_buf(authority->key.data(), static_cast<int>(authority->key.size()));
    issuer_key = PEM_read_bio_PrivateKey(pem, nullptr, nullptr, nullptr);
    BIO_free(pem);
  }
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  X509_sign(certificate, issuer_key, EVP_sha256());
  Pair pair;
  BIO* const chain = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(chain, certificate);
  pair.chain = text_of(chain);
  const bool self_signed = issuer == nullptr || X509_NAME_cmp(X509_get_issuer_name(issuer), X509_get_subject_name(issuer)) == 0;
  if (!self_signed) pair.chain += authority->chain;
  BIO* const pem = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(pem, key, nullptr, nullptr, 0, nullptr, nullptr);
  pair.key = text_of(pem);
  if (issuer != nullptr) {
    X509_free(issuer);
    EVP_PKEY_free(issuer_key);
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

std::string encrypted(const Pair& pair, const std::string& passphrase) {
  BIO* const from = BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(from, nullptr, nullptr, nullptr);
  BIO_free(from);
  BIO* const pem = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(pem, key, EVP_aes_256_cbc(), passphrase.data(), static_cast<int>(passphrase.size()), nullptr, nullptr);
  EVP_PKEY_free(key);
  return text_of(pem);
}

const Pair& root() {
  static const Pair made = make({"Test Root", "", "", true});
  return made;
}

const Pair& localhost() {
  static const Pair made = make({"localhost", "", "DNS:localhost,IP:127.0.0.1"}, &root());
  return made;
}

}  // namespace certificates
