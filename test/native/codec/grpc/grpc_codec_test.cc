// Covers native/codec/grpc/grpc_codec.cc: calls as they begin and end, and messages cut in every way.
// Owner: the test. Thread: main.
#include "native/codec/grpc/grpc_codec.h"

#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;
using codec::Ending;

namespace {

const std::string published = "DATA(1,00000000040a026f6b) ";

}  // namespace

TEST_CASE("grpc: publishing on the wire, as a client of the contract does") {
  // HEADERS with the static table where it has the field; DATA with Message{author: 7, data: "hi"}; an empty DATA that ends.
  const Wire call_in_hex = hex("000046 01 04 00000001 83 86 04 17") + bytes("/MessageService/Publish") + hex("01 09") + bytes("localhost") +
                           hex("0f10 10") + bytes("application/grpc") + hex("00 02") + bytes("te") + hex("08") + bytes("trailers");
  CHECK(call_in_hex.size() == 9 + 0x46);
  check_wire(call_in_hex + hex("00000b 00 00 00000001 00 00000006 0807 12026869") + hex("000000 00 01 00000001"),
             "message(1,default,7,hi) publish-end(1) open", ok_headers(1) + published + ended(1, 0));
}

TEST_CASE("grpc: a publisher sends many messages, in frames of any size") {
  const Wire three = grpc(message(1, "one")) + grpc({}) + grpc(message(3, std::string(100, 'x')));
  const std::string commands = "message(1,default,1,one) message(1,default,0,) message(1,default,3," + std::string(100, 'x') + ") ";
  check_wire(call(1, publish_path) + data(1, three), commands + "open", ok_headers(1));
  for (const std::size_t frame_bytes : {1u, 4u, 5u, 6u, 20u}) {
    Wire all = call(1, publish_path);
    for (std::size_t at = 0; at < three.size(); at += frame_bytes) {
      const std::size_t end = std::min(three.size(), at + frame_bytes);
      all = all + data(1, Wire(three.begin() + static_cast<std::ptrdiff_t>(at), three.begin() + static_cast<std::ptrdiff_t>(end)));
    }
    check_wire(all + end_data(1), commands + "publish-end(1) open", ok_headers(1) + published + ended(1, 0));
  }
}

TEST_CASE("grpc: streams of one connection do not disturb each other") {
  const Wire long_message = grpc(message(5, std::string(60, 'l')));
  const Wire head(long_message.begin(), long_message.begin() + 30);
  const Wire tail(long_message.begin() + 30, long_message.end());
  check_wire(call(1, publish_path) + data(1, head) + subscribe(3) + call(5, publish_path, {{"topic", "other"}}) + data(5, grpc(message(2, "b"))) + data(1, tail),
             "subscribe(3,default,s,-,0) message(5,other,2,b) message(1,default,5," + std::string(60, 'l') + ") open",
             ok_headers(1) + ok_headers(3) + ok_headers(5));
}

TEST_CASE("grpc: the largest message, and one byte more") {
  codec::GrpcLimits limits;
  limits.message_bytes_max = 300;
  const auto sized = [](std::size_t bytes_in_all) { return grpc(Wire{0x12, 0xA9, 0x02} + Wire(bytes_in_all - 3, 'x')); };
  check_wire(call(1, publish_path) + data(1, sized(300)), "message(1,default,0," + std::string(297, 'x') + ") open", ok_headers(1), {limits});
  check_wire(call(1, publish_path) + data(1, sized(301)), "open", ok_headers(1) + ended(1, 8, "the message is too big"), {limits});
}

