// The handshake of roles whose connections begin as HTTP/1.1: request heads, upgrades and refusals, health checks, and requests that are
// handed to the control plane's HTTP server.
// Owner: a role. Thread: its shard's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/codec/http1/http1.h"
#include "native/codec/http1/upgrade.h"
#include "native/shard/auth_question.h"
#include "native/shard/roles/role_host.h"

namespace shard {

/// What the handshake leaves to its role.
class HandshakeUser {
 public:
  /// Whether who comes while a drain is under way is answered at its end, with what all others were told; else it is refused.
  virtual bool answers_late() const = 0;
  /// The request names these topics, of which `asked` is what it said. Interest is recorded here, before the 101 is written: what is published from
  /// now on will be seen. Returns how its subscriptions begin; none of a publisher.
  virtual std::vector<topic::Recovery> on_topics(conn::Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed& asked) = 0;
  /// It is open, the 101 has been sent.
  virtual void on_upgraded(conn::Connection& connection, const codec::HttpRequest& request) = 0;
  /// What came behind the request. Dies with the call.
  virtual void on_first_bytes(conn::Connection& connection, base::MutableBytes bytes) = 0;

 protected:
  ~HandshakeUser() = default;
};

class HttpHandshake {
 public:
  /// Both outlive it.
  HttpHandshake(RoleHost& host, HandshakeUser& user) : host_(host), user_(user) {}

  void on_bytes(conn::Connection& connection, base::MutableBytes bytes);
  /// The last answer on a connection.
  void refuse(conn::Connection& connection, const codec::HttpRefusal& refusal);
  void on_timer(conn::Connection& connection);
  /// A drain ends: answers what was held back, refuses what is not whole.
  void end(conn::Connection& connection);
  /// Goes on with the request that waits for it.
  void on_verdict(conn::Connection& connection, AuthVerdict&& verdict);

 private:
  void keep_head(conn::Connection& connection, std::unique_ptr<conn::Unread> earlier, base::Bytes bytes, std::size_t scanned);
  std::optional<codec::ProtocolId> other_asked_for(const conn::Connection& connection, const codec::HttpRequest& request) const;
  void await_request(conn::Connection& connection);
  void await_next_request(conn::Connection& connection);
  void on_request_head(conn::Connection& connection, const codec::HttpParsed& parsed, base::Bytes bytes);
  bool may_stay(const conn::Connection& connection, const codec::HttpRequest& request) const;
  void hold(conn::Connection& connection, base::Bytes request);
  void answer_held(conn::Connection& connection);
  void park(conn::Connection& connection, const codec::HttpRequest& request, const std::vector<std::string>& topics, base::Bytes bytes);
  static codec::HttpRefusal answer_of(const codec::Upgrade& upgrade);
  void forget_question(conn::Connection& connection);
  void refuse_request(conn::Connection& connection, const codec::HttpRequest& request, codec::HttpRefusal&& refusal);
  /// Nothing when it is open, or waits for a verdict; else why not. `bytes`: as for on_request_head.
  std::optional<codec::HttpRefusal> open(conn::Connection& connection, const codec::HttpRequest& request, base::Bytes bytes);
  bool admit(conn::Connection& connection);
  static codec::HttpRefusal too_many(const codec::HttpRequest& request);
  /// Nothing when they are open; else why not. `told`: what its peer is told of their beginnings, as lines of a head.
  std::optional<codec::HttpRefusal> open_topics(conn::Connection& connection, const codec::TopicsParsed& asked, std::string& told);
  void answer_health(conn::Connection& connection, const codec::HttpRequest& request, codec::HttpRefusal& health);
  void answer_refused(conn::Connection& connection, const codec::HttpRefusal& refusal);
  void answer_text(conn::Connection& connection, const codec::HttpRefusal& text);
  void end_answered(conn::Connection& connection);

  RoleHost& host_;
  HandshakeUser& user_;
};

}  // namespace shard
