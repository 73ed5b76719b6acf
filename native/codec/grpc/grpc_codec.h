// gRPC over one HTTP/2 connection, the server's side: the message services, health checking and reflection. Who speaks
// neither HTTP/2 nor gRPC is told so in its own terms (docs/protocols.md).
// Owner: the connection. Thread: its shard.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "native/codec/grpc/grpc_call.h"
#include "native/codec/grpc/grpc_request.h"
#include "native/codec/http2/http2_connection.h"
#include "native/codec/limits.h"
#include "native/codec/stream_codec.h"

namespace codec {

/// The least of `assembly_bytes_max`: one message of any kind has room.
std::size_t assembly_bytes_min(const GrpcLimits& limits);

class GrpcCodec final : public StreamCodec, private Http2Handler {
 public:
  explicit GrpcCodec(const GrpcLimits& limits);
  ~GrpcCodec();

  Decoded decode(base::MutableBytes in, StreamSink& sink) override;
  void set_now(std::uint32_t now_ms) override;
  void set_credit(Credit credit) override { http2_.set_credit(credit); }
  void ask_first(std::shared_ptr<const FieldNames> fields, std::size_t bytes_max) override;
  void let_in(StreamKey stream, StreamSink& sink) override;
  bool is_held_back() const override { return waiting_bytes_ > waiting_bytes_max_; }

  base::Bytes replies() const override { return http2_.replies(); }
  void consume_replies(std::size_t count) override { http2_.consume_replies(count); }
  std::uint32_t sendable(StreamKey stream) const override;
  bool connection_blocked() const override { return http2_.connection_blocked(); }
  void write_data_head(StreamKey stream, std::uint32_t length, base::MutableBytes out) override { http2_.write_data_head(stream, length, out); }
  void return_data(StreamKey stream, std::uint32_t length) override { http2_.return_data(stream, length); }

  void greet(StreamKey stream, base::Bytes message, std::uint64_t offset) override;
  std::vector<StreamKey> overdue_greetings(std::uint32_t most_ms) override;
  std::vector<StreamKey> overdue_deadlines() override;
  void answer(StreamKey stream, base::Bytes message, std::uint64_t offset) override;
  void finish(StreamKey stream, Ending ending, std::string_view text) override;
  void drain() override;
  void refuse_streams() override;
  std::uint32_t finish_some(std::uint32_t count, Ending ending, std::string_view text) override;
  void give_up(std::string_view reason) override;
  void ping() override { http2_.ping(); }

  std::uint32_t open_streams() const override { return http2_.streams().size(); }
  std::size_t buffered_bytes() const override { return assembly_bytes_ + held_bytes_ + http2_.buffered_bytes(); }
  /// What walks over streams have looked at so far: see Http2Streams::walked.
  std::uint64_t walked() const { return http2_.streams().walked() + greetings_walked_; }
  /// Of calls that are open or were: bounded by twice the open ones and a few.
  std::size_t kept_deadlines() const { return deadlines_.size(); }
  StreamWaits waits() const override { return {http2_.request_since_ms(), answer_since_ms_, greeting_since_ms_, first_deadline_ms()}; }
  bool done() const override { return http2_.done(); }

 private:
  // grpc_codec.cc: calls as they begin, and the cutting of content into messages.
  Http2Fields& begin_request() override { return request_->emplace(asked_.get()); }
  void on_request(StreamKey stream, HeaderList list) override;
  std::size_t on_content(StreamKey stream, base::Bytes piece) override;
  void on_end(StreamKey stream) override;
  void on_gone(StreamKey stream) override;
  void on_window(StreamKey stream) override;
  base::Bytes take_some(StreamKey stream, base::Bytes piece);
  base::Bytes take_message(StreamKey stream, Call& call, base::Bytes piece);
  base::Bytes assemble(StreamKey stream, Call& call, base::Bytes piece);
  bool check_prefix(StreamKey stream, const Call& call, base::Bytes prefix);
  void release(Assembly& assembly);
  // grpc_codec_entrance.cc: calls that wait for whether they may go on.
  bool asks_about(GrpcMethod method) const;
  void keep_waiting(StreamKey stream, Call& call, base::Bytes piece);
  /// Null when the stream is gone or over.
  Call* find(StreamKey stream);
  void forget(StreamKey stream);
  void free_memory();

