// Connections of many streams, each of which subscribes, publishes or asks.
// Owner: a shard. Thread: that shard's.
#pragma once

#include <optional>
#include <vector>

#include "native/codec/stream_codec.h"
#include "native/shard/roles/role.h"

namespace shard {

class StreamRole final : public Role, private codec::StreamSink {
 public:
  using Role::Role;

  void begin(conn::Connection& connection) override;
  void opened(conn::Connection& connection) override;
  void on_first_read(conn::Connection& connection) override;
  bool must_wait(const conn::Connection& connection, Resume resume) const override;
  metrics::Metric why_it_waits(const conn::Connection& connection) const override;
  void on_bytes(conn::Connection& connection, base::MutableBytes bytes) override;
  void on_verdict(conn::Connection& connection, AuthVerdict&& verdict) override;
  void on_room(conn::Connection& connection) override;
  bool on_blocked(conn::Connection& connection) override;
  void on_streams_written(conn::Connection& connection) override;
  void end_over_rate(conn::Connection& connection, std::string_view reason) override;
  void end_slow(const SlowReport& report, std::string_view reason) override;
  std::uint32_t due_ms(conn::Connection& connection) const override;
  void on_timer(conn::Connection& connection) override;
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  void on_drain(conn::Connection& connection) override;
  bool finish_some(conn::Connection& connection) override;
  void give_back(conn::Connection& connection) override;

 private:
  // codec::StreamSink.
  bool admits_stream() override;
  codec::Entrance on_stream_request(codec::StreamKey stream, const codec::StreamRequest& request) override;
  void on_stream_subscribe(codec::StreamKey stream, const codec::StreamSubscription& subscription) override;
  codec::Flow on_stream_message(codec::StreamKey stream, const codec::StreamMessage& message) override;
  void on_stream_publish_end(codec::StreamKey) override {}
  void on_stream_last(codec::StreamKey stream, std::string_view topic) override;
  void on_stream_gone(codec::StreamKey stream) override;
  void on_stream_window(codec::StreamKey stream) override;

  bool refuses_client(codec::StreamKey stream);
  /// Whether the topic is not this stream's to use, which was then told so.
  bool refuses(codec::StreamKey stream, topic::Use use, std::string_view topic);
  topic::TopicRef topic_of(conn::Connection& connection, std::string_view name);
  base::Bytes encode_last(const conn::Connection& connection, const topic::LastValue& last);
  base::MutableBytes scratch(std::size_t bytes);
  void withhold_credit(conn::Connection& connection);
  void settle_account(conn::Connection& connection, const conn::StreamAccount& now);
  codec::Entrance refuse_stream(codec::StreamKey stream, codec::Ending ending, std::string_view text);
  std::optional<std::uint32_t> question_due_ms(const conn::Connection& connection) const;
  void end_overdue_questions(conn::Connection& connection);
  void end_outdated(conn::Connection& connection);
  bool keeps_too_much(const conn::Connection& connection) const;
  void ask_alive(conn::Connection& connection) override { connection.stream_codec().ping(); }
  void judge_streams(conn::Connection& connection);
  bool reads_too_late(conn::Connection& connection);
  void give_up(conn::Connection& connection, std::string_view reason);
  void end_overdue_greetings(conn::Connection& connection);
  void end_overdue_calls(conn::Connection& connection);

  conn::Connection* decoding_ = nullptr;
  std::vector<std::uint8_t> scratch_;  // a publication in another form, while it is handed on
};

}  // namespace shard
