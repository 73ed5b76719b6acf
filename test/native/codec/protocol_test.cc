// Covers native/codec/protocol.cc: every row of protocols.def by its name, and that its codec is that protocol's.
// Owner: the test. Thread: main.
#include "native/codec/protocol.h"

#include "native/codec/event_codec.h"
#include "native/codec/post_codec.h"
#include "test/native/codec/http2/http2_wire.h"
#include "test/native/codec/recorded_commands.h"

namespace {

const codec::Protocol& named(std::string_view name) {
  codec::ProtocolId id{};
  const codec::Protocol* const found = codec::find_protocol(name, id);
  REQUIRE(found != nullptr);
  CHECK(&codec::protocol(id) == found);
  CHECK(found->name == name);
  return *found;
}

/// What the protocol's codec commands when it is given `bytes`.
std::string commands_of(std::string_view name, wire::Wire bytes, const codec::CodecLimits& limits = {}) {
  wire::Recorder recorder;
  const std::unique_ptr<codec::Codec> codec = named(name).make_codec(limits);
  const codec::Decoded decoded = wire::decode(*codec, bytes, recorder);
  return recorder.commands + wire::word_of(decoded);
}

}  // namespace

TEST_CASE("protocols: each is found by its name, and no other name is one") {
  CHECK(named("websocket-publish").role == codec::Role::publish);
  CHECK(named("websocket-subscribe").role == codec::Role::subscribe);
  CHECK(named("pusher").role == codec::Role::session);
  CHECK(named("grpc").role == codec::Role::streams);
  CHECK(named("http").role == codec::Role::relay);
  CHECK(named("responder-raw").role == codec::Role::respond);
  CHECK(named("responder-line").role == codec::Role::respond);
  CHECK(named("http-publish").role == codec::Role::posts);
  CHECK(named("sse").role == codec::Role::events);
  CHECK(named("sse-until-close").role == codec::Role::events);
  for (const char* const name : {"", "Pusher", "grpc ", "websocket", "mqtt", "SSE"}) {
    CAPTURE(name);
    codec::ProtocolId id = codec::ProtocolId::pusher;
    CHECK(codec::find_protocol(name, id) == nullptr);
    CHECK(id == codec::ProtocolId::pusher);
  }
}

TEST_CASE("protocols: what Broker-Role says") {
  CHECK(codec::role_name(codec::Role::publish) == "publish");
  CHECK(codec::role_name(codec::Role::subscribe) == "subscribe");
  CHECK(codec::role_name(codec::Role::events) == "subscribe");
  CHECK(codec::role_name(codec::Role::posts) == "publish");
  for (const codec::Role role : {codec::Role::session, codec::Role::streams, codec::Role::relay, codec::Role::respond}) CHECK(codec::role_name(role) == "");
}

TEST_CASE("protocols: the codec of each, with its limits") {
  const wire::Wire hello = wire::frame(0x81, "Hello");
  CHECK(commands_of("websocket-publish", hello) == "text(Hello) open");
  CHECK(commands_of("websocket-subscribe", hello) == "ignored open");
  CHECK(commands_of("pusher", hello) == "session(Hello) open");
  CHECK(commands_of("responder-raw", h2::bytes("a\nb")) == "request(a\nb) open");
  CHECK(commands_of("responder-line", h2::bytes("a\nb")) == "request(a\n) open");
  codec::CodecLimits limits;
  limits.websocket.message_bytes_max = 4;
  CHECK(commands_of("websocket-publish", hello, limits) == "failed(1009)");
  CHECK(commands_of("pusher", hello, limits) == "failed(1009)");
  CHECK(commands_of("websocket-subscribe", hello, limits) == "ignored open");
}

