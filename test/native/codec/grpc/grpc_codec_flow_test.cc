// Covers what a sink's `wait` does to native/codec/grpc/grpc_codec.cc and native/codec/http2/http2_connection.cc: decoding ends behind the
// message, wherever that stands, and what is left says what it would have said.
// Owner: the test. Thread: main.
#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;

namespace {

/// Messages in one frame, cut over two frames, padded, of several streams, and what is no message between them.
Wire all_kinds() {
  const Wire cut = grpc(message(4, "cut in two"));
  const auto middle = cut.begin() + 7;
  return call(1, publish_path) + data(1, grpc(message(1, "a")) + grpc(message(2, "b")) + grpc(message(3, "c"))) + call(3, publish_path) +
         data(1, Wire(cut.begin(), middle)) + data(3, grpc(message(9, "x"))) + data(1, Wire(middle, cut.end())) + end_data(3, grpc(message(10, "y"))) +
         frame(FrameType::ping, 0, 0, Wire(8, 7)) + end_data(1, grpc(message(5, "last")));
}

struct Said {
  std::string commands;
  std::string replies;
  std::string verdict;
  bool operator==(const Said&) const = default;
};

/// `most`: bytes of a piece. What is left is given again, before any others.
Said said_in_pieces(const Wire& input, std::size_t most, codec::Flow flow, std::size_t* turns) {
  Connection connection;
  connection.recorder.flow = flow;
  Wire left;
  for (std::size_t at = 0; at < input.size(); at += most) {
    const auto begin = input.begin() + static_cast<std::ptrdiff_t>(at);
    left.insert(left.end(), begin, begin + static_cast<std::ptrdiff_t>(std::min(most, input.size() - at)));
    while (!left.empty()) {
      connection.feed(left);
      ++*turns;
      const std::size_t count = connection.last().left;
      CHECK(count < left.size());
      left = Wire(left.end() - static_cast<std::ptrdiff_t>(count), left.end());
    }
  }
  return {connection.commands(), connection.replies(), connection.verdict()};
}

}  // namespace

TEST_CASE("grpc flow: a sink that waits behind each message hears the same, however the bytes are cut") {
  const Wire input = all_kinds();
  std::size_t ignored = 0;
  const Said wanted = said_in_pieces(input, input.size(), codec::Flow::go_on, &ignored);
  CHECK(wanted.commands ==
        "message(1,default,1,a) message(1,default,2,b) message(1,default,3,c) message(3,default,9,x) message(1,default,4,cut in two) "
        "message(3,default,10,y) publish-end(3) message(1,default,5,last) publish-end(1) ");
  for (const std::size_t most : {input.size(), std::size_t{64}, std::size_t{7}, std::size_t{1}}) {
    CAPTURE(most);
    std::size_t turns = 0;
    CHECK(said_in_pieces(input, most, codec::Flow::wait, &turns) == wanted);
    CHECK(turns >= 7);
  }
}

TEST_CASE("grpc flow: one decode tells of one message, and of nothing that comes behind it") {
  Connection connection;
  connection.recorder.flow = codec::Flow::wait;
  const Wire second = grpc(message(2, "b")) + grpc(message(3, "c"));
  connection.feed(call(1, publish_path) + data(1, grpc(message(1, "a")) + second) + frame(FrameType::ping, 0, 0, Wire(8, 7)));
  CHECK(connection.commands() == "message(1,default,1,a) ");
  CHECK(connection.replies().find("PING") == std::string::npos);
  CHECK(connection.last().left == second.size() + codec::frame_head_bytes + 8);
}
