// Covers native/codec/http2/http2_connection*.cc and grpc_codec*.cc against those who mean harm: each known attack costs the attacker
// the connection or the stream, and us little.
// Owner: the test. Thread: main.
#include <ctime>
#include <string>

#include "test/native/codec/http2/http2_wire.h"
#include "test/native/codec/memory_in_use.h"

using namespace h2;
using codec::Http2Error;

namespace {

std::string goaway_word(std::uint32_t last, Http2Error error, const std::string& reason) {
  return "GOAWAY(" + std::to_string(last) + "," + std::to_string(static_cast<unsigned>(error)) + "," + reason + ") ";
}

/// How often `make(i)` is taken at one moment before the connection fails for that reason; replies are read after each.
template <typename Make>
std::uint32_t times_until(const std::string& reason, Make make, const Setup& setup = {}) {
  Connection connection(setup);
  connection.recorder.writes_commands = false;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    connection.feed(make(i));
    connection.codec().consume_replies(connection.codec().replies().size());
    if (connection.verdict() == "open") continue;
    CHECK(connection.verdict() == "failed(" + reason + ")");
    CHECK(connection.last().ending == codec::Ending::policy_violation);
    return i;
  }
  return UINT32_MAX;
}

std::uint32_t id_of(std::uint32_t i) { return 2 * i + 1; }

const std::string resets = "too many streams are reset";
const std::string glitches = "too many frames of no use";

}  // namespace

