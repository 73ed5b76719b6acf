#include "native/addon/event_values.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace addon {

namespace {

/// One object under construction. Statuses are left alone: see the header.
class Object {
 public:
  explicit Object(napi_env env) : env_(env) { napi_create_object(env, &object_); }
  napi_value value() const { return object_; }

  void set(const char* name, napi_value value) {
    if (value != nullptr) napi_set_named_property(env_, object_, name, value);
  }
  void set(const char* name, std::string_view text) { set(name, string(env_, text)); }
  void set(const char* name, double number) {
    napi_value value = nullptr;
    napi_create_double(env_, number, &value);
    set(name, value);
  }
  void set_boolean(const char* name, bool flag) {
    napi_value value = nullptr;
    napi_get_boolean(env_, flag, &value);
    set(name, value);
  }
  void set_null(const char* name) {
    napi_value value = nullptr;
    napi_get_null(env_, &value);
    set(name, value);
  }
  void set(const char* name, const std::optional<std::string>& text) {
    if (text) set(name, std::string_view(*text));
    else set_null(name);
  }
  void set_bytes(const char* name, std::string_view bytes) {
    napi_value buffer = nullptr;
    napi_create_buffer_copy(env_, bytes.size(), bytes.data(), nullptr, &buffer);
    set(name, buffer);
  }
  void set(const char* name, const std::vector<std::string>& texts) {
    napi_value array = nullptr;
    napi_create_array_with_length(env_, texts.size(), &array);
    for (std::size_t i = 0; array != nullptr && i < texts.size(); ++i) {
      napi_set_element(env_, array, static_cast<std::uint32_t>(i), string(env_, texts[i]));
    }
    set(name, array);
  }

 private:
  static napi_value string(napi_env env, std::string_view text) {
    napi_value value = nullptr;
    napi_create_string_utf8(env, text.data(), text.size(), &value);
    return value;
  }