TEST_CASE("grpc: what is wrong with a message's frame") {
  const Wire publisher = call(1, publish_path);
  check_wire(publisher + data(1, hex("02 00000000")), "open", ok_headers(1) + ended(1, 13, "the message's first byte is neither 0 nor 1"));
  check_wire(publisher + data(1, hex("ff ffffffff")), "open", ok_headers(1) + ended(1, 13, "the message's first byte is neither 0 nor 1"));
  const std::string cut = ok_headers(1) + ended(1, 13, "the last message is cut short");
  check_wire(publisher + end_data(1, hex("00")), "open", cut);
  check_wire(publisher + end_data(1, hex("00 00000001")), "open", cut);
  check_wire(publisher + data(1, grpc(message(1, "x"))) + end_data(1, hex("00 00000002 08")), "message(1,default,1,x) gone(1) open", cut);
}

TEST_CASE("grpc: a compressed message is refused as unknown to us, or as broken where no encoding was named") {
  const auto compressed = [](const Fields& more) { return call(1, publish_path, more) + data(1, hex("01 00000000")); };
  const std::string broken = "the message is compressed, and no grpc-encoding says how";
  check_wire(compressed({{"grpc-encoding", "gzip"}}), "open", ok_headers_with_encodings(1) + ended(1, 12, "compressed messages are not accepted"));
  check_wire(compressed({}), "open", ok_headers(1) + ended(1, 13, broken));
  check_wire(compressed({{"grpc-encoding", "identity"}}), "open", ok_headers(1) + ended(1, 13, broken));
  // Nothing was answered before: the headers are one block with the status.
  std::string only = refused(1, 12, "compressed messages are not accepted");
  only.insert(only.find(" grpc-status"), " grpc-accept-encoding=identity");
  check_wire(call(1, last_path, {{"grpc-encoding", "gzip"}}) + data(1, hex("01 00000000")), "open", only);
  // What is not compressed is taken whatever was named.
  check_wire(call(1, publish_path, {{"grpc-encoding", "gzip"}}) + data(1, grpc(message(1, "x"))), "message(1,default,1,x) open", ok_headers_with_encodings(1));
}

TEST_CASE("grpc: one request means one") {
  const std::string second = "a second message where one is expected";
  check_wire(call(1, subscribe_path) + data(1, grpc({}) + grpc({})), "subscribe(1,default,,-,0) gone(1) open", ok_headers(1) + ended(1, 13, second));
  check_wire(call(1, "/broker.v1.MessageService/PublishOne") + data(1, grpc({}) + grpc({})), "message(1,default,0,) gone(1) open",
             refused(1, 13, second));
  check_wire(call(1, subscribe_path) + end_data(1), "open", refused(1, 13, "the request has no message"));
  check_wire(call(1, last_path) + end_data(1), "open", refused(1, 13, "the request has no message"));
  check_wire(call(1, subscribe_path) + data(1, grpc({})) + end_data(1, hex("00")), "subscribe(1,default,,-,0) gone(1) open",
             ok_headers(1) + ended(1, 13, "the last message is cut short"));
}

TEST_CASE("grpc: calls that are not taken, and others beside them") {
  check_wire(call(1, "/MessageService/Nothing") + end_data(1, grpc({})) + subscribe(3), "subscribe(3,default,s,-,0) open",
             refused(1, 12, "unknown method") + ok_headers(3));
  const auto http = [](const Fields& fields) { return headers(1, block(fields)) + end_data(1, grpc({})); };
  check_wire(http({{":method", "POST"}, {":scheme", "http"}, {":path", "/MessageService/Publish"}, {"content-type", "text/plain"}}), "open", "ENDHEADERS(1 :status=415) ");
  check_wire(http({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}), "open", "ENDHEADERS(1 :status=405 allow=POST) ");
  check_wire(http({{":method", "POST"}, {":scheme", "http"}, {":path", "/MessageService/Publish"}, {"content-type", "application/grpc"}}), "open",
             refused(1, 3, "the request must say te: trailers"));
}