TEST_CASE("attack: rapid reset, CVE-2023-44487") {
  CHECK(times_until(resets, [](std::uint32_t i) { return subscribe(id_of(i)) + rst_stream(id_of(i)); }) == 1000);
  CHECK(times_until(resets, [](std::uint32_t i) { return call(id_of(i), publish_path) + rst_stream(id_of(i)); }) == 1000);
  // The budget comes back at 33 a second.
  Connection connection;
  std::uint32_t i = 0;
  const auto resets_until_failed = [&](std::uint32_t now_ms, std::uint32_t tries) {
    connection.codec().set_now(now_ms);
    std::uint32_t done = 0;
    for (; done < tries && connection.verdict() == "open"; ++done, ++i) {
      connection.feed(subscribe(id_of(i)) + rst_stream(id_of(i)));
      connection.replies();
    }
    return done;
  };
  CHECK(resets_until_failed(0, 1000) == 1000);
  CHECK(resets_until_failed(10'000, 330) == 330);
  CHECK(resets_until_failed(10'000, 10) == 1);
}

TEST_CASE("attack: rapid reset after the answer is no attack") {
  CHECK(times_until(resets, [](std::uint32_t i) { return call(id_of(i), "/nothing") + rst_stream(id_of(i)); }) == UINT32_MAX);
}

TEST_CASE("attack: resets that we are made to send, CVE-2025-8671") {
  const auto check = [](auto provoke) { CHECK(times_until(resets, provoke) == 1000); };
  check([](std::uint32_t i) { return subscribe(id_of(i)) + window_update(id_of(i), 0x7FFFFFFF); });
  check([](std::uint32_t i) { return subscribe(id_of(i)) + data(id_of(i), {0}); });
  check([](std::uint32_t i) { return subscribe(id_of(i)) + headers(id_of(i), {}); });
  check([](std::uint32_t i) { return call(id_of(i), publish_path) + headers(id_of(i), {}); });
  check([](std::uint32_t i) { return call(id_of(i), subscribe_path, {{"Bad", "x"}}); });
  check([](std::uint32_t i) { return headers(id_of(i), {}); });
  // A window that grows by nothing is a glitch too, so that it ends at the same time.
  CHECK(times_until(glitches, [](std::uint32_t i) { return subscribe(id_of(i)) + window_update(id_of(i), 0); }) <= 1000);
  Setup few;
  few.limits.http2.streams_max = 1;
  CHECK(times_until(resets, [](std::uint32_t i) { return call(id_of(i), subscribe_path); }, few) == 1001);
  Setup narrow;
  narrow.limits.http2.stream_window_bytes = 10;
  CHECK(times_until(resets, [](std::uint32_t i) { return call(id_of(i), publish_path) + data(id_of(i), Wire(11, 0)); }, narrow) == 1000);
}

TEST_CASE("attack: continuations without end, CVE-2024-27316 and others") {
  const Wire nothing = frame(FrameType::continuation, 0, 1, {});
  Wire eight = headers(1, block(call_fields(subscribe_path)), 0);
  for (int i = 0; i < 8; ++i) eight = eight + nothing;
  check_wire(eight, "open", "");
  check_fails(eight + nothing, 1, Http2Error::enhance_your_calm, "too many continuations");
  const Wire full = frame(FrameType::continuation, 0, 1, Wire(16'384, 0x82));
  check_fails(headers(1, Wire(16'384, 0x82), 0) + full + frame(FrameType::continuation, 0, 1, {0x82}), 1, Http2Error::enhance_your_calm,
              "the header block is too big");
}

TEST_CASE("attack: references to one large field, again and again") {
  // 4 kB of a table, and 12,000 references to it in one block: 48 MB, if anybody copied it.
  Wire bomb = block(call_fields(subscribe_path)) + Wire{0x40} + string("cookie") + string(std::string(4000, 'c'));
  bomb.insert(bomb.end(), 12'000, 0xBE);
  Connection connection;
  const std::size_t before = memory_in_use();
  for (std::uint32_t i = 0; i < 200; ++i) {
    connection.feed(headers(id_of(i), bomb));
    CHECK(connection.replies() == "ENDHEADERS(" + std::to_string(id_of(i)) + " :status=431) ");
  }
  CHECK(connection.verdict() == "open");
  if (counts_memory) CHECK(memory_in_use() - before < 64 * 1024);
}

TEST_CASE("attack: crumbs of a cookie count as fields") {
  Wire crumbs = block(call_fields(subscribe_path)) + Wire{0x40} + string("cookie") + string("a");
  crumbs.insert(crumbs.end(), 93, 0xBE);
  check_wire(headers(1, crumbs) + end_data(1, grpc({})), "subscribe(1,default,,-,0) open", ok_headers(1));
  crumbs.push_back(0xBE);
  check_wire(headers(1, crumbs) + end_data(1, grpc({})), "open", "ENDHEADERS(1 :status=431) ");
}

TEST_CASE("attack: floods of frames that are allowed and of no use") {
  CHECK(times_until(glitches, [](std::uint32_t) { return settings(); }) == 999);  // the first was in the preface
  CHECK(times_until(glitches, [](std::uint32_t) { return frame(FrameType::settings, flag::ack, 0, {}); }) == 999);
  CHECK(times_until(glitches, [](std::uint32_t) { return frame(FrameType::priority, 0, 1, Wire(5, 0)); }) == 999);
  CHECK(times_until(glitches, [](std::uint32_t) { return frame(0x42, 0, 0, {}); }) == 999);
  CHECK(times_until(glitches, [](std::uint32_t i) { return i == 0 ? subscribe(1) : goaway(); }) == 1000);
  CHECK(times_until(glitches, [](std::uint32_t) { return window_update(0, 1); }) == 999);
  CHECK(times_until(glitches, [](std::uint32_t) { return frame(FrameType::ping, flag::ack, 0, Wire(8, 0)); }) == 999);
  CHECK(times_until(glitches, [](std::uint32_t i) { return i == 0 ? call(1, publish_path) : data(1, {}); }) == 1000);
  CHECK(times_until(glitches, [](std::uint32_t i) { return i == 0 ? call(1, publish_path) : data(1, {0}, flag::padded); }) == 1000);
  CHECK(times_until(glitches, [](std::uint32_t i) { return i == 0 ? subscribe(1) + rst_stream(1) : data(1, {0}); }) == 1000);
  CHECK(times_until(glitches, [](std::uint32_t i) { return i == 0 ? subscribe(1) + rst_stream(1) : rst_stream(1); }) == 1000);
}

TEST_CASE("attack: pings without end") {
  const std::uint32_t most = times_until("too_many_pings", [](std::uint32_t) { return ping(); });
  CHECK(most == 100);
  // Who is being sent something may measure the path as often as it likes.
  Connection connection;
  connection.feed(subscribe(1));
  for (int i = 0; i < 3000; ++i) {
    std::array<std::uint8_t, 9> head;
    if (connection.codec().sendable({1, 0}) < 5) connection.feed(window_update(0, 60'000) + window_update(1, 60'000));
    connection.codec().write_data_head({1, 0}, 5, head);
    connection.feed(ping());
    connection.replies();
  }
  CHECK(connection.verdict() == "open");
}

TEST_CASE("attack: acknowledgements that nobody reads") {
  Setup patient;
  patient.limits.http2.pings = patient.limits.http2.glitches = {1'000'000, 0};
  for (const Wire& each : {ping(), settings()}) {
    Connection connection(patient);
    std::uint32_t taken = 0;
    while (connection.verdict() == "open" && taken < 5000) {
      connection.feed(each);
      ++taken;
    }
    CHECK(taken == 1001);
    CHECK(connection.verdict() == "failed(too many acknowledgements unread)");
    CHECK(connection.codec().replies().size() < 20'000);
  }
}

TEST_CASE("attack: answers that nobody reads") {
  Connection connection;
  connection.recorder.writes_commands = false;
  connection.feed(settings({{4, 0x7FFFFFFF}}) + window_update(0, 0x7FFF0000));
  const std::size_t before = memory_in_use();
  std::uint32_t i = 0;
  for (; i < 200'000 && connection.verdict() == "open"; ++i) connection.feed(call(id_of(i), "/nothing") + end_data(id_of(i)));
  CHECK(connection.verdict() == "failed(too many answers unread)");
  CHECK(connection.codec().replies().size() < 8 * 1024 * 1024 + 100'000);
  if (counts_memory) CHECK(memory_in_use() - before < 20 * 1024 * 1024);
}

TEST_CASE("attack: windows over their bound, again and again, cost no memory (CVE-2026-21714)") {
  const auto attack = [](std::uint32_t times) {
    for (std::uint32_t i = 0; i < times; ++i) {
      Connection connection;
      connection.feed(subscribe(1) + subscribe(3) + window_update(1, 0x7FFFFFFF) + window_update(0, 0x7FFFFFFF));
      REQUIRE(connection.last().status == codec::DecodeStatus::failed);
    }
  };
  attack(100);
  const std::size_t before = memory_in_use();
  attack(counts_memory ? 100'000 : 1000);  // where sanitizers keep the books there is nothing to see
  if (counts_memory) CHECK(memory_in_use() < before + 64 * 1024);
}

TEST_CASE("attack: a failed connection keeps nothing but its last words") {
  const std::size_t before = memory_in_use();
  Connection connection;
  connection.recorder.writes_commands = false;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    connection.feed(call(id_of(i), publish_path, {{"topic", "a topic that needs memory of its own"}}) + data(id_of(i), hex("00 00001000") + Wire(1000, 0)));
    connection.codec().consume_replies(connection.codec().replies().size());
  }
  if (counts_memory) CHECK(memory_in_use() - before > 2'000'000);
  connection.feed(hex("ffffff 00 00 00000001"));
  CHECK(connection.replies() == goaway_word(3999, Http2Error::frame_size_error, "a frame over 16,384 bytes"));
  if (counts_memory) CHECK(memory_in_use() - before < 16 * 1024);
}

TEST_CASE("attack: a message that announces more than there may be") {
  const std::string too_big = ok_headers(1) + ended(1, 8, "the message is too big");
  const Wire publisher = call(1, publish_path);
  check_wire(publisher + data(1, hex("00 00010001")), "open", too_big);
  check_wire(publisher + data(1, hex("00 ffffffff")) + data(1, Wire(1000, 0)), "open", too_big);
  check_wire(call(1, subscribe_path) + data(1, hex("00 00002001")), "open", refused(1, 8, "the message is too big"));
  Connection connection;
  connection.feed(publisher);
  const std::size_t before = memory_in_use();
  connection.feed(data(1, hex("00 00010000 00")));  // as much as there may be: memory for what came, not for what is announced
  if (counts_memory) CHECK(memory_in_use() - before < 1024);
}

TEST_CASE("attack: half messages on many streams") {
  Setup setup;
  setup.limits.assembly_bytes_max = 100'000;
  Connection connection(setup);
  connection.recorder.writes_commands = false;
  std::string last_replies;
  std::uint32_t i = 0;
  for (; i < 50; ++i) {
    connection.feed(call(id_of(i), publish_path) + data(id_of(i), hex("00 00004000") + Wire(10'000, 0)));
    last_replies = connection.replies();
    if (last_replies.find("grpc-status") != std::string::npos) break;
  }
  CHECK(i == 9);
  CHECK(last_replies.ends_with(ended(19, 8, "too many messages are half sent")));
  // The others go on, and what one lets go of another may take.
  connection.feed(rst_stream(1) + call(101, publish_path) + data(101, hex("00 00004000") + Wire(9'000, 0)));
  CHECK(connection.replies().find("grpc-status") == std::string::npos);
  CHECK(connection.verdict() == "open");
}

TEST_CASE("attack: initial windows up and down over many streams") {
  // With 5000 streams going up costs five more than the frames themselves.
  Connection connection;
  connection.recorder.writes_commands = false;
  for (std::uint32_t i = 0; i < 5000; ++i) connection.feed(subscribe(id_of(i)));
  connection.replies();
  std::uint32_t times = 0;
  while (connection.verdict() == "open" && times < 1000) {
    connection.feed(settings({{4, 0}}) + settings({{4, 100}}));
    connection.replies();
    ++times;
  }
  CHECK(connection.verdict() == "failed(" + glitches + ")");
  CHECK(times == 143);  // 999 of 7 each
}

TEST_CASE("attack: a window that opens byte by byte, CVE-2019-9511; who gives back every small frame by itself is no attacker") {
  const React answers = [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
    if (what == "last") codec.answer(stream, grpc(Wire{0x12, 0x90, 0x4E} + Wire(10'000, 'x')), 7);
  };
  Connection dribble({{}, answers});
  dribble.feed(settings({{4, 0}}) + last(1));
  std::uint32_t bytes = 0;
  for (; dribble.verdict() == "open" && bytes < 10'000; ++bytes) {
    dribble.feed(window_update(1, 1));
    dribble.replies();
  }
  CHECK(dribble.verdict() == "failed(" + glitches + ")");
  CHECK(bytes == 999);  // SETTINGS were two of a thousand, and one more is too many

  Connection careful;
  careful.feed(subscribe(1));
  std::array<std::uint8_t, codec::StreamCodec::data_head_bytes> head;
  for (int i = 0; i < 10'000; ++i) {
    careful.codec().write_data_head({1, 0}, 12, head);
    careful.feed(window_update(1, 12) + window_update(0, 12));
  }
  CHECK(careful.verdict() == "open");
  CHECK(careful.codec().sendable({1, 0}) == 16'384);
}

TEST_CASE("attack: one stream's window opens often, with many answers waiting") {
  const React answers = [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
    if (what == "last") codec.answer(stream, grpc(message(1, "hello")), 7);
  };
  Connection connection({{}, answers});
  connection.feed(settings({{4, 0}}));
  for (std::uint32_t i = 0; i < 500; ++i) connection.feed(last(id_of(i)));
  connection.replies();
  // Each hears of its own window only, and nothing is sent for the others.
  for (std::uint32_t i = 0; i < 500; ++i) {
    connection.feed(window_update(id_of(i), 16));
    REQUIRE(connection.replies() == "DATA(" + std::to_string(id_of(i)) + ",000000000b0801120568656c6c6f1807) " + ended(id_of(i), 0));
  }
  CHECK(connection.codec().open_streams() == 0);
}

TEST_CASE("attack: a window that opens a little at a time does not move all that waits each time") {
  const auto cpu_time = [](std::size_t held_bytes) {
    const React answers = [=](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
      if (what == "last") codec.answer(stream, grpc(Wire(held_bytes, 'x')), 7);
    };
    Connection connection({{}, answers});
    connection.feed(settings({{4, 0}}) + window_update(0, 1'000'000) + last(1));
    Wire drip;
    for (int i = 0; i < 2000; ++i) drip = drip + window_update(1, 16);
    const std::clock_t begin = std::clock();
    connection.feed(drip);
    const std::clock_t end = std::clock();
    CHECK(connection.codec().buffered_bytes() > held_bytes);  // nothing of the replies is read
    return static_cast<double>(end - begin);
  };
  cpu_time(64 * 1024);
  CHECK(cpu_time(4'000'000) < 10 * cpu_time(64 * 1024) + CLOCKS_PER_SEC / 50.0);
}

TEST_CASE("attack: questions without a window for the answers") {
  const React answers = [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
    if (what == "last") codec.answer(stream, grpc(Wire{0x12, 0x90, 0x4E} + Wire(10'000, 'x')), 7);
  };
  Setup setup = {{}, answers};
  setup.limits.answer_bytes_max = 100'000;
  Connection connection(setup);
  connection.codec().set_now(50);
  connection.feed(settings({{4, 0}}));
  connection.replies();
  std::uint32_t exhausted = 0;
  for (std::uint32_t i = 0; i < 50; ++i) {
    connection.feed(last(id_of(i)));
    if (connection.replies().find("grpc-status=8") != std::string::npos) ++exhausted;
  }
  CHECK(exhausted == 41);
  CHECK(connection.verdict() == "open");
  CHECK(connection.codec().waits().answer_since_ms == 50u);  // the shard decides how long
  connection.codec().give_up("answers are not taken");
  CHECK(!connection.codec().waits().answer_since_ms.has_value());
}

TEST_CASE("attack: SETTINGS again and again where many calls have ended look at what is open, not at what was") {
  constexpr std::uint32_t calls = 10'000;
  constexpr std::uint32_t frames = 500;
  Connection connection;
  codec::GrpcCodec& codec = static_cast<codec::GrpcCodec&>(connection.codec());
  connection.feed(window_update(0, INT32_MAX - 65'535));  // room for all answers
  connection.feed(subscribe(1));
  for (std::uint32_t i = 1; i <= calls; ++i) connection.feed(call(id_of(i), publish_path));
  for (std::uint32_t i = 1; i <= calls; ++i) connection.feed(end_data(id_of(i)));
  REQUIRE(codec.open_streams() == 1);
  const std::uint64_t before = codec.walked();
  for (std::uint32_t i = 0; i < frames; ++i) connection.feed(settings({{4, i % 2 == 0 ? 70'000u : 65'535u}}));
  REQUIRE(connection.verdict() == "open");
  CHECK(codec.walked() - before <= frames / 2 * 18);  // twice the open streams and 16, for each window that grew
  // A window near its bound makes the largest difference be looked up, that of a stream which has ended.
  const std::uint32_t last = id_of(calls + 1);
  connection.feed(subscribe(last) + window_update(last, 1000) + rst_stream(last));
  const std::uint64_t between = codec.walked();
  connection.feed(settings({{4, INT32_MAX}}));
  CHECK(connection.verdict() == "open");
  CHECK(codec.walked() - between <= 2 * 18);
}

TEST_CASE("attack: greetings that become overdue one by one are looked at once or twice each, however many wait behind them") {
  constexpr std::uint32_t streams = 2000;
  const auto greet = [](codec::StreamCodec& codec, const std::string& what, StreamKey stream) {
    if (what == "subscribe") codec.greet(stream, grpc(message(7, "first")), 0);
  };
  Connection connection({.react = greet});
  codec::GrpcCodec& codec = static_cast<codec::GrpcCodec&>(connection.codec());
  connection.feed(settings({{4, 0}}));
  for (std::uint32_t i = 0; i < streams; ++i) {
    codec.set_now(i);
    connection.feed(subscribe(2 * i + 1));
  }
  const std::uint64_t before = codec.walked();
  for (std::uint32_t i = 0; i < streams; ++i) {
    codec.set_now(5000 + i);
    CHECK(codec.waits().greeting_since_ms == i);
    const std::vector<StreamKey> overdue = codec.overdue_greetings(5000);
    REQUIRE(overdue.size() == 1);
    CHECK(overdue.front().id == 2 * i + 1);
    codec.finish(overdue.front(), codec::Ending::slow, "");
  }
  CHECK(!codec.waits().greeting_since_ms);
  CHECK(codec.walked() - before <= 4 * streams);
  CHECK(codec.buffered_bytes() == codec.replies().size());
}

TEST_CASE("attack: content for streams that are closed is answered once for each of the last few, and ends the connection when it goes on") {
  for (const std::uint32_t streams : {1u, 16u, 40u}) {
    CAPTURE(streams);
    Connection connection;
    for (std::uint32_t i = 0; i < streams; ++i) connection.feed(subscribe(id_of(i)) + rst_stream(id_of(i)));
    connection.replies();
    std::size_t answers = 0;
    for (std::uint32_t i = 0; i < 2000 && connection.verdict() == "open"; ++i) {
      connection.feed(data(id_of(i % streams), {0}));
      answers += connection.replies().starts_with("RST(") ? 1 : 0;
    }
    CHECK(connection.verdict() == "failed(" + glitches + ")");
    CHECK(answers <= (streams <= 16 ? streams : 1000));
  }
}
