// Covers native/codec/grpc/grpc_codec_answers.cc: answers within the peer's windows, and the ends of streams.
// Owner: the test. Thread: main.
#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;
using codec::Ending;

namespace {

const Wire answer_message = grpc(message(1, "hello"));  // 14 bytes

/// The sink answers every Last with `answer_message`, of offset 300.
Setup answering() {
  return {{}, [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
            if (what == "last") codec.answer(stream, answer_message, 300);
          }};
}

const std::string answer_hex = "000000000c" "0801" "120568656c6c6f" "18ac02";
std::string piece(std::uint32_t stream, std::size_t from, std::size_t bytes_in_it) {
  return "DATA(" + std::to_string(stream) + "," + answer_hex.substr(2 * from, 2 * bytes_in_it) + ") ";
}

/// The sink greets every subscriber with `answer_message`, of offset 300.
Setup greeting() {
  return {{}, [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
            if (what == "subscribe") codec.greet(stream, answer_message, 300);
          }};
}

}  // namespace

TEST_CASE("grpc answers: Last's is the message with its offset behind it") {
  check_wire(last(1), "last(1,default) open", ok_headers(1) + piece(1, 0, 17) + ended(1, 0), answering());
  const Setup nothing = {{}, [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
                           if (what == "last") codec.answer(stream, grpc({}), 0);
                         }};
  check_wire(last(1), "last(1,default) open", ok_headers(1) + "DATA(1,0000000000) " + ended(1, 0), nothing);
}

TEST_CASE("grpc answers: one may come in a later turn") {
  Connection connection;
  connection.feed(last(1));
  CHECK(connection.replies() == "");
  connection.codec().answer({1, 0}, answer_message, 300);
  CHECK(connection.replies() == ok_headers(1) + piece(1, 0, 17) + ended(1, 0));
  connection.codec().answer({1, 0}, answer_message, 300);
  CHECK(connection.replies() == "");
}

TEST_CASE("grpc answers: a stream's window lets them through in pieces") {
  check_wire(settings({{4, 10}}) + last(1), "last(1,default) open", "ACK " + ok_headers(1) + piece(1, 0, 10), answering());
  check_wire(settings({{4, 10}}) + last(1) + window_update(1, 3) + window_update(1, 4), "last(1,default) open",
             "ACK " + ok_headers(1) + piece(1, 0, 10) + piece(1, 10, 3) + piece(1, 13, 4) + ended(1, 0), answering());
  check_wire(settings({{4, 0}}) + last(1) + settings({{4, 16}}) + settings({{4, 100}}), "last(1,default) open",
             "ACK " + ok_headers(1) + "ACK " + piece(1, 0, 16) + "ACK " + piece(1, 16, 1) + ended(1, 0), answering());
}

