// Covers native/codec/grpc/grpc_codec*.cc and http2_streams.cc: what idle streams and idle connections cost.
// Owner: the test. Thread: main.
#include <string>

#include "test/native/codec/http2/http2_wire.h"
#include "test/native/codec/memory_in_use.h"

using namespace h2;

namespace {

/// What each of so many open streams costs.
template <typename Open>
std::size_t bytes_a_stream(Connection& connection, std::uint32_t streams, Open open) {
  connection.recorder.writes_commands = false;
  const std::size_t before = memory_in_use();
  for (std::uint32_t i = 0; i < streams; ++i) {
    connection.feed(open(2 * i + 1));
    connection.codec().consume_replies(connection.codec().replies().size());
  }
  REQUIRE(connection.codec().open_streams() == streams);
  return (memory_in_use() - before) / streams;
}

}  // namespace

TEST_CASE("grpc memory: an open stream costs less than 200 bytes") {
  for (const std::uint32_t streams : {1000u, 1025u, 20'000u}) {
    Connection subscribers;
    const std::size_t subscriber_bytes = bytes_a_stream(subscribers, streams, [](std::uint32_t id) { return subscribe(id); });
    Connection publishers;
    const std::size_t publisher_bytes =
        bytes_a_stream(publishers, streams, [](std::uint32_t id) { return call(id, publish_path) + data(id, grpc(message(1, "x"))); });
    if (!counts_memory) continue;
    MESSAGE(streams << " streams: " << subscriber_bytes << " bytes a subscriber, " << publisher_bytes << " a publisher");
    CHECK(subscriber_bytes < 200);
    CHECK(publisher_bytes < 250);
  }
}

TEST_CASE("grpc memory: an idle connection costs little, also one that was busy") {
  if (!counts_memory) return;
  std::vector<std::unique_ptr<codec::StreamCodec>> many(1000);
  const std::size_t before_many = memory_in_use();
  for (auto& each : many) {
    each = codec::make_grpc_codec({});
    each->consume_replies(each->replies().size());
  }
  const std::size_t idle = (memory_in_use() - before_many) / many.size();
  MESSAGE(idle << " bytes an idle connection");
  CHECK(idle < 1200);

  const std::size_t before = memory_in_use();
  Connection connection;
  bytes_a_stream(connection, 5000, [](std::uint32_t id) { return call(id, publish_path) + data(id, hex("00 00001000") + Wire(100, 0)); });
  for (std::uint32_t i = 0; i < 5000; ++i) {
    connection.codec().set_now(i * 40);
    connection.feed(rst_stream(2 * i + 1));
  }
  CHECK(connection.codec().open_streams() == 0);
  CHECK(connection.verdict() == "open");
  CHECK(memory_in_use() - before < 16 * 1024);
}
