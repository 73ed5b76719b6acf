// OpenSSL, through the one place where its functions are reached: those of the node executable, found by name at first use, so that nothing
// is linked and no header need fit. Only functions are used, and numbers that its manual fixes for all of OpenSSL 3; no layout of its structs
// but OSSL_PARAM's, which is a documented interface.
// Owner: static table. Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

namespace transport::openssl {

struct Asn1String;
struct Asn1Time;
struct Bio;
struct BioMethod;
struct Cipher;
struct CipherContext;
struct Digest;
struct Engine;
struct GeneralName;
struct MacContext;
struct Pkey;
struct Ssl;
struct SslCipher;
struct SslContext;
struct SslMethod;
struct Stack;
struct X509;
struct X509Name;
struct X509NameEntry;
struct X509Store;
struct X509StoreContext;

/// OSSL_PARAM(3).
struct Parameter {
  const char* key;
  unsigned int data_type;
  void* data;
  std::size_t data_size;
  std::size_t return_size;
};

using TicketCallback = int (*)(Ssl*, unsigned char* name, unsigned char* iv, CipherContext*, MacContext*, int writes);
using AlpnCallback = int (*)(Ssl*, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered, unsigned length, void*);

struct Functions {
#define OPENSSL(result, name, arguments) result(*name) arguments = nullptr;
#include "native/transport/tls_functions.def"
#undef OPENSSL
};

/// Why TLS cannot be had in this process, in one line; empty: it can.
const std::string& problem();
/// Only where there is no problem.
const Functions& functions();

/// The first line of what went wrong on this thread, in OpenSSL's words; takes it away.
std::string take_error();

}  // namespace transport::openssl