  // grpc_codec_deadlines.cc: what clients do not wait for any longer.
  struct Deadline {
    std::uint32_t due_ms = 0;
    StreamKey stream;
  };
  static bool is_later(const Deadline& a, const Deadline& b);
  void set_deadline(StreamKey stream, Call& call, std::uint32_t due_ms);
  void forget_deadline();
  std::optional<std::uint32_t> first_deadline_ms() const;

  // grpc_codec_methods.cc: what each method does with its messages.
  void on_message(StreamKey stream, base::Bytes message);
  void take_publication(StreamKey stream, base::Bytes message);
  void take_subscription(StreamKey stream, base::Bytes message);
  void take_last(StreamKey stream, base::Bytes message);
  void take_health(StreamKey stream, base::Bytes message);
  void take_reflection(StreamKey stream, base::Bytes message);
  void answer_publish(StreamKey stream);
  void tell_watchers();
  bool is_valid(base::Bytes topic) const;

  // grpc_codec_answers.cc: what goes back.
  enum class AfterAnswer : std::uint8_t { goes_on, ends };
  void send_headers(StreamKey stream);
  /// Sends a message without its prefix.
  void send_message(StreamKey stream, base::Bytes message, AfterAnswer after);
  void send_answer(StreamKey stream, base::Bytes prefixed, AfterAnswer after);
  void send_with_offset(StreamKey stream, base::Bytes message, std::uint64_t offset, AfterAnswer after);
  void hold(StreamKey stream, Call& call, base::Bytes rest);
  void send_held(StreamKey stream);
  void send_all_held();
  void forget_held(Call& call);
  std::optional<std::uint32_t>& held_since_ms(const Call& call) { return call.state == CallState::subscribed ? greeting_since_ms_ : answer_since_ms_; }
  void trim_held();
  bool is_greeting(StreamKey stream);
  void trim_greetings();
  /// Tells the sink, if it knows of the stream.
  void end(StreamKey stream, GrpcStatus status, std::string_view text);

  const GrpcLimits limits_;
  Http2Connection http2_;
  std::vector<Call> calls_;       // by slot
  std::vector<StreamKey> held_;   // calls with held answers that wait for the connection's window, some may be gone
  std::size_t held_first_ = 0;    // those before it were served
  std::vector<StreamKey> greetings_;  // subscribers with a held greeting, the oldest first; some may be gone, or have it
  std::size_t greetings_first_ = 0;   // those before it are
  std::uint64_t greetings_walked_ = 0;
  std::vector<Deadline> deadlines_;  // a heap, the first one on top; some calls may be over
  std::uint32_t deadline_calls_ = 0;  // those that are not
  std::uint32_t held_calls_ = 0;  // all that have a held answer
  std::uint32_t held_answers_ = 0;  // of those, all but subscribers': late answers end the connection, late greetings their streams
  std::vector<std::unique_ptr<CallExtras>> ended_;  // in this decode: a handler may still look at what it ended
  std::size_t assembly_bytes_ = 0;
  std::size_t held_bytes_ = 0;
  std::shared_ptr<const FieldNames> asked_;  // null: nobody is asked about
  std::size_t waiting_bytes_ = 0;            // of assembly_bytes_: of calls that wait
  std::size_t waiting_bytes_max_ = 0;
  std::optional<std::uint32_t> answer_since_ms_;
  std::optional<std::uint32_t> greeting_since_ms_;  // the oldest, or one before it that has been read
  std::uint32_t now_ms_ = 0;
  bool draining_ = false;
  // Of the decode that is running:
  StreamSink* sink_ = nullptr;
  std::optional<GrpcRequest>* request_ = nullptr;  // the last one whose fields have come: on its stack, where an idle connection has none
};

std::unique_ptr<StreamCodec> make_grpc_codec(const GrpcLimits& limits);

}  // namespace codec
