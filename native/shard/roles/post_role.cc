#include "native/shard/roles/post_role.h"

#include <charconv>
#include <utility>

#include "native/codec/http1/http_credential.h"
#include "native/shard/roles/auth_door.h"

namespace shard {

using codec::Ending;
using codec::HttpRefusal;
using conn::Connection;
using conn::State;
using metrics::Metric;

namespace {

codec::PostCodec& codec_of(const Connection& connection) { return static_cast<codec::PostCodec&>(*connection.codec); }

/// Of a number in decimal digits, and of the answer's body, of which it has two.
constexpr std::size_t number_bytes_max = 20;
constexpr std::size_t body_bytes_max = 128;

/// What a decision about a request has looked at, but for the fields that somebody wants besides.
std::string credential_text(const codec::HttpRequest& request) {
  const codec::HttpCredential credential = codec::credential_of(request);
  std::string text = "." + credential.authorization.value_or("") + "\n" + credential.query + "\n" + credential.subprotocols.value_or("");
  for (const std::string_view name : codec::forwarding_headers) text.append("\n").append(codec::joined_header(request, name).value_or(""));
  for (const std::string_view name : {"Origin", "Host"}) text.append("\n").append(codec::joined_header(request, name).value_or(""));
  return text;
}

/// Writes one thing behind the other.
class Line {
 public:
  void add(std::string_view text) {
    CHECK(text.size() <= sizeof room_ - used_);
    text.copy(room_ + used_, text.size());
    used_ += text.size();
  }
  void add(std::uint64_t number) {
    CHECK(sizeof room_ - used_ >= number_bytes_max);
    used_ = static_cast<std::size_t>(std::to_chars(room_ + used_, room_ + sizeof room_, number).ptr - room_);
  }
  std::string_view text() const { return {room_, used_}; }

