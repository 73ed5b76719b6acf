#include "native/addon/auth_values.h"

#include <memory>
#include <string>
#include <utility>

#include "native/addon/arguments.h"
#include "native/addon/values.h"

namespace addon {

namespace {

constexpr std::uint32_t patterns_max = 1000;
constexpr std::size_t pattern_bytes_max = 1024;
constexpr std::uint32_t answers_max = 1'000'000;
constexpr std::uint32_t standings_max = 1'000'000;
constexpr std::uint32_t field_names_max = 64;
constexpr std::size_t field_name_bytes_max = 64;
constexpr std::size_t subject_bytes_max = 4096;
constexpr std::size_t line_bytes_max = 1024;
constexpr std::int64_t whole_max = (std::int64_t{1} << 53) - 1;

/// Tells such objects from all others.
constexpr napi_type_tag grants_tag = {0x6d1f3a905c2e4b87, 0x9b7e20d4f1a86c35};

std::vector<std::string> patterns_from(const Napi::Value& value, const char* name) {
  const Napi::Array array = array_from(value, name, patterns_max);
  std::vector<std::string> patterns;
  for (std::uint32_t i = 0; i < array.Length(); ++i) patterns.push_back(text_from(array.Get(i), std::string("each of ") + name, pattern_bytes_max));
  return patterns;
}

void forget_grants(napi_env, void* data, void*) { delete static_cast<topic::GrantsRef*>(data); }

topic::GrantsRef grants_from(const Napi::Value& value) {
  bool is_tagged = false;
  void* data = nullptr;
  const bool is_ours = value.IsObject() && napi_check_object_type_tag(value.Env(), value, &grants_tag, &is_tagged) == napi_ok && is_tagged &&
                       napi_unwrap(value.Env(), value, &data) == napi_ok;
  if (!is_ours) throw_type(value, "grants", "what compileGrants has made");
  return *static_cast<const topic::GrantsRef*>(data);
}

/// A line of a response's head: nothing may end it (RFC 9110 §5.5).
std::string line_from(const Napi::Value& value, const char* name) {
  std::string line = text_from(value, name, line_bytes_max);
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) throw_range(value, name, "one line without control characters");
  }
  return line;
}

std::uint32_t number_from(const Napi::Object& from, const char* name, std::int64_t most = UINT32_MAX) {
  return static_cast<std::uint32_t>(integer_from(from.Get(name), name, {0, most}));
}

void read_allowed(const Napi::Object& from, shard::AuthVerdict& verdict) {
  verdict.grants = grants_from(from.Get("grants"));
  if (!from.Get("subject").IsNull()) verdict.subject = text_from(from.Get("subject"), "subject", subject_bytes_max);
  const Napi::Value ends = from.Get("endsInMs");
  if (!ends.IsNull()) verdict.ends_in_ms = static_cast<std::uint64_t>(integer_from(ends, "endsInMs", {0, whole_max}));
  verdict.standing = number_from(from, "standing");
  verdict.answers_bearer = boolean_from(from.Get("answersBearer"), "answersBearer");
}

void read_refused(const Napi::Object& from, shard::AuthVerdict& verdict) {
  const Napi::Value status = from.Get("status");
  verdict.status = static_cast<int>(integer_from(status, "status", {400, 599}));
  const bool is_known = verdict.status == 401 || verdict.status == 403 || verdict.status == 429 || verdict.status == 503;
  if (!is_known) throw_range(status, "status", "401, 403, 429 or 503");
  if (!from.Get("challenge").IsNull()) verdict.challenge = line_from(from.Get("challenge"), "challenge");
  if (!from.Get("retryAfterSeconds").IsNull()) verdict.retry_after_s = number_from(from, "retryAfterSeconds", 86'400);
  verdict.told = line_from(from.Get("told"), "told");
}

}  // namespace

Napi::Value to_grants_object(const Napi::Value& publish, const Napi::Value& subscribe) {
  const Napi::Env env = publish.Env();
  auto grants = std::make_unique<topic::GrantsRef>(
      std::make_shared<const topic::Grants>(patterns_from(publish, "publish"), patterns_from(subscribe, "subscribe")));
  Napi::Object object = Napi::Object::New(env);
  const bool made = napi_wrap(env, object, grants.get(), &forget_grants, nullptr, nullptr) == napi_ok;
  if (made) grants.release();
  if (!made || napi_type_tag_object(env, object, &grants_tag) != napi_ok) throw Napi::Error::New(env, "grants cannot be made");
  return object;
}

std::vector<Answer> to_answers(const Napi::Value& value) {
  const Napi::Array array = array_from(value, "answers", answers_max);
  std::vector<Answer> answers;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    const Napi::Object each = object_from(array.Get(i), "each of answers");
    Answer answer;
    answer.id = to_connection_id(each.Get("id"), "id");
    answer.verdict.number = number_from(each, "question");
    answer.verdict.allows = boolean_from(each.Get("allow"), "allow");
    answer.verdict.allows ? read_allowed(each, answer.verdict) : read_refused(each, answer.verdict);
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<std::uint32_t> to_standings(const Napi::Value& value) {
  const Napi::Array array = array_from(value, "standings", standings_max);
  std::vector<std::uint32_t> standings;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    standings.push_back(static_cast<std::uint32_t>(integer_from(array.Get(i), "each of standings", {0, UINT32_MAX})));
  }
  return standings;
}

codec::FieldNames to_field_names(const Napi::Value& value) {
  const Napi::Array array = array_from(value, "headers", field_names_max);
  codec::FieldNames names;
  for (std::uint32_t i = 0; i < array.Length(); ++i) names.push_back(text_from(array.Get(i), "each of headers", field_name_bytes_max));
  return names;
}

}  // namespace addon
