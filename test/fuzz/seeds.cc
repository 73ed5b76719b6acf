// Writes the seeds: what each target begins with, one file a seed, so that even a few seconds reach behind the handshakes and
// the first checks. `make-seeds <folder> <corpus>`; corpus/<target>/*.hex is what was found and mended, as hexadecimal text.
// Owner: the process. Thread: main.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "test/fuzz/websocket_frames.h"
#include "test/native/codec/http2/http2_wire.h"

namespace {

using h2::Wire;
using wire::operator+;
using namespace std::string_view_literals;
namespace fs = std::filesystem;

fs::path root;
std::string target;
int number = 0;

void save(const std::string& name, const Wire& bytes) {
  std::ofstream file(root / target / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.good()) {
    std::fprintf(stderr, "cannot write %s\n", (root / target / name).c_str());
    std::exit(1);
  }
}
void seed(const Wire& bytes) { save("seed-" + std::to_string(number++), bytes); }
void seed(const Wire& head, std::string_view text) { seed(head + h2::bytes(text)); }
void begin(const std::string& name) {
  target = name;
  number = 0;
  fs::create_directories(root / target);
}

/// How pieces are cut: whole, one by one, and by some magnitudes.
constexpr std::uint8_t cuts[] = {255, 0, 3, 6, 9};

void text_seeds() {
  begin("text");
  for (const std::string_view text : {"", "plain", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "aGVsbG8=", "aGVsbG9=", "YQ=="}) {
    for (const std::uint8_t how : cuts) seed({how}, text);
  }
}

void http_publish_seeds() {
  begin("http_publish");
  const std::string head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n";
  const std::string texts[] = {
      head + "Content-Length: 5\r\n\r\nhello" + head + "Idempotency-Key: k\r\nContent-Length: 1\r\n\r\nx",
      head + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\none\r\n0\r\nT: 1\r\n\r\n" + head + "\r\n",
      head + "Expect: 100-continue\r\nContent-Length: 101\r\n\r\n",
      head + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nxGET /up HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /no HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
      head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  };
  for (const std::string& text : texts) {
    for (const std::uint8_t how : cuts) seed({how, static_cast<std::uint8_t>(number % 4), static_cast<std::uint8_t>(number % 3), static_cast<std::uint8_t>(number % 2)}, text);
  }
}

void sse_seeds() {
  begin("sse_encoding");
  for (const std::string_view text : {"", "plain", "a\nb\r\nc\rd", "\n\n", ": x\ndata: y", "GET /a?sse=1 HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n"}) {
    for (const std::uint8_t kind : {0, 1}) seed({kind, 7, 3, 2, 'e', '\n'}, text);
  }
}

void responder_seeds() {
  begin("responder_codec");
  for (const std::string_view text : {"one\ntwo\r\nthree", "\n\n\n", "last topic\nlast other\n", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\n", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\nx"}) {
    for (const std::uint8_t how : cuts) seed({how, static_cast<std::uint8_t>(number % 5)}, text);
  }
}

Wire framed(std::uint8_t first_byte, std::string_view payload) {
  fuzz::Bytes out;
  fuzz::append_frame(out, first_byte, payload, 77);
  return out;
}

void websocket_seeds() {
  begin("websocket_codec");
  const std::string medium(300, 'm');
  const std::vector<Wire> conversations = {
      framed(0x81, "Hello"),
      framed(0x82, medium),
      framed(0x82, std::string(65'536, 'l')),
      framed(0x82, std::string(65'537, 'l')),
      framed(0x01, "He") + framed(0x89, "ping") + framed(0x00, "l") + framed(0x80, "lo") + framed(0x8A, "pong"),
      framed(0x01, "\xE2") + framed(0x00, "\x82") + framed(0x80, "\xAC"),
      framed(0x81, "\xED\xA0\x80"),
      framed(0x81, "a") + wire::close_frame(1000, "bye") + framed(0x81, "late"),
      wire::close_frame(1005), wire::close_frame(4000, "\xC0"), framed(0x88, ""), framed(0x88, "x"),
      framed(0x80, "stray"), framed(0x01, "a") + framed(0x01, "b"), framed(0xC1, "reserved"), framed(0x83, "opcode"), framed(0x09, "cut"),
      framed(0x89, std::string(126, 'p')), wire::hex("8105 48656c6c6f"), wire::hex("82fe0005 00000000 0102030405"),
      wire::hex("82ffffffffffffffffff"), wire::hex("82ff0000000000000005 00000000"),
      framed(0x02, "1") + framed(0x00, "2") + framed(0x00, "3") + framed(0x00, "4") + framed(0x80, "5"),
  };
  for (const Wire& bytes : conversations) {
    for (const int options : {0, 1, 2, 4}) seed(Wire{cuts[number % 5], static_cast<std::uint8_t>(options)} + bytes);
  }
  // Messages that the target frames itself: kind, fragments, length, text, then cuts and masks.
  for (const std::uint8_t how : cuts) seed({how, 8}, "\x01\x02\x05Hello\x01\x02\x01\x03\x04\x02\x01\x03\x04ping\x09\x03\x01\x02hi\x07\x03\x03\x05\x01\x02\x03\x04\x05\x06\x07");
}

void http_seeds() {
  begin("http1");
  const std::string upgrade = "Host: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  for (const char* const path : {"/", "/news", "/a%20b?topic=c+d&topic=%C3%A9&x=1", "/?topic=a&topic=a&topic=b&topic=c", "ws://h/a", "http://h", "/%", "/%00", "*", "/a#b"}) {
    for (const std::uint8_t options : {0, 1, 2}) seed({cuts[number % 5], options}, std::string("GET ") + path + " HTTP/1.1\r\n" + upgrade);
    seed({255, 0}, path);
  }
  for (const char* const head : {
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / http/1.1\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: h\n\n",
           "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "GET / HTTP/1.1\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
           "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "GET / HTTP/1.1\r\nA:\tb\t\r\nC: \r\n\r\n",
           "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"}) {
    for (const std::uint8_t options : {0, 1}) seed({cuts[number % 5], options}, head);
  }
  seed({255, 1}, "GET /" + std::string(100, 'a') + " HTTP/1.1\r\n\r\n");
  seed({6, 1}, "GET / HTTP/1.1\r\n" + std::string(300, 'a'));
  seed({6, 1}, "GET / HTTP/1.1\r\na:1\r\nb:1\r\nc:1\r\nd:1\r\ne:1\r\nf:1\r\n\r\n");
  seed({6, 0}, std::string(40, 'M') + " / HTTP/1.1\r\n\r\n");
}

void hpack_seeds() {
  begin("hpack");
  const auto block = [](const Wire& bytes) { return Wire{0, 1, 255} + bytes; };  // mode, and a length beyond it
  // RFC 7541 Appendix C.
  seed(block(wire::hex("400a637573746f6d2d6b65790d637573746f6d2d686561646572")));
  seed(block(wire::hex("040c2f73616d706c652f70617468")));
  seed(block(wire::hex("100870617373776f726406736563726574")));
  seed(block(wire::hex("82868441 0f7777772e6578616d706c652e636f6d")));
  seed(block(wire::hex("828684418cf1e3c2e5f23a6ba0ab90f4ff")));
  seed(block(wire::hex("3fe11f 828684be5886a8eb10649cbf")));
  seed(block(wire::hex("4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d")));
  for (const char* const wrong : {"80", "ff8080808001", "00ff80808001", "3fe220", "202020", "8220", "40", "be", "0000", "008f"}) seed(block(wire::hex(wrong)));
  seed(block(h2::block(h2::call_fields(h2::subscribe_path))));
  for (const std::uint8_t random : {1, 2, 3, 4}) seed({1, random}, "\x01\x04\x00\x01\x05value\x00\x01\x05value\x01\x03key\x00\x00\x02\x05other\x00\x00\x20\x03\x00\x02\x02""ab"sv);
  for (const std::string_view text : {"www.example.com", "", "\x7F\xFF\x80 binary"}) seed({2}, text);
  seed(Wire{2} + wire::hex("f1e3c2e5f23a6ba0ab90f4ff"));
}

/// One request of each kind, whole, cut short and damaged, alone and with others.
std::vector<Wire> calls() {
  const Wire message = h2::message(7, "hello");
  std::vector<Wire> all;
  for (const std::string prefix : {"/", "/broker.v1."}) {
    all.push_back(h2::call(1, prefix + "MessageService/Publish") + h2::data(1, h2::grpc(message)) + h2::end_data(1, h2::grpc(h2::message(66, "again"))));
    all.push_back(h2::call(1, prefix + "MessageService/Publish", {{"topic", "news"}}) + h2::end_data(1));
    all.push_back(h2::call(1, prefix + "MessageService/Subscribe", {{"topic", "news"}}) + h2::end_data(1, h2::grpc(h2::text_field(1, "me"))));
    all.push_back(h2::call(1, prefix + "MessageService/Subscribe") + h2::end_data(1, h2::grpc(h2::text_field(1, "me") + h2::text_field(2, "t") + wire::hex("1803 2005"))));
    all.push_back(h2::call(1, prefix + "MessageService/Last") + h2::end_data(1, h2::grpc(h2::text_field(1, "news"))));
  }
  for (const char* const path : {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", "/grpc.health.v1.Health/List"}) {
    for (const char* const service : {"", "MessageService", "unknown"}) all.push_back(h2::call(1, path) + h2::end_data(1, h2::grpc(h2::text_field(1, service))));
  }
  for (const char* const path : {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"}) {
    for (const int field : {1, 3, 4, 5, 6, 7}) all.push_back(h2::call(1, path) + h2::data(1, h2::grpc(h2::text_field(field, "MessageService"))) + h2::end_data(1, h2::grpc(h2::text_field(field, "message.proto"))));
  }
  all.push_back(h2::call(1, "/Unknown/Method") + h2::end_data(1));
  all.push_back(h2::headers(1, h2::block({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}), 5));
  all.push_back(h2::headers(1, h2::block({{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {"content-type", "text/plain"}})));
  for (const h2::Fields& more : std::vector<h2::Fields>{{{"grpc-timeout", "1S"}}, {{"grpc-encoding", "gzip"}}, {{"content-length", "5"}}, {{"topic", ""}}, {{"topic", "%C3%A9"}}, {{"Upper", "x"}}, {{"connection", "close"}}, {{":late", "x"}}, {{"cookie", std::string(9000, 'c')}, {"cookie", std::string(9000, 'c')}}}) {
    all.push_back(h2::call(1, h2::publish_path, more) + h2::end_data(1, h2::grpc(message)));
  }
  all.push_back(h2::call(1, h2::publish_path) + h2::data(1, Wire{1} + h2::u32(3) + h2::bytes("abc")));              // compressed
  all.push_back(h2::call(1, h2::publish_path) + h2::data(1, Wire{0} + h2::u32(100'000)));                           // too large
  all.push_back(h2::call(1, h2::publish_path) + h2::data(1, h2::grpc(wire::hex("0a"))) + h2::end_data(1));          // malformed
  all.push_back(h2::call(1, h2::publish_path) + h2::data(1, h2::grpc(Wire(9000, 'x'))) + h2::end_data(1));
  all.push_back(h2::call(1, h2::publish_path) + h2::data(1, h2::grpc(message)) + h2::headers(1, h2::block({{"trailer", "x"}}), 5));
  all.push_back(h2::subscribe(1) + h2::subscribe(1));
  return all;
}

/// Frames of the connection and of streams that are none of a call's.
std::vector<Wire> frames() {
  const Wire block = h2::block(h2::call_fields(h2::subscribe_path));
  const Wire front(block.begin(), block.begin() + 20), back(block.begin() + 20, block.end());
  const auto continuation = [](const Wire& part, std::uint8_t flags) { return h2::frame(codec::FrameType::continuation, flags, 1, part); };
  return {
      h2::settings_ack(), h2::settings({{3, 100}, {4, 10}, {5, 16'384}}), h2::settings({{4, 0}}) + h2::last(1) + h2::settings({{4, 100'000}}),
      h2::settings({{4, 0x80000000}}), h2::settings({{5, 1}}), h2::settings({{1, 0}, {2, 0}, {6, 1}, {99, 1}}),
      h2::ping(), h2::frame(codec::FrameType::ping, h2::flag::ack, 0, Wire(8)), h2::goaway(), h2::window_update(0, 1000), h2::window_update(0, 0),
      h2::window_update(0, 0x7FFFFFFF) + h2::window_update(0, 0x7FFFFFFF), h2::window_update(5, 1), h2::rst_stream(1), h2::rst_stream(0),
      h2::subscribe(1) + h2::rst_stream(1) + h2::window_update(1, 5), h2::subscribe(1) + h2::window_update(1, 0x7FFFFFFF),
      h2::frame(codec::FrameType::priority, 0, 1, Wire(5)), h2::frame(codec::FrameType::push_promise, 0, 1, Wire(4)), h2::frame(std::uint8_t{99}, 0, 1, Wire(4)),
      h2::headers(1, front, 0) + continuation(back, h2::flag::end_headers), h2::headers(1, front, 0) + continuation({}, 0) + continuation(back, 4),
      h2::headers(1, front, 0) + h2::ping(), h2::headers(2, block), h2::headers(1, wire::hex("ff8080808001")),
      h2::headers(1, Wire{3} + block + Wire(3), h2::flag::end_headers | h2::flag::padded) + h2::data(1, Wire{2} + h2::grpc({}) + Wire(2), h2::flag::padded | h2::flag::end_stream),
      h2::headers(1, Wire(5) + block, h2::flag::end_headers | h2::flag::priority), h2::data(1, Wire(10)), h2::data(0, Wire(10)),
      Wire{0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1}, h2::subscribe(3) + h2::last(5) + h2::subscribe(7) + h2::last(9) + h2::subscribe(11) + h2::subscribe(1),
  };
}

void grpc_seeds() {
  begin("grpc_codec");
  int variant = 0;
  for (const std::vector<Wire>& all : {calls(), frames()}) {
    for (const Wire& bytes : all) {
      for (const int options : {0, 1 + variant % 7}) seed(Wire{cuts[variant++ % 5], static_cast<std::uint8_t>(options)} + bytes);
      seed(Wire{cuts[variant++ % 5], 0} + bytes + h2::rst_stream(1) + h2::ping() + h2::last(13) + h2::subscribe(15));
    }
  }
  // Answers that wait for a window, in all ways that they are let go.
  Wire many = h2::settings({{4, 0}});
  for (std::uint32_t stream = 1; stream < 60; stream += 2) many = many + (stream % 4 == 1 ? h2::last(stream) : h2::subscribe(stream));
  for (const int options : {0, 2, 4}) {
    seed(Wire{9, static_cast<std::uint8_t>(options)} + many);
    seed(Wire{9, static_cast<std::uint8_t>(options)} + many + h2::window_update(5, 100) + h2::window_update(9, 1) + h2::settings({{4, 1000}}));
    seed(Wire{9, static_cast<std::uint8_t>(options)} + many + h2::rst_stream(5) + h2::goaway());
  }
  seed(Wire{9, 8} + h2::bytes("GET / HTTP/1.1\r\n\r\n"));
  seed(Wire{0, 8} + h2::preface() + h2::subscribe(1));
  seed(Wire{0, 8} + h2::bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + h2::ping());
}

void json_seeds() {
  begin("json");
  for (const char* const text : {
           R"({"author":7,"data":"hello"})", R"({"author":-2147483648,"data":"\u00e9\ud83d\ude00\ud83d x\n"})", R"( { "data" : "x" , "author" : 1 } )", R"({"author":01,"data":""})",
           R"({"author":1e2,"data":""})", R"({"a":{"b":[1,2.5e-3,true,false,null,"\"\\\/\b\f\n\r\t"]},"a":"again","\u0061":[]})", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", R"("text")", "-0.0E+1", "nul", "{\"a\":1,}", "[1 2]", "{} {}", "{\"a\" 1}", "\"\x01\"", "\"\\u12g4\""}) {
    seed({0}, text);
    seed({1}, text);
  }
}

void pusher_seeds() {
  begin("pusher_codec");
  const std::vector<std::string> texts = {
      R"({"event":"pusher:ping","data":{}})", R"({"event":"pusher:pong"})", R"({"event":"pusher:subscribe","data":{"channel":"a"}})",
      R"({"event":"client-a","channel":"private-b","data":{"x":[1]}})", R"({"event":"\u0063lient-\n","channel":"\"","data":"\ud83d\ude00"})",
      R"({"event":"client-a","channel":5,"data":1})", R"({"event":"client-a"})", R"({"event":7})", "not json", R"({"event":"a","event":"pusher:ping"})"};
  for (const std::string& text : texts) {
    seed({1, cuts[number % 5]}, text);
    seed(Wire{2, cuts[number % 5]} + framed(0x81, text) + framed(0x89, "p") + framed(0x01, text.substr(0, 5)) + framed(0x80, text.substr(5)) + wire::close_frame(1000));
  }
  seed(Wire{2, 3} + framed(0x81, texts[0]) + framed(0x82, "binary") + framed(0x81, texts[0]) + framed(0x89, "late"));
  for (const std::uint8_t how : cuts) seed({0, how}, "\x04name\x0bpusher/1/ch\x01\x02idthe data \"quoted\" \xC3\xA9\n");
}

void protobuf_seeds() {
  begin("protobuf");
  for (const Wire& message : {h2::message(1, "data"), wire::hex("08ffffffffffffffffff01 1204 64617461"), h2::text_field(1, "me") + h2::text_field(2, "t") + wire::hex("18 ac02 20 05"), h2::text_field(3, "message.proto"), h2::text_field(4, "MessageService"),
                              h2::text_field(7, "x"), wire::hex("0d01020304 110102030405060708 0801"), wire::hex("0b"), wire::hex("00"), wire::hex("12ff"), wire::hex("08ffffffffffffffffff02"), wire::hex("1202c3")}) {
    seed(Wire{1} + message);
  }
  seed({0}, "\x01\x00\x02\x01\x02\x05\x01\x04text\x0e\x00\x08\x01\x02\x03\x04\x05\x06\x07\x08"sv);
}

void publication_seeds() {
  begin("publication");
  const std::string large(70'000, 'x');
  for (const std::string_view text : {std::string_view("hello"), std::string_view(R"({"author":5,"data":"x"})"), std::string_view(R"({"author":5,"data":"\u0041\ud800"})"), std::string_view("\xFF\xFE"), std::string_view(), std::string_view(large)}) {
    seed({0}, text);
    seed({1}, text);
    seed({2, 0x80, 0, 0, 1}, text);
  }
}

void proxy_seeds() {
  begin("proxies");
  const std::string signature = "0d0a0d0a000d0a515549540a";
  for (const char* const rest : {"2111000cc0000207c0000201126701bb", "2011000cc0000207c0000201126701bb", "20000000", "21310004ffffffff", "2121002420010db800000000000000000000000720010db8000000000000000000000001126701bb",
                                 "21110011c0000207c0000201126701bb0400020000", "2211000c", "211100ff"}) {
    for (const std::uint8_t how : cuts) seed(Wire{how} + wire::hex(signature + rest));
  }
  for (const std::string_view text : {"PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\nGET /"sv, "PROXY TCP6 2001:db8::7 ::1 1 2\r\n"sv, "PROXY UNKNOWN\r\n"sv, "PROXY UNKNOWN x y z\r\n"sv, "PROXY TCP4 1.2.3.4\r\n"sv, "GET / HTTP/1.1"sv,
                                      "198.51.100.1, [2001:db8::7]:4711"sv, "for=\"[2001:db8::7]:4711\";proto=https;by=_x, for=unknown"sv, "for=\"a\\\", \""sv, "10.0.0.0/8"sv, "2001:db8::/32"sv, "::ffff:10.0.0.0/104"sv}) {
    for (const std::uint8_t how : cuts) seed({how}, text);
  }
}

/// One life: how it is set up, then what World::act reads for each act and the turn behind it.
void shard_seeds() {
  begin("shard");
  const auto turn = Wire{0};
  const auto connect = [&](std::uint8_t port, std::uint8_t buffer = 3) { return Wire{0, port, buffer} + turn; };
  const auto greet = [&](std::uint8_t peer, const Wire& how) { return Wire{1, peer} + how + turn; };
  const auto frame = [&](std::uint8_t peer, std::string_view text, const Wire& how) { return Wire{4, peer, static_cast<std::uint8_t>(text.size())} + h2::bytes(text) + how + turn; };
  const auto read = [&](std::uint8_t peer) { return Wire{6, peer, 255, 255} + turn; };
  const Wire publish = Wire{9, 0} + turn, publish_any = Wire{11, 0, 1, 0} + turn, wait = Wire{8, 4, 0} + turn, stand_still = Wire{8, 0x98, 0} + turn;  // 1 and 49 seconds
  const Wire faults = Wire{12, 1, 1, 1, 1, 0} + turn;
  const auto leave = [&](std::uint8_t peer, std::uint8_t how) { return Wire{7, peer, how} + turn; };
  const auto call = [&](std::uint8_t what, const Wire& rest) { return Wire{13, 0, 0, what} + rest + turn; };
  for (int flags = 0; flags < 256; flags += 13) {
    const Wire options = {static_cast<std::uint8_t>(flags)};
    const Wire publisher = connect(0) + greet(0, {1, 1}), reader = connect(1, static_cast<std::uint8_t>(flags % 4)) + greet(1, {1, 1});
    seed(options + publisher + reader + frame(0, "hello", {1, 0, 7}) + publish + read(1) + publish_any + read(1) + frame(0, "more", {1, 1, 7}) + publish);
    seed(options + faults + publisher + reader + frame(0, "big", {0, 0, 9}) + frame(0, "big", {0, 0, 9}) + publish + wait + read(1) + leave(1, 2) + leave(0, 1) + publish);
    const Wire session = connect(2) + greet(0, {3, 1}) + call(0, {0, 3, 1}) + call(2, {0, 0, 0, 0});
    seed(options + session + frame(0, "", {0, 1}) + frame(0, "", {0, 0}) + call(4, {2, 'h', 'i'}) + publish_any + read(0) + call(3, {0}) + call(5, {0, 9, 3, 'b', 'y', 'e'}) + read(0) + leave(0, 0) + publish);
    seed(options + session + Wire{15, 0} + turn + frame(0, "", {0, 2}) + stand_still + Wire{15, 1} + turn + connect(2) + greet(1, {3, 0}) + leave(0, 2));
    const Wire grpc = connect(3, static_cast<std::uint8_t>(flags % 4)) + greet(0, {0, 0});
    seed(options + grpc + greet(0, {1, 1, 0}) + greet(0, {2, 1, 1}) + frame(0, "data", {2, 0}) + stand_still + publish_any + read(0) + frame(0, "", {1, 0, 200}) + leave(0, 0) + publish);
    seed(options + connect(4) + Wire{2, 0, 0, 10} + h2::bytes("a\nb\nlast a") + turn + Wire{2, 0, 0, 1, '\n'} + turn + read(0) + connect(5) + Wire{2, 1, 0, 1, 'a'} + turn + read(1) + leave(0, 0) + leave(1, 1));
  }
}

/// What was found, written in hexadecimal, is a seed too.
void copy_found(const fs::path& corpus) {
  if (!fs::exists(corpus)) return;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() != ".hex") continue;
    std::ifstream file(entry.path());
    std::string text(std::istreambuf_iterator<char>(file), {});
    std::erase(text, '\n');
    begin(entry.path().parent_path().filename());
    save(entry.path().stem(), wire::hex(text));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  root = arguments[1];
  text_seeds();
  responder_seeds();
  http_publish_seeds();
  sse_seeds();
  websocket_seeds();
  http_seeds();
  hpack_seeds();
  grpc_seeds();
  json_seeds();
  pusher_seeds();
  protobuf_seeds();
  publication_seeds();
  proxy_seeds();
  shard_seeds();
  copy_found(arguments[2]);
}
