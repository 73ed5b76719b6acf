#include "native/addon/event_values.h"

#include <string_view>

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

void set_connection(Object& object, const shard::Event& event) {
  object.set("id", static_cast<double>(event.id));
  object.set("peer", std::string_view(event.peer));
}

napi_value to_object(napi_env env, const shard::Event& event) {
  Object object(env);
  switch (event.kind) {
    case shard::EventKind::connection:
      object.set("type", std::string_view("connection"));
      set_connection(object, event);
      object.set("protocol", std::string_view(codec::protocol(event.protocol).name));
      object.set("topics", event.topics);
      break;
    case shard::EventKind::disconnect:
      object.set("type", std::string_view("disconnect"));
      set_connection(object, event);
      object.set("protocol", std::string_view(codec::protocol(event.protocol).name));
      object.set("code", static_cast<double>(event.code));
      object.set("reason", std::string_view(event.text));
      break;
    case shard::EventKind::slow:
      object.set("type", std::string_view("slow"));
      set_connection(object, event);
      object.set("topic", std::string_view(event.topics.front()));
      object.set("policy", std::string_view(conn::slow_policy_name(event.policy)));
      object.set("bytesBehind", static_cast<double>(event.bytes_behind));
      object.set("ageMs", static_cast<double>(event.age_ms));
      object.set("skipped", static_cast<double>(event.skipped));
      break;
    case shard::EventKind::warning:
      object.set("type", std::string_view("warning"));
      object.set("name", std::string_view(event.name));
      object.set("message", std::string_view(event.text));
      break;
    case shard::EventKind::drained:
      object.set("type", std::string_view("drained"));
      object.set("cut", static_cast<double>(event.cut));
      break;
    case shard::EventKind::session_open:
      object.set("type", std::string_view("session-open"));
      set_connection(object, event);
      object.set("protocol", std::string_view(codec::protocol(event.protocol).name));
      object.set("target", std::string_view(event.text));
      if (event.detail.empty()) {
        object.set_null("origin");
      } else {
        object.set("origin", std::string_view(event.detail));
      }
      break;
    case shard::EventKind::session_message:
      object.set("type", std::string_view("session-message"));
      object.set("id", static_cast<double>(event.id));
      object.set("text", std::string_view(event.text));
      object.set_boolean("overRate", event.over_rate);
      break;
    case shard::EventKind::session_published:
      object.set("type", std::string_view("session-published"));
      object.set("id", static_cast<double>(event.id));
      object.set("topic", std::string_view(event.topics.front()));
      object.set("event", std::string_view(event.detail));
      object.set("data", std::string_view(event.text));
      break;
    case shard::EventKind::session_end:
      object.set("type", std::string_view("session-end"));
      object.set("id", static_cast<double>(event.id));
      object.set("code", static_cast<double>(event.code));
      object.set("reason", std::string_view(event.text));
      break;
    case shard::EventKind::http_connection:
      object.set("type", std::string_view("http-connection"));
      object.set("protocol", std::string_view(codec::protocol(event.protocol).name));
      object.set("fd", static_cast<double>(event.fd));
      object.set("listener", static_cast<double>(event.listener));
      object.set("peer", std::string_view(event.peer));
      object.set_bytes("head", event.text);
      break;
    case shard::EventKind::heard:
      object.set("type", std::string_view("heard"));
      object.set("id", static_cast<double>(event.id));
      break;
  }
  return object.value();
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
