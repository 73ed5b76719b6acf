// Covers native/codec/grpc/grpc_codec_methods.cc: each method of every service.
// Owner: the test. Thread: main.
#include <string>

#include "test/native/codec/http2/http2_wire.h"

using namespace h2;

namespace {

constexpr std::string_view v1_publish = "/broker.v1.MessageService/Publish";
constexpr std::string_view v1_publish_one = "/broker.v1.MessageService/PublishOne";
constexpr std::string_view v1_subscribe = "/broker.v1.MessageService/Subscribe";
constexpr std::string_view health_check = "/grpc.health.v1.Health/Check";
constexpr std::string_view health_watch = "/grpc.health.v1.Health/Watch";
constexpr std::string_view reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr std::string_view reflection_alpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// A call with one request.
Wire one(std::uint32_t stream, std::string_view path, const Wire& request, const Fields& more = {}) {
  return call(stream, path, more) + end_data(stream, grpc(request));
}

Wire publication(int author, std::string_view text, std::string_view topic) { return message(author, text) + text_field(3, topic); }

std::string data_word(std::uint32_t stream, const Wire& request) {
  const Wire prefixed = grpc(request);
  return "DATA(" + std::to_string(stream) + "," + wire::to_hex(std::string(prefixed.begin(), prefixed.end())) + ") ";
}

}  // namespace

TEST_CASE("grpc methods: Publish of the contract does not know a topic in the message") {
  check_wire(call(1, publish_path) + data(1, grpc(publication(1, "a", "news")) + grpc(message(2, "b") + hex("1a 01 ff"))),
             "message(1,default,1,a) message(1,default,2,b) open", ok_headers(1));
}

TEST_CASE("grpc methods: Publish of broker.v1 takes the topic of each message, or the metadata's") {
  check_wire(call(1, v1_publish) + data(1, grpc(publication(1, "a", "news")) + grpc(message(2, "b")) + grpc(publication(3, "c", "other"))) + end_data(1),
             "message(1,news,1,a) message(1,default,2,b) message(1,other,3,c) publish-end(1) open",
             ok_headers(1) + data_word(1, text_field(1, "ok") + hex("10 03")) + ended(1, 0));
  check_wire(call(1, v1_publish, {{"topic", "meta"}}) + data(1, grpc(publication(1, "a", "news")) + grpc(message(2, "b"))),
             "message(1,news,1,a) message(1,meta,2,b) open", ok_headers(1));
  check_wire(call(1, v1_publish) + data(1, grpc(message(1, "a")) + grpc(publication(1, "b", "\x01"))), "message(1,default,1,a) gone(1) open",
             ok_headers(1) + ended(1, 3, "the topic is not valid"));
  check_wire(call(1, v1_publish) + end_data(1), "open", ok_headers(1) + data_word(1, text_field(1, "ok")) + ended(1, 0));
}

TEST_CASE("grpc methods: PublishOne is answered when the request is complete") {
  const Wire request = publication(1, "a", "news");
  const std::string answer = ok_headers(1) + data_word(1, text_field(1, "ok") + hex("10 01")) + ended(1, 0);
  check_wire(one(1, v1_publish_one, request), "message(1,news,1,a) publish-end(1) open", answer);
  check_wire(call(1, v1_publish_one) + data(1, grpc(request)), "message(1,news,1,a) open", "");
  check_wire(call(1, v1_publish_one) + data(1, grpc(request)) + end_data(1), "message(1,news,1,a) publish-end(1) open", answer);
}

TEST_CASE("grpc methods: what is no protobuf is refused") {
  const std::string text = "the request is no valid protobuf";
  check_wire(one(1, publish_path, {0x08}), "open", ok_headers(1) + ended(1, 3, "the message is no valid protobuf"));
  check_wire(one(1, publish_path, hex("12 01 ff")), "open", ok_headers(1) + ended(1, 3, "the message is no valid protobuf"));
  for (const std::string_view path : {subscribe_path, v1_subscribe, last_path, health_check, health_watch}) {
    check_wire(one(1, path, hex("0a 05 61")), "open", refused(1, 3, text));
    check_wire(one(1, path, hex("0a 01 ff")), "open", refused(1, 3, text));
  }
  check_wire(one(1, reflection, hex("0a 05 61")), "open", ok_headers(1) + ended(1, 3, text));
}

