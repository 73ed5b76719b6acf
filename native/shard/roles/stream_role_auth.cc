// Who may do what on a connection of streams: decided once for each credential that its calls bring, and remembered while it lasts. Only calls
// wait for it whose credential is not known.
#include <algorithm>
#include <utility>

#include "native/base/wrapping_time.h"
#include "native/shard/roles/auth_door.h"
#include "native/shard/roles/stream_role.h"

namespace shard {

using codec::Ending;
using codec::Entrance;
using codec::StreamKey;
using conn::Connection;
using conn::State;
using conn::StreamsQuestion;
using metrics::Metric;

namespace {

std::size_t bytes_of(const std::vector<StreamsQuestion>& questions) {
  std::size_t bytes = 0;
  for (const StreamsQuestion& each : questions) bytes += each.fields.size();
  return bytes;
}

}  // namespace

Entrance StreamRole::on_stream_request(StreamKey stream, const codec::StreamRequest& request) {
  Connection& connection = *decoding_;
  conn::Authorization& authorization = *connection.authorization;
  const topic::Use use = request.publishes ? topic::Use::publish : topic::Use::subscribe;
  const conn::AccessRef known = authorization.find(use, request.fields);
  if (known && known->ends_ms > clock_ms(host_)) {
    authorization.hold(stream, known);
    return Entrance::open;
  }
  std::vector<StreamsQuestion>& questions = authorization.questions;
  const auto same = std::find_if(questions.begin(), questions.end(), [&](const StreamsQuestion& each) {
    return each.use == use && each.fields == request.fields;
  });
  if (same != questions.end()) {
    same->streams.push_back(stream);
    return Entrance::waits;
  }
  const bool too_many = !questions.empty() && bytes_of(questions) + request.fields.size() > options().http.head_bytes_max;
  if (too_many || host_.engine().events.congested()) return refuse_stream(stream, Ending::unavailable, not_decided);
  const std::uint32_t number = ask(host_, connection, question_of(host_, connection, use, request.fields));
  questions.push_back({number, host_.now_ms(), use, std::string(request.fields), {stream}});
  host_.arm(connection);
  return Entrance::waits;
}

Entrance StreamRole::refuse_stream(StreamKey stream, Ending ending, std::string_view text) {
  metrics().add(Metric::auth_refused);
  decoding_->stream_codec().finish(stream, ending, text);
  return Entrance::closed;
}

void StreamRole::on_verdict(Connection& connection, AuthVerdict&& verdict) {
  if (connection.state != State::open) return;
  std::vector<StreamsQuestion>& questions = connection.authorization->questions;
  const auto found = std::find_if(questions.begin(), questions.end(), [&](const StreamsQuestion& each) { return each.number == verdict.number; });
  if (found == questions.end()) return;
  StreamsQuestion question = std::move(*found);
  questions.erase(found);
  CHECK(decoding_ == nullptr);
  decoding_ = &connection;
  connection.stream_codec().set_now(host_.now_ms());
  if (verdict.allows) {
    const conn::AccessRef access = access_of(host_, std::move(verdict));
    connection.authorization->know(question.use, std::move(question.fields), access);
    for (const StreamKey stream : question.streams) {
      connection.authorization->hold(stream, access);
      connection.stream_codec().let_in(stream, *this);
    }
  } else {
    for (const StreamKey stream : question.streams) refuse_stream(stream, ending_of(verdict), verdict.told);
  }
  decoding_ = nullptr;
  on_streams_written(connection);
  fan_out().flush_private(connection);
  if (connection.state == State::open) host_.arm(connection);
}

bool StreamRole::refuses(StreamKey stream, topic::Use use, std::string_view topic) {
  Connection& connection = *decoding_;
  if (host_.engine().is_reserved(topic)) {
    connection.stream_codec().finish(stream, Ending::forbidden, reserved_reason);
    return true;
  }
  if (!connection.authorization) return false;
  const conn::Access* const access = connection.authorization->access_of(stream);
  if (access != nullptr && access->grants->permits(use, topic)) return false;
  note_refused(host_, connection, use, topic);
  connection.stream_codec().finish(stream, Ending::forbidden, not_for_topic);
  return true;
}

std::optional<std::uint32_t> StreamRole::question_due_ms(const Connection& connection) const {
  const std::vector<StreamsQuestion>& questions = connection.authorization->questions;
  if (questions.empty()) return std::nullopt;
  return questions.front().since_ms + options().handshake_ms;  // the oldest is the first
}

void StreamRole::end_overdue_questions(Connection& connection) {
  std::vector<StreamsQuestion>& questions = connection.authorization->questions;
  const auto is_overdue = [&] { return !questions.empty() && base::is_due(*question_due_ms(connection), host_.now_ms()); };
  if (!is_overdue()) return;
  decoding_ = &connection;
  connection.stream_codec().set_now(host_.now_ms());
  while (is_overdue()) {
    for (const StreamKey stream : questions.front().streams) refuse_stream(stream, Ending::unavailable, not_decided);
    questions.erase(questions.begin());
  }
  decoding_ = nullptr;
  on_streams_written(connection);
  fan_out().flush_soon(connection);
}

/// Its streams that stand on it end. The connection goes on: its next calls may bring another credential.
void StreamRole::end_outdated(Connection& connection) {
  if (!has_ended(host_, connection)) return;
  metrics().add(Metric::auth_ended);
  connection.stream_codec().set_now(host_.now_ms());
  for (const StreamKey stream : connection.authorization->take_ended(clock_ms(host_))) {
    connection.stream_codec().finish(stream, Ending::unauthenticated, access_ended);
    fan_out().audience().unsubscribe_stream(connection, stream);
  }
  on_streams_written(connection);
  fan_out().flush_soon(connection);
}

}  // namespace shard