TEST_CASE("protocols: each one's codec is what its role decodes with") {
  const auto tells = [](std::string_view name) {
    const std::unique_ptr<codec::Codec> codec = named(name).make_codec({});
    if (dynamic_cast<codec::MessageCodec*>(codec.get()) != nullptr) return "messages";
    if (dynamic_cast<codec::SessionCodec*>(codec.get()) != nullptr) return "session";
    if (dynamic_cast<codec::StreamCodec*>(codec.get()) != nullptr) return "streams";
    if (dynamic_cast<codec::PostCodec*>(codec.get()) != nullptr) return "posts";
    if (dynamic_cast<codec::EventCodec*>(codec.get()) != nullptr) return "events";
    return dynamic_cast<codec::RequestCodec*>(codec.get()) != nullptr ? "requests" : "nothing";
  };
  CHECK(tells("websocket-publish") == std::string_view("messages"));
  CHECK(tells("websocket-subscribe") == std::string_view("messages"));
  CHECK(tells("pusher") == std::string_view("session"));
  CHECK(tells("grpc") == std::string_view("streams"));
  CHECK(tells("responder-raw") == std::string_view("requests"));
  CHECK(tells("responder-line") == std::string_view("requests"));
  CHECK(tells("http-publish") == std::string_view("posts"));
  CHECK(tells("sse") == std::string_view("events"));
  CHECK(tells("sse-until-close") == std::string_view("events"));
}

TEST_CASE("protocols: gRPC's codec is one with streams, within its own limits") {
  codec::CodecLimits limits;
  limits.grpc.http2.streams_max = 7;
  const std::unique_ptr<codec::Codec> codec = named("grpc").make_codec(limits);
  auto* const streams = dynamic_cast<codec::StreamCodec*>(codec.get());
  REQUIRE(streams != nullptr);
  CHECK(streams->open_streams() == 0);
  // SETTINGS, its first words: MAX_CONCURRENT_STREAMS (3) is 7 (RFC 9113 §6.5.2).
  const std::string settings = wire::to_hex(base::text_of(streams->replies()));
  CHECK(settings.substr(0, 18).substr(6, 4) == "0400");
  CHECK(settings.find("000300000007") != std::string::npos);
}

TEST_CASE("protocols: their manners at the end, and who asks in text whether somebody is there") {
  CHECK(named("websocket-subscribe").manners.code_of(codec::Ending::going_away) == 1001);
  CHECK(named("websocket-subscribe").manners.code_of(codec::Ending::slow) == 1013);
  CHECK(!named("websocket-subscribe").manners.tells_unanswered);
  CHECK(named("websocket-subscribe").manners.ping_text == "");
  CHECK(named("pusher").manners.code_of(codec::Ending::going_away) == 4100);
  CHECK(named("pusher").manners.code_of(codec::Ending::slow) == 4100);
  CHECK(named("pusher").manners.tells_unanswered);
  CHECK(named("pusher").manners.code_of(codec::Ending::no_answer) == 4201);
  CHECK(named("pusher").manners.ping_text == R"({"event":"pusher:ping","data":"{}"})");
  CHECK(named("pusher").shares_port_with_http);
  CHECK(!named("websocket-publish").shares_port_with_http);
  CHECK(!named("pusher").parse_target);
  CHECK(named("websocket-publish").parse_target("/a", {}).topics == std::vector<std::string>{"a"});
  CHECK(!named("websocket-publish").parse_target("/a?topic=b", {}).ok);
  CHECK(named("websocket-subscribe").parse_target("/a?topic=b", {}).topics == std::vector<std::string>{"a", "b"});
}

TEST_CASE("protocols: what stands beside another on its listener") {
  const auto beside = [](std::string_view name) { return std::string_view(codec::protocol(named(name).beside).name); };
  CHECK(beside("websocket-subscribe") == "sse");
  CHECK(beside("sse") == "sse-until-close");
  CHECK(beside("websocket-publish") == "http-publish");
  for (const char* const name : {"http-publish", "sse-until-close", "pusher", "grpc", "responder-raw", "responder-line"}) CHECK(beside(name) == name);
}