TEST_CASE("grpc answers: the connection's window lets them through, oldest first") {
  Connection connection(answering());
  connection.feed(subscribe(1));
  std::array<std::uint8_t, 9> head;
  for (int i = 0; i < 3; ++i) connection.codec().write_data_head({1, 0}, 16'384, head);
  connection.codec().write_data_head({1, 0}, 65'535 - 3 * 16'384 - 20, head);
  connection.replies();
  connection.feed(last(3) + last(5) + last(7));
  CHECK(connection.replies() == ok_headers(3) + piece(3, 0, 17) + ended(3, 0) + ok_headers(5) + piece(5, 0, 3) + ok_headers(7));
  connection.feed(window_update(0, 20));
  CHECK(connection.replies() == piece(5, 3, 14) + ended(5, 0) + piece(7, 0, 6));
  connection.feed(window_update(0, 20));
  CHECK(connection.replies() == piece(7, 6, 11) + ended(7, 0));
  CHECK(connection.codec().open_streams() == 1);
}

TEST_CASE("grpc answers: how long they have been waiting") {
  Connection connection(answering());
  const auto since = [&] { return connection.codec().waits().answer_since_ms; };
  const auto feed_at = [&](std::uint32_t now_ms, const Wire& all) {
    connection.codec().set_now(now_ms);
    connection.feed(all);
  };
  feed_at(100, settings({{4, 5}}) + last(1));
  CHECK(since() == 100u);
  feed_at(200, last(3));
  CHECK(since() == 100u);
  feed_at(300, window_update(1, 5));
  CHECK(since() == 300u);
  feed_at(400, window_update(1, 7));
  CHECK(since() == 400u);  // of the other one
  feed_at(500, rst_stream(3) + window_update(0, 100));
  CHECK(!connection.codec().waits().request_since_ms.has_value());
  feed_at(600, settings({{4, 50}}));
  CHECK(!since().has_value());
  CHECK(connection.verdict() == "open");
}

TEST_CASE("grpc answers: a client that has not ended its half gets the answer, and may end it later") {
  check_wire(call(1, last_path) + data(1, grpc({})), "last(1,default) open", ok_headers(1) + piece(1, 0, 17) + ended(1, 0), answering());
  Connection connection(answering());
  connection.feed(call(1, last_path) + data(1, grpc({})));
  CHECK(connection.codec().open_streams() == 1);
  connection.feed(end_data(1));
  CHECK(connection.codec().open_streams() == 0);
}

TEST_CASE("grpc answers: a cancelled one is forgotten") {
  Connection connection(answering());
  connection.feed(settings({{4, 0}}) + last(1) + last(3) + rst_stream(1));
  connection.replies();
  connection.feed(settings({{4, 100}}));
  CHECK(connection.replies() == "ACK " + piece(3, 0, 17) + ended(3, 0));
  CHECK(!connection.codec().waits().answer_since_ms.has_value());
}

TEST_CASE("grpc answers: a publisher's answer waits for window too") {
  check_wire(settings({{4, 4}}) + call(1, publish_path) + end_data(1) + window_update(1, 100), "open",
             "ACK " + ok_headers(1) + "DATA(1,00000000) " + "DATA(1,040a026f6b) " + ended(1, 0));
}

TEST_CASE("grpc answers: reflection's questions queue up behind a window, and the end behind them") {
  const std::string_view path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const Wire asked = call(1, path) + data(1, grpc(text_field(7, "")) + grpc(text_field(3, "nothing"))) + end_data(1);
  const std::string whole = run_whole(asked).replies;
  Connection connection;
  connection.feed(settings({{4, 20}}) + asked);
  std::string replies = connection.replies();
  for (int i = 0; i < 30; ++i) {
    connection.feed(window_update(1, 20));
    replies += connection.replies();
  }
  // The same bytes in more frames.
  const auto content = [](std::string words) {
    std::string joined;
    for (std::size_t at = 0; (at = words.find("DATA(1,", at)) != std::string::npos;) {
      at += 7;
      joined += words.substr(at, words.find(')', at) - at);
    }
    return joined;
  };
  CHECK(content(replies) == content(whole));
  CHECK(replies.ends_with(ended(1, 0)));
}

TEST_CASE("grpc answers: ends of all kinds") {
  Connection connection;
  codec::StreamCodec& codec = connection.codec();
  connection.feed(subscribe(1) + call(3, publish_path) + call(5, last_path) + call(7, "/nothing") + last(9));
  connection.replies();
  connection.commands();
  codec.refuse_streams();
  CHECK(connection.replies() == "GOAWAY(9,0,) ");
  CHECK(codec.finish_some(2, Ending::unavailable, "shutting down") == 3);
  CHECK(connection.replies() == ended(1, 14, "shutting down") + ended(3, 14, "shutting down") + "RST(3,0) ");
  CHECK(!codec.done());
  CHECK(codec.finish_some(1000, Ending::unavailable, "shutting down") == 0);
  CHECK(connection.replies() == refused(5, 14, "shutting down") + "RST(5,0) " + "RST(7,0) " + refused(9, 14, "shutting down"));
  CHECK(codec.done());
  CHECK(connection.commands() == "");  // the sink knows
  connection.feed(end_data(3) + end_data(5, grpc({})) + headers(7, {}, flag::end_headers | flag::end_stream));  // it was on its way
  CHECK(connection.verdict() == "closed");
  CHECK(connection.replies() == "");
}

TEST_CASE("grpc answers: a text for people is theirs, whatever is in it") {
  Connection connection;
  connection.feed(subscribe(1));
  connection.replies();
  connection.codec().finish({1, 0}, Ending::unavailable, "10% too slow\n");
  CHECK(connection.replies() == ended(1, 14, "10%25 too slow%0A"));
}

TEST_CASE("grpc greetings: they follow the headers, and leave the stream to the sink") {
  check_wire(subscribe(1, {{"topic", "t"}}), "subscribe(1,t,s,-,0) open", ok_headers(1) + piece(1, 0, 17), greeting());
  Connection connection(greeting());
  connection.feed(subscribe(1));
  CHECK(connection.codec().sendable({1, 0}) == 16'384);
}

TEST_CASE("grpc greetings: nothing else is sent to the stream while they wait for window, and then the sink is told") {
  Connection connection(greeting());
  connection.feed(settings({{4, 10}}) + subscribe(1));
  CHECK(connection.replies() == "ACK " + ok_headers(1) + piece(1, 0, 10));
  connection.commands();
  connection.feed(window_update(1, 3));
  CHECK(connection.replies() == piece(1, 10, 3));
  CHECK(connection.commands() == "");
  CHECK(connection.codec().sendable({1, 0}) == 0);
  connection.feed(window_update(1, 100));
  CHECK(connection.replies() == piece(1, 13, 4));
  CHECK(connection.commands() == "window(1) ");
  CHECK(connection.codec().sendable({1, 0}) == 96);
}

TEST_CASE("grpc greetings: the same with the connection's window, and who leaves meanwhile leaves nothing behind") {
  Connection connection(greeting());
  connection.feed(settings({{4, 1'000'000}}) + subscribe(1));
  std::array<std::uint8_t, 9> head;
  for (int i = 0; i < 3; ++i) connection.codec().write_data_head({1, 0}, 16'384, head);
  connection.codec().write_data_head({1, 0}, 65'535 - 17 - 3 * 16'384 - 4, head);
  connection.replies();
  connection.feed(subscribe(3) + subscribe(5));
  CHECK(connection.replies() == ok_headers(3) + piece(3, 0, 4) + ok_headers(5));
  CHECK(connection.codec().buffered_bytes() == 13 + 17);
  connection.feed(rst_stream(3));
  CHECK(connection.codec().buffered_bytes() == 17);
  connection.commands();
  connection.feed(window_update(0, 100));
  CHECK(connection.replies() == piece(5, 0, 17));
  CHECK(connection.commands() == "window(5) window(0) ");
  CHECK(connection.codec().buffered_bytes() == 0);
  CHECK(connection.codec().sendable({5, 2}) == 83);
}

TEST_CASE("grpc greetings: how long they have waited is known apart from answers") {
  Connection connection(greeting());
  connection.feed(settings({{4, 0}}) + subscribe(1) + subscribe(3));
  CHECK(!connection.codec().waits().answer_since_ms);
  CHECK(connection.codec().waits().greeting_since_ms == 0u);
  connection.codec().set_now(7);
  connection.feed(window_update(1, 1) + subscribe(5));  // a little of it is not all
  CHECK(connection.codec().overdue_greetings(8).empty());
  CHECK(connection.codec().overdue_greetings(7) == std::vector<codec::StreamKey>{{1, 0}, {3, 1}});
  CHECK(connection.codec().waits().greeting_since_ms == 7u);
  connection.feed(window_update(1, 1000));
  CHECK(connection.codec().overdue_greetings(7) == std::vector<codec::StreamKey>{{3, 1}});
  connection.codec().finish({5, 2}, codec::Ending::slow, "slow");
  connection.codec().finish({3, 1}, codec::Ending::slow, "slow");
  CHECK(connection.codec().overdue_greetings(0).empty());
  CHECK(!connection.codec().waits().greeting_since_ms);
  connection.replies();
  CHECK(connection.codec().buffered_bytes() == 0);
  Connection other(answering());
  other.feed(settings({{4, 0}}) + last(1));
  CHECK(other.codec().waits().answer_since_ms == 0u);
}

TEST_CASE("grpc: a stream that the sink does not admit ends at once, and its place is free") {
  Setup one;
  one.streams_left = 1;
  check_wire(subscribe(1) + call(3, publish_path) + subscribe(5, {{"topic", "t"}}), "subscribe(1,default,s,-,0) open",
             ok_headers(1) + refused(3, 14, "too many streams") + "RST(3,0) " + refused(5, 14, "too many streams") + "RST(5,0) ", one);
  Connection connection(one);
  connection.feed(subscribe(1) + call(3, publish_path));
  CHECK(connection.codec().open_streams() == 1);
}
