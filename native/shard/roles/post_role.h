// Connections whose requests publish, each to the topic that it names, and are answered in the turn that read them: with the position of the
// publication, or why there is none. A request for something else sends its connection back into the handshake.
// Owner: a shard. Thread: that shard's.
#pragma once

#include "native/codec/post_codec.h"
#include "native/shard/roles/handshake_role.h"
#include "native/shard/roles/replies.h"

namespace shard {

class PostRole final : public HandshakeRole, private codec::PostSink {
 public:
  explicit PostRole(RoleHost& host) : HandshakeRole(host), replies_(host) {}

  bool takes_reads(conn::Connection& connection) override;
  bool must_wait(const conn::Connection& connection, Resume resume) const override;
  metrics::Metric why_it_waits(const conn::Connection&) const override { return metrics::Metric::publishers_held_back; }
  void on_sent_all(conn::Connection& connection) override;
  void say_goodbye(conn::Connection& connection, std::uint16_t code, std::string_view reason) override;
  DrainTurn drain_turn(const conn::Connection&) const override { return DrainTurn::publishers; }

 private:
  /// What a `decode` has come upon, beside what it was answered.
  enum class Next : std::uint8_t { more, again, begin_again, end };

  // HandshakeUser.
  bool answers_late() const override { return false; }
  std::vector<topic::Recovery> on_topics(conn::Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) override;
  void on_upgraded(conn::Connection&, const codec::HttpRequest&) override {}

  void on_open_bytes(conn::Connection& connection, base::MutableBytes bytes) override;
  void send_replies(conn::Connection& connection);
  void go_back(conn::Connection& connection, base::Bytes rest);

  // codec::PostSink.
  bool takes(const codec::HttpRequest& request) override;
  std::optional<codec::HttpRefusal> on_head(const codec::HttpRequest& request, codec::PostHead& head) override;
  void on_continue() override;
  codec::PostFlow on_post(const codec::Post& post) override;
  void on_refused(const codec::PostHead& head, const codec::HttpRefusal& refusal) override;

  bool is_let_in(const codec::HttpRequest& request);
  std::optional<codec::HttpRefusal> find_topic(conn::Connection& connection, std::string_view target);
  std::optional<RoleHost::Published> publish(const codec::Post& post);
  codec::PostFlow publish_once(const codec::Post& post);
  void answer(const codec::PostHead& head, std::string_view epoch, std::uint64_t offset);
  const std::string& answer_head();

  std::uint32_t silence_ms(const conn::Connection& connection) const override;
  void on_silence(conn::Connection& connection) override;

  conn::Connection* decoding_ = nullptr;
  Next next_ = Next::more;
  Replies replies_;  // to what `decoding_` asked
  std::string answer_head_;             // of answers of this second
  std::int64_t answer_seconds_ = -1;
};

}  // namespace shard
