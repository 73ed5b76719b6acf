// Covers native/codec/websocket/websocket_close.cc.
// Owner: the test. Thread: main.
#include "native/codec/websocket/websocket_close.h"

#include <initializer_list>

#include "test/native/vendor/doctest.h"

using codec::Ending;

TEST_CASE("websocket close: each ending has a code, and all but those of silence may be sent") {
  for (int i = 0; i <= static_cast<int>(Ending::lost); ++i) {
    const auto ending = static_cast<Ending>(i);
    CAPTURE(i);
    CHECK(codec::may_be_sent(codec::websocket_code_of(ending)) == (ending != Ending::lost && ending != Ending::no_answer));
  }
  CHECK(codec::websocket_code_of(Ending::normal) == 1000);
  CHECK(codec::websocket_code_of(Ending::going_away) == 1001);
  CHECK(codec::websocket_code_of(Ending::violation) == 1002);
  CHECK(codec::websocket_code_of(Ending::unsupported_data) == 1003);
  CHECK(codec::websocket_code_of(Ending::lost) == 1006);
  CHECK(codec::websocket_code_of(Ending::invalid_payload) == 1007);
  CHECK(codec::websocket_code_of(Ending::policy_violation) == 1008);
  CHECK(codec::websocket_code_of(Ending::too_big) == 1009);
  CHECK(codec::websocket_code_of(Ending::slow) == 1013);
  CHECK(codec::websocket_code_of(Ending::overloaded) == 1013);
}

TEST_CASE("websocket close: which codes may be sent") {
  for (const int code : {1000, 1003, 1007, 1014, 3000, 4999}) CHECK(codec::may_be_sent(static_cast<std::uint16_t>(code)));
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65'535}) CHECK(!codec::may_be_sent(static_cast<std::uint16_t>(code)));
}