 private:
  char room_[body_bytes_max];
  std::size_t used_ = 0;
};

}  // namespace

std::vector<topic::Recovery> PostRole::on_topics(Connection& connection, std::vector<topic::TopicRef>&& topics, const codec::TopicsParsed&) {
  CHECK(topics.size() == 1);
  connection.publishes_to = std::move(topics.front());
  connection.tells_drained = true;  // then it reads on
  return {};
}

// Reading.

/// Neither while answers wait, nor before what was read and had to wait was looked at again.
bool PostRole::takes_reads(Connection& connection) {
  if (connection.state != State::open) return true;
  if (connection.has_outbound()) return false;
  if (codec_of(connection).keeps_post() && !connection.unread) host_.take_bytes(connection, {});
  return connection.state != State::doomed && !connection.has_outbound() && !connection.in_read_queue;
}

/// While the logs are full it is read all the same, and told so.
bool PostRole::must_wait(const Connection& connection, Resume) const { return !is_beginning(connection) && is_ahead(connection); }

/// It was not read meanwhile.
void PostRole::on_sent_all(Connection& connection) {
  if (connection.state == State::open) host_.read_later(connection);
}

void PostRole::on_open_bytes(Connection& connection, base::MutableBytes bytes) {
  if (connection.state != State::open) return;  // it came behind the last answer
  CHECK(decoding_ == nullptr && replies_.empty());
  decoding_ = &connection;
  next_ = Next::more;
  const codec::Decoded decoded = codec_of(connection).decode(bytes, *this);
  decoding_ = nullptr;
  if (!replies_.empty()) send_replies(connection);
  if (connection.state != State::open) return;
  if (next_ == Next::end) return host_.begin_close(connection, Ending::over_rate, too_many_publications);
  if (next_ == Next::begin_again) return go_back(connection, bytes.last(decoded.left));
  if (decoded.status == codec::DecodeStatus::closed) return host_.begin_close(connection, Ending::normal, "");
  act_on(connection, decoded, bytes);
  if (next_ == Next::again && !connection.paused) host_.read_later(connection);
}

void PostRole::send_replies(Connection& connection) {
  if (replies_.send(connection) == Replied::refused) fan_out().flush_private(connection);
}

void PostRole::go_back(Connection& connection, base::Bytes rest) {
  std::vector<std::uint8_t> bytes = codec_of(connection).take_kept();
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  host_.begin_again(connection, bytes);
}

// Requests.

bool PostRole::takes(const codec::HttpRequest& request) {
  const bool ours = request.method == "POST" && manners(*decoding_).is_asked_for(request) && is_let_in(request);
  if (!ours) next_ = Next::begin_again;
  return ours;
}

/// By what was decided about the request before it: whatever a decision looks at must be the same. Else it is asked for anew, in a handshake.
bool PostRole::is_let_in(const codec::HttpRequest& request) {
  Connection& connection = *decoding_;
  if (!asks(host_, connection)) return true;
  std::string shown = credential_text(request);
  for (const std::string& name : host_.engine().asked_fields()->wanted) shown.append("\n").append(codec::joined_header(request, name).value_or(""));
  std::string& before = codec_of(connection).credential();
  const bool is_first = before.empty();
  const bool is_same = before == shown;
  before = std::move(shown);
  return is_first || (is_same && !has_ended(host_, connection));
}

std::optional<HttpRefusal> PostRole::on_head(const codec::HttpRequest& request, codec::PostHead& head) {
  Connection& connection = *decoding_;
  metrics().add(Metric::posts);
  head.closes = head.closes || host_.drain_phase() != DrainPhase::none;
  const codec::WebRules& web = options().listeners[connection.listener].web;
  head.origin_headers = codec::origin_headers(request, web);
  const bool decided_before = asks(host_, connection) && !web.origins;  // by who decided about the credential, which pages are a part of
  if (!decided_before) {
    if (auto refusal = codec::check_web(request, web)) return refusal;
  }
  if (head.target == request.target && connection.publishes_to) return std::nullopt;
  head.target.clear();
  if (auto refusal = find_topic(connection, request.target)) return refusal;
  head.target = request.target;
  return std::nullopt;
}

std::optional<HttpRefusal> PostRole::find_topic(Connection& connection, std::string_view target) {
  connection.publishes_to.reset();
  codec::TopicLimits limits = options().topics;
  limits.token_in_query = asks(host_, connection);
  const codec::TopicsParsed parsed = protocol(connection).parse_target(target, limits);
  if (!parsed.ok) return parsed.refusal;
  const std::string& name = parsed.topics.front();
  if (host_.engine().is_reserved(name)) return HttpRefusal{403, std::string(reserved_reason)};
  if (connection.authorization && !connection.authorization->access->grants->permits(topic::Use::publish, name)) {
    note_refused(host_, connection, topic::Use::publish, name);
    return HttpRefusal{403, std::string(not_for_topic)};
  }
  connection.publishes_to = host_.engine().topics.open(name);
  if (!connection.publishes_to) return HttpRefusal{503, "too many topics"};
  return std::nullopt;
}

void PostRole::on_continue() { replies_.append(base::bytes_of("HTTP/1.1 100 Continue\r\n\r\n")); }

codec::PostFlow PostRole::on_post(const codec::Post& post) {
  CHECK(decoding_->publishes_to != nullptr);
  if (!host_.may_publish(*decoding_)) {
    metrics().add(Metric::clients_closed_publications);
    next_ = Next::end;
    on_refused(post.head, {429, std::string(too_many_publications)});
    return codec::PostFlow::wait;
  }
  if (!post.head.key.empty()) return publish_once(post);
  const auto published = publish(post);
  return published && published->flow == codec::Flow::wait ? codec::PostFlow::wait : codec::PostFlow::go_on;
}

/// Nothing when it was refused, and was told so.
std::optional<RoleHost::Published> PostRole::publish(const codec::Post& post) {
  const topic::TopicRef& topic = decoding_->publishes_to;
  if (!host_.has_room(*topic, post.payload.size())) {
    on_refused(post.head, {503, "the logs are full", true, post.head.closes});
    return std::nullopt;
  }
  const RoleHost::Published published = host_.publish(*decoding_, topic, {post.kind, post.payload});
  answer(post.head, topic->epoch(), published.offset);
  return published;
}

/// Whoever brings a key first publishes; on another shard that may be at this moment.
codec::PostFlow PostRole::publish_once(const codec::Post& post) {
  topic::Idempotency& keys = host_.engine().idempotency;
  const topic::Topic& topic = *decoding_->publishes_to;
  topic::KeptPosition position;
  switch (keys.claim(topic.name(), post.head.key, position)) {
    case topic::Idempotency::Claim::under_way:
      next_ = Next::again;
      return codec::PostFlow::again;
    case topic::Idempotency::Claim::known:
      metrics().add(Metric::posts_repeated);
      answer(post.head, position.epoch, position.offset);
      return codec::PostFlow::go_on;
    case topic::Idempotency::Claim::first:
      break;
  }
  const auto published = publish(post);
  if (!published) {
    keys.give_up(topic.name(), post.head.key);
    return codec::PostFlow::go_on;
  }
  keys.settle(topic.name(), post.head.key, topic.epoch(), published->offset);
  return published->flow == codec::Flow::wait ? codec::PostFlow::wait : codec::PostFlow::go_on;
}

// Answers.

void PostRole::on_refused(const codec::PostHead& head, const HttpRefusal& refusal) {
  metrics().add(Metric::posts_refused);
  HttpRefusal told = refusal;
  const std::string text = codec::write_http_refusal(told, host_.kernel().unix_seconds(), codec::role_name(decoding_->role), head.origin_headers);
  replies_.append(base::bytes_of(text));
}

/// All answers of a second begin alike.
const std::string& PostRole::answer_head() {
  const std::int64_t now_seconds = host_.kernel().unix_seconds();
  if (answer_seconds_ == now_seconds) return answer_head_;
  answer_seconds_ = now_seconds;
  answer_head_ = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nBroker-Role: publish\r\nDate: " + codec::http_date(now_seconds) + "\r\n";
  return answer_head_;
}

void PostRole::answer(const codec::PostHead& head, std::string_view epoch, std::uint64_t offset) {
  Line body;
  body.add(R"({"offset":)");
  body.add(offset);
  body.add(R"(,"position":")");
  body.add(epoch);
  body.add("-");
  body.add(offset);
  body.add(R"("})");
  Line length;
  length.add("Content-Length: ");
  length.add(body.text().size());
  length.add("\r\n\r\n");
  replies_.append(base::bytes_of(answer_head()));
  if (head.closes) replies_.append(base::bytes_of("Connection: close\r\n"));
  replies_.append(base::bytes_of(head.origin_headers));
  replies_.append(base::bytes_of(length.text()));
  replies_.append(base::bytes_of(body.text()));
}

// Silence: its peer may keep the connection for its next request for so long.

std::uint32_t PostRole::silence_ms(const Connection&) const { return options().keep_alive_ms; }

void PostRole::on_silence(Connection& connection) { host_.begin_close(connection, Ending::normal, "idle for too long"); }

// It ends.

/// A request that has come in part is answered; else the end of our stream says it all.
void PostRole::say_goodbye(Connection& connection, std::uint16_t code, std::string_view reason) {
  connection.linger_after = true;
  if (!codec_of(connection).unfinished().any) return;
  HttpRefusal refusal{503, std::string(reason)};
  if (code == code_of(connection, Ending::policy_violation)) refusal.status = 408;
  const std::string text = codec::write_http_refusal(refusal, host_.kernel().unix_seconds(), codec::role_name(connection.role));
  metrics().add(Metric::posts_refused);
  connection.outbound_for_writing().append(base::bytes_of(text));
}

}  // namespace shard
