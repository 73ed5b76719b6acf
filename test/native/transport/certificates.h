// Certificates for tests, made by the system's OpenSSL: P-256, valid for a day.
// Owner: the test. Thread: any.
#pragma once

#include <string>
#include <vector>

namespace certificates {

struct Pair {
  std::string chain;  // PEM
  std::string key;    // PEM
};

struct Subject {
  std::string common_name = {};
  std::string second_common_name = {};
  std::string alternatives = {};  // as in openssl.cnf: "DNS:a.example,URI:spiffe://a"
  bool is_authority = false;
  int begins_seconds = -3600;  // from now
  int ends_seconds = 86'400;
};

/// Signed by `authority`, or by itself; with the authority's chain behind it when that is no root.
Pair make(const Subject& subject, const Pair* authority = nullptr);
/// The pair's key, encrypted.
std::string encrypted(const Pair& pair, const std::string& passphrase);
/// The same for all of the process.
const Pair& root();
const Pair& localhost();

}  // namespace certificates