  napi_env env_;
  napi_value object_ = nullptr;
};

/// The properties that events of connections begin with.
Object connection_event(napi_env env, std::string_view type, conn::ConnectionId id, std::string_view peer) {
  Object object(env);
  object.set("type", type);
  object.set("id", static_cast<double>(id));
  object.set("peer", peer);
  return object;
}

/// Those of sessions, once they are open.
Object session_event(napi_env env, std::string_view type, conn::ConnectionId id) {
  Object object(env);
  object.set("type", type);
  object.set("id", static_cast<double>(id));
  return object;
}

std::string_view name_of(codec::ProtocolId protocol) { return codec::protocol(protocol).name; }

napi_value object_of(napi_env env, const shard::Connected& event) {
  Object object = connection_event(env, "connection", event.id, event.peer);
  object.set("protocol", name_of(event.protocol));
  object.set("topics", event.topics);
  return object.value();
}

napi_value object_of(napi_env env, const shard::Disconnected& event) {
  Object object = connection_event(env, "disconnect", event.id, event.peer);
  object.set("protocol", name_of(event.protocol));
  object.set("code", static_cast<double>(event.code));
  object.set("reason", std::string_view(event.reason));
  return object.value();
}

napi_value object_of(napi_env env, const shard::Slow& event) {
  Object object = connection_event(env, "slow", event.id, event.peer);
  object.set("topic", std::string_view(event.topic));
  object.set("policy", std::string_view(conn::slow_policy_name(event.policy)));
  object.set("bytesBehind", static_cast<double>(event.bytes_behind));
  object.set("ageMs", static_cast<double>(event.age_ms));
  object.set("skipped", static_cast<double>(event.skipped));
  return object.value();
}

napi_value object_of(napi_env env, const shard::Warning& event) {
  Object object(env);
  object.set("type", std::string_view("warning"));
  object.set("name", std::string_view(event.name));
  object.set("message", std::string_view(event.message));
  return object.value();
}

napi_value object_of(napi_env env, const shard::Drained& event) {
  Object object(env);
  object.set("type", std::string_view("drained"));
  object.set("cut", static_cast<double>(event.cut));
  return object.value();
}

napi_value object_of(napi_env env, const shard::SessionOpened& event) {
  Object object = connection_event(env, "session-open", event.id, event.peer);
  object.set("protocol", name_of(event.protocol));
  object.set("target", std::string_view(event.target));
  if (event.origin.empty()) {
    object.set_null("origin");
  } else {
    object.set("origin", std::string_view(event.origin));
  }
  return object.value();
}

napi_value object_of(napi_env env, const shard::SessionMessage& event) {
  Object object = session_event(env, "session-message", event.id);
  object.set("text", std::string_view(event.text));
  object.set_boolean("overRate", event.over_rate);
  return object.value();
}

napi_value object_of(napi_env env, const shard::SessionPublished& event) {
  Object object = session_event(env, "session-published", event.id);
  object.set("topic", std::string_view(event.topic));
  object.set("event", std::string_view(event.name));
  object.set("data", std::string_view(event.data));
  return object.value();
}

napi_value object_of(napi_env env, const shard::SessionEnded& event) {
  Object object = session_event(env, "session-end", event.id);
  object.set("code", static_cast<double>(event.code));
  object.set("reason", std::string_view(event.reason));
  return object.value();
}

napi_value object_of(napi_env env, const transport::Identity& identity) {
  Object object(env);
  if (identity.common_name.empty()) object.set_null("commonName");
  else object.set("commonName", std::string_view(identity.common_name));
  object.set("uris", identity.uris);
  object.set("expiresAt", static_cast<double>(identity.not_after_ms));
  return object.value();
}

void set_certificate(napi_env env, Object& object, const std::optional<transport::Identity>& certificate) {
  if (certificate) object.set("certificate", object_of(env, *certificate));
  else object.set_null("certificate");
}

napi_value object_of(napi_env env, const shard::HttpConnection& event) {
  Object object(env);
  object.set("type", std::string_view("http-connection"));
  object.set("protocol", name_of(event.protocol));
  object.set("fd", static_cast<double>(event.fd));
  object.set("listener", static_cast<double>(event.listener));
  object.set("peer", std::string_view(event.peer));
  object.set_bytes("head", event.head);
  object.set_boolean("secure", event.secure);
  set_certificate(env, object, event.certificate);
  return object.value();
}

napi_value credential_of(napi_env env, const shard::AuthQuestion& question) {
  Object object(env);
  object.set("authorization", question.credential.authorization);
  object.set("subprotocols", question.credential.subprotocols);
  object.set("query", std::string_view(question.credential.query));
  object.set("metadata", question.metadata);
  set_certificate(env, object, question.certificate);
  return object.value();
}

napi_value object_of(napi_env env, const shard::AuthAsked& event) {
  const shard::AuthQuestion& question = *event.question;
  Object object = connection_event(env, "auth-asked", event.id, question.peer);
  object.set("question", static_cast<double>(question.number));
  object.set("protocol", name_of(question.protocol));
  object.set("listener", static_cast<double>(question.listener));
  object.set("action", std::string_view(question.use == topic::Use::publish ? "publish" : "subscribe"));
  object.set_boolean("proxied", question.proxied);
  object.set("origin", question.origin);
  object.set("topics", question.topics);
  object.set("credential", credential_of(env, question));
  Object headers(env);
  for (const auto& [name, value] : question.headers) headers.set(name.c_str(), std::string_view(value));
  object.set("headers", headers.value());
  return object.value();
}

void set_text_or_null(Object& object, const char* name, std::string_view text) {
  if (text.empty()) return object.set_null(name);
  object.set(name, text);
}

void set_count_or_null(Object& object, const char* name, const std::optional<std::uint64_t>& count) {
  if (!count) return object.set_null(name);
  object.set(name, static_cast<double>(*count));
}

napi_value object_of(napi_env env, const shard::ConnectionRow& row) {
  Object object(env);
  object.set("id", static_cast<double>(row.place.id));
  object.set("value", static_cast<double>(row.place.value));
  object.set("protocol", name_of(row.protocol));
  object.set("listener", static_cast<double>(row.listener));
  object.set("peer", std::string_view(row.peer));
  set_text_or_null(object, "subject", row.subject);
  object.set("acceptedS", static_cast<double>(row.accepted_s));
  object.set("state", std::string_view(row.is_open ? "open" : row.is_closing ? "closing" : "handshake"));
  set_text_or_null(object, "publishesTo", row.publishes_to);
  object.set("topics", row.topics);
  object.set("subscriptions", static_cast<double>(row.subscriptions));
  object.set("messagesIn", static_cast<double>(row.messages_in));
  object.set("messagesOut", static_cast<double>(row.messages_out));
  set_count_or_null(object, "bytesIn", row.bytes_in);
  set_count_or_null(object, "bytesOut", row.bytes_out);
  object.set("pendingBytes", static_cast<double>(row.pending_bytes));
  object.set_boolean("throttled", row.throttled);
  object.set("throttledMs", static_cast<double>(row.throttled_ms));
  return object.value();
}

napi_value object_of(napi_env env, const shard::ConnectionsListed& event) {
  Object object(env);
  object.set("type", std::string_view("connections"));
  object.set("ask", static_cast<double>(event.ask));
  object.set("matches", static_cast<double>(event.matches));
  napi_value rows = nullptr;
  napi_create_array_with_length(env, event.rows.size(), &rows);
  for (std::size_t i = 0; rows != nullptr && i < event.rows.size(); ++i) {
    napi_set_element(env, rows, static_cast<std::uint32_t>(i), object_of(env, event.rows[i]));
  }
  object.set("rows", rows);
  return object.value();
}

napi_value object_of(napi_env env, const shard::ConnectionRemoved& event) {
  Object object(env);
  object.set("type", std::string_view("connection-removed"));
  object.set("ask", static_cast<double>(event.ask));
  object.set_boolean("found", event.found);
  return object.value();
}

napi_value object_of(napi_env env, const shard::Heard& event) {
  Object object(env);
  object.set("type", std::string_view("heard"));
  object.set("id", static_cast<double>(event.ear));
  return object.value();
}

napi_value to_object(napi_env env, const shard::Event& event) {
  return std::visit([env](const auto& each) { return object_of(env, each); }, event);
}

napi_value to_object(napi_env env, const topic::Hearing& hearing) {
  const topic::Heard& heard = *hearing.heard;
  Object object(env);
  if (heard.kind == codec::PayloadKind::text) {
    object.set("payload", std::string_view(heard.payload));
  } else {
    object.set_bytes("payload", heard.payload);
  }
  object.set("offset", static_cast<double>(heard.offset));
  object.set("dropped", static_cast<double>(hearing.dropped));
  return object.value();
}

template <typename Value>
napi_value array_of(napi_env env, const std::vector<Value>& values) {
  napi_value array = nullptr;
  napi_create_array_with_length(env, values.size(), &array);
  for (std::size_t i = 0; array != nullptr && i < values.size(); ++i) {
    napi_set_element(env, array, static_cast<std::uint32_t>(i), to_object(env, values[i]));
  }
  return array;
}

}  // namespace

napi_value to_array(napi_env env, const std::vector<shard::Event>& events) { return array_of(env, events); }

napi_value to_array(napi_env env, const std::vector<topic::Hearing>& heard) { return array_of(env, heard); }

}  // namespace addon