TEST_CASE("grpc: a deadline that is none is refused") {
  for (const char* timeout : {"", "1", "S", "1s", "123456789S", "-1S", "+1S", "1.5S", " 1S", "1 S", "1SS", "0x1S"}) {
    CAPTURE(timeout);
    const Outcome outcome = run_whole(call(1, subscribe_path, {{"grpc-timeout", timeout}}) + end_data(1, grpc({})));
    // What begins with a space is no field at all.
    CHECK(outcome.replies == (timeout[0] == ' ' ? "RST(1,1) " : refused(1, 13, "grpc-timeout is not 1 to 8 digits and a unit")));
    CHECK(outcome.commands == "open");
  }
}

TEST_CASE("grpc: deadlines are told when they have come, the first one first, and each once") {
  const auto with_timeout = [](std::uint32_t stream, const std::string& timeout) {
    return call(stream, subscribe_path, {{"grpc-timeout", timeout}}) + end_data(stream, grpc({}));
  };
  Connection connection;
  codec::StreamCodec& codec = connection.codec();
  const auto ids = [&](std::uint32_t now_ms) {
    std::vector<std::uint32_t> found;
    codec.set_now(now_ms);
    for (const StreamKey stream : codec.overdue_deadlines()) {
      found.push_back(stream.id);
      codec.finish(stream, codec::Ending::deadline, "late");
    }
    return found;
  };
  using Ids = std::vector<std::uint32_t>;
  const std::uint32_t begin_ms = UINT32_MAX - 1000;  // the clock begins again meanwhile
  codec.set_now(begin_ms);
  connection.feed(with_timeout(1, "2S") + with_timeout(3, "1500m") + with_timeout(5, "1n") + with_timeout(7, "1M") + with_timeout(9, "99999999H") + subscribe(11));
  CHECK(codec.waits().deadline_ms == begin_ms + 1);
  CHECK(ids(begin_ms).empty());
  CHECK(ids(begin_ms + 1) == Ids{5});
  CHECK(codec.waits().deadline_ms == begin_ms + 1500);
  connection.feed(rst_stream(3));
  CHECK(ids(begin_ms + 1999).empty());
  CHECK(ids(begin_ms + 2000) == Ids{1});
  CHECK(ids(begin_ms + 59'999).empty());
  CHECK(ids(begin_ms + 60'000) == Ids{7});
  CHECK(!codec.waits().deadline_ms);  // 11,400 years are no deadline
  CHECK(codec.open_streams() == 2);
}

TEST_CASE("grpc: deadlines of calls that are over leave no memory behind") {
  Connection connection;
  connection.feed(window_update(0, INT32_MAX - 65'535) + call(1, subscribe_path, {{"grpc-timeout", "999H"}}) + end_data(1, grpc({})));
  const codec::GrpcCodec& codec = static_cast<codec::GrpcCodec&>(connection.codec());
  for (std::uint32_t id = 3; id < 20'003; id += 2) {
    connection.feed(call(id, publish_path, {{"grpc-timeout", "998H"}}) + end_data(id));
    connection.replies();
    REQUIRE(codec.kept_deadlines() <= 2 * 2 + 17);
  }
  CHECK(codec.open_streams() == 1);
}

TEST_CASE("grpc: the topic of the metadata") {
  check_wire(call(1, subscribe_path, {{"topic", "news"}}) + end_data(1, grpc({})), "subscribe(1,news,,-,0) open", ok_headers(1));
  check_wire(call(1, publish_path, {{"topic", "news"}}) + data(1, grpc({})), "message(1,news,0,) open", ok_headers(1));
  for (const std::string& topic : {std::string(), std::string(201, 't'), std::string("a\x01"), std::string("\xFF")}) {
    check_wire(call(1, subscribe_path, {{"topic", topic}}) + end_data(1, grpc({})), "open", refused(1, 3, "the topic is not valid"));
  }
  for (const Fields& several : {Fields{{"topic", "a"}, {"topic", "b"}}, Fields{{"topic", "a"}, {"topic", "a"}}, Fields{{"topic", "a,b"}}, Fields{{"topic", "a, b"}}}) {
    check_wire(call(1, subscribe_path, several) + end_data(1, grpc({})), "open", refused(1, 3, "the metadata names several topics"));
  }
  check_wire(call(1, subscribe_path, {{"topic", std::string(200, 't')}}) + end_data(1, grpc({})), "subscribe(1," + std::string(200, 't') + ",,-,0) open", ok_headers(1));
}

TEST_CASE("grpc: what the sink ends within its handlers is over at once") {
  const auto ends_at = [](const std::string& at, Ending ending) {
    return Setup{{}, [at, ending](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
                   if (what == at) codec.finish(stream, ending, "because");
                 }};
  };
  check_wire(call(1, publish_path, {{"topic", "a topic with a long name"}}) + data(1, grpc(message(1, "a")) + grpc(message(2, "b"))) + end_data(1),
             "message(1,a topic with a long name,1,a) open", ok_headers(1) + ended(1, 8, "because"), ends_at("message", Ending::slow));
  check_wire(call(1, publish_path) + data(1, grpc(message(1, "a"))) + end_data(1), "message(1,default,1,a) publish-end(1) open",
             ok_headers(1) + ended(1, 14, "because"), ends_at("publish-end", Ending::unavailable));
  check_wire(subscribe(1) + subscribe(3), "subscribe(1,default,s,-,0) subscribe(3,default,s,-,0) open", refused(1, 14, "because") + refused(3, 14, "because"),
             ends_at("subscribe", Ending::unavailable));
  check_wire(last(1), "last(1,default) open", refused(1, 5, "because"), ends_at("last", Ending::not_found));
  check_wire(subscribe(1) + rst_stream(1), "subscribe(1,default,s,-,0) gone(1) open", ok_headers(1), ends_at("gone", Ending::normal));
}

TEST_CASE("grpc: the sink may end the connection within its handlers") {
  for (const std::string at : {"message", "subscribe", "publish-end", "last", "gone", "window"}) {
    const Setup setup = {{}, [at](codec::StreamCodec& codec, const std::string& what, StreamKey) {
                           if (what == at) codec.give_up("enough");
                         }};
    const Wire all = call(1, publish_path) + data(1, grpc({})) + end_data(1) + subscribe(3) + settings({{4, 0}}) + settings({{4, 70'000}}) + last(5) + rst_stream(3) + subscribe(7);
    const Outcome whole = run_whole(all, setup);
    CHECK(whole.commands.ends_with("failed(enough)"));
    check_wire(all, whole.commands, whole.replies, setup);
  }
}

TEST_CASE("grpc: a stream that fails is told to the sink once, an answered one never") {
  const Setup answers = {{}, [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
                           if (what == "last") codec.answer(stream, grpc({}), 0);
                         }};
  check_wire(call(1, last_path) + data(1, grpc({})) + rst_stream(1), "last(1,default) open", ok_headers(1) + "DATA(1,0000000000) " + ended(1, 0), answers);
  check_wire(call(1, publish_path) + data(1, grpc(message(1, "a"))) + data(1, grpc({0xFF})) + rst_stream(1), "message(1,default,1,a) gone(1) open",
             ok_headers(1) + ended(1, 3, "the message is no valid protobuf"));
}

TEST_CASE("grpc: keys of streams that are gone are passed over") {
  Connection connection;
  codec::StreamCodec& codec = connection.codec();
  connection.feed(subscribe(1) + rst_stream(1) + subscribe(3));
  connection.replies();
  codec.finish({1, 0}, Ending::unavailable, "x");
  codec.answer({1, 0}, grpc({}), 0);
  codec.finish({3, 1}, Ending::unavailable, "x");
  codec.finish({}, Ending::unavailable, "x");
  codec.finish({99, 99}, Ending::unavailable, "x");
  CHECK(connection.replies() == "");
  CHECK(codec.open_streams() == 1);
  codec.finish({3, 0}, Ending::unavailable, "x");
  CHECK(connection.replies() == ended(3, 14, "x"));
  CHECK(codec.sendable({3, 0}) == 0);
  CHECK(codec.open_streams() == 0);
}