TEST_CASE("grpc methods: Subscribe of the contract knows nothing but the subscriber") {
  check_wire(one(1, subscribe_path, text_field(1, "me") + text_field(2, "news") + hex("18 05 20 06")), "subscribe(1,default,me,-,0) open", ok_headers(1));
}

TEST_CASE("grpc methods: Subscribe of broker.v1") {
  check_wire(one(1, v1_subscribe, text_field(1, "me") + text_field(2, "news") + hex("18 00 20 06")), "subscribe(1,news,me,0,6) open", ok_headers(1));
  check_wire(one(1, v1_subscribe, {}, {{"topic", "meta"}}), "subscribe(1,meta,,-,0) open", ok_headers(1));
  check_wire(one(1, v1_subscribe, text_field(2, "news"), {{"topic", "meta"}}), "subscribe(1,news,,-,0) open", ok_headers(1));
  check_wire(one(1, v1_subscribe, text_field(2, "\x7F")), "open", refused(1, 3, "the topic is not valid"));
}

TEST_CASE("grpc methods: a subscriber need not end its half") {
  check_wire(call(1, subscribe_path) + data(1, grpc({})), "subscribe(1,default,,-,0) open", ok_headers(1));
}

TEST_CASE("grpc methods: Last asks the sink") {
  check_wire(one(1, last_path, {}), "last(1,default) open", "");
  check_wire(one(1, last_path, text_field(1, "news")), "last(1,news) open", "");
  check_wire(one(1, last_path, {}, {{"topic", "meta"}}), "last(1,meta) open", "");
  check_wire(one(1, last_path, text_field(1, "\n")), "open", refused(1, 3, "the topic is not valid"));
  check_wire(one(1, last_path, {}) + rst_stream(1), "last(1,default) gone(1) open", "");
}

TEST_CASE("grpc methods: health is checked") {
  for (const std::string service : {"", "MessageService", "broker.v1.MessageService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}) {
    check_wire(one(1, health_check, service.empty() ? Wire{} : text_field(1, service)), "open", ok_headers(1) + data_word(1, hex("08 01")) + ended(1, 0));
  }
  for (const std::string service : {"other", "MessageServic", "MessageService/Publish"}) {
    check_wire(one(1, health_check, text_field(1, service)), "open", refused(1, 5, "unknown service"));
  }
}

TEST_CASE("grpc methods: health is watched until the end") {
  Connection connection;
  connection.feed(one(1, health_watch, {}) + one(3, health_watch, text_field(1, "other")) + call(5, health_check));
  CHECK(connection.replies() == ok_headers(1) + data_word(1, hex("08 01")) + ok_headers(3) + data_word(3, hex("08 03")));
  connection.codec().drain();
  CHECK(connection.replies() == drain_words + data_word(1, hex("08 02")));
  connection.feed(end_data(5, grpc({})));
  CHECK(connection.replies() == ok_headers(5) + data_word(5, hex("08 02")) + ended(5, 0));
  CHECK(connection.codec().finish_some(1, codec::Ending::unavailable, "shutting down") == 1);
  CHECK(connection.replies() == ended(1, 14, "shutting down"));
  connection.feed(rst_stream(3) + drain_heard());
  CHECK(connection.verdict() == "closed");
}

TEST_CASE("grpc methods: reflection answers every question, and ends with the client") {
  for (const std::string_view path : {reflection, reflection_alpha}) {
    const Outcome outcome = run_whole(call(1, path) + data(1, grpc(text_field(7, ""))) + end_data(1, grpc(text_field(4, "MessageService"))));
    CHECK(outcome.commands == "open");
    CHECK(outcome.replies.starts_with(ok_headers(1) + "DATA(1,"));
    CHECK(outcome.replies.find(wire::to_hex("broker.v1.MessageService")) != std::string::npos);
    CHECK(outcome.replies.find(wire::to_hex("message_service.proto")) != std::string::npos);
    CHECK(outcome.replies.ends_with(ended(1, 0)));
    check_wire(call(1, path) + data(1, grpc(text_field(7, ""))) + end_data(1, grpc(text_field(4, "MessageService"))), outcome.commands, outcome.replies);
  }
}
