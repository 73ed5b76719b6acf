// How roles ask who may do what, and what they make of the answer: src/auth decides, once a connection or a credential.
//
// A role whose connections begin with an HTTP request asks through HttpHandshake. Others say `ask` and keep what they do until Role::on_verdict.
// Owner: nobody, functions on a role's host. Thread: its shard's.
#pragma once

#include <cstdint>
#include <string_view>

#include "native/codec/http1/http1.h"
#include "native/conn/authorization.h"
#include "native/shard/auth_question.h"
#include "native/shard/roles/role_host.h"

namespace shard {

inline constexpr std::string_view access_ended = "token expired";
inline constexpr std::string_view not_for_topic = "the credential is not for this topic";
inline constexpr std::string_view not_decided = "authorisation cannot be had now; try again";

/// Whether the connection's listener asks.
bool asks(const RoleHost& host, const conn::Connection& connection);
/// What its clients do with topics.
topic::Use use_of(codec::Role role);

/// Tells the control plane of a question, whose number, peer and listener are filled in here. Returns the number.
std::uint32_t ask(RoleHost& host, conn::Connection& connection, AuthQuestion question);
/// What a request asks about these topics.
AuthQuestion question_of(RoleHost& host, const conn::Connection& connection, const codec::HttpRequest& request, const std::vector<std::string>& topics);
/// What a call asks whose topics come later, by the fields that it brought (codec::StreamRequest).
AuthQuestion question_of(RoleHost& host, const conn::Connection& connection, topic::Use use, std::string_view fields);

/// Of a verdict that allows.
conn::AccessRef access_of(const RoleHost& host, AuthVerdict&& verdict);
/// Of one that does not.
codec::HttpRefusal refusal_of(const AuthVerdict& verdict, const codec::HttpRequest& request);
codec::Ending ending_of(const AuthVerdict& verdict);

/// Whoever runs this is told of a use of a topic that no grant holds.
void note_refused(RoleHost& host, const conn::Connection& connection, topic::Use use, std::string_view topic);

/// Of the monotonic clock: what Access::ends_ms is compared with.
std::int64_t clock_ms(const RoleHost& host);
/// When a connection whose access ends then is to be looked at.
std::uint32_t end_due_ms(const RoleHost& host, std::int64_t ends_ms);
/// Whether what it stands on has ended, or fallen.
bool has_ended(const RoleHost& host, const conn::Connection& connection);

}  // namespace shard
