// See digest_check.h.
#include "bench/load/digest_check.h"

#include <string>
#include <string_view>

#include "bench/load/hmac_sha256.h"
#include "bench/load/md5.h"
#include "native/base/check.h"

namespace load {
namespace {

template <std::size_t size>
bool same(const std::array<char, size>& digits, std::string_view expected) {
  return std::string_view(digits.data(), size) == expected;
}

std::array<char, 64> signature(std::string_view key, std::string_view text) {
  HmacSha256 hmac(key);
  for (std::size_t at = 0; at < text.size(); at += 7) hmac.add(text.substr(at, 7));  // the pieces must not matter
  return hmac.hex();
}

/// RFC 1321 §A.5.
void check_md5() {
  CHECK(same(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e"));
  CHECK(same(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0"));
  CHECK(same(md5_hex("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"), "d174ab98d277d9f5a5611c2c9f419d9f"));
  CHECK(same(md5_hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
             "57edf4a22be3c955ac49da2e2107b67a"));
}

/// RFC 4231 §4.2, §4.3 and §4.7, and the signature in the documentation of Pusher's HTTP API.
void check_hmac() {
  CHECK(same(signature(std::string(20, '\x0b'), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  CHECK(same(signature("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  CHECK(same(signature(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
             "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
  CHECK(same(signature("7ad3773142a6692b25b8",
                       "POST\n/apps/3/events\nauth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0&"
                       "body_md5=ec365a775a4cd0599faeb73354201b6f"),
             "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"));
}

}  // namespace

void check_digests() {
  check_md5();
  check_hmac();
}

}  // namespace load
