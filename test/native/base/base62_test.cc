// Covers native/base/base62.h.
// Owner: the test. Thread: main.
#include "native/base/base62.h"

#include "test/native/doctest_last.h"

TEST_CASE("base62: numbers without leading zeros, the largest in 11 characters") {
  CHECK(base::base62_of(0) == "0");
  CHECK(base::base62_of(9) == "9");
  CHECK(base::base62_of(10) == "A");
  CHECK(base::base62_of(61) == "z");
  CHECK(base::base62_of(62) == "10");
  CHECK(base::base62_of(62 * 62 * 62 + 35) == "100Z");
  CHECK(base::base62_of(UINT64_MAX).size() == 11);
}
