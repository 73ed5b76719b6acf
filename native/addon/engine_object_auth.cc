// What JavaScript says about who may do what.
#include <utility>

#include "native/addon/arguments.h"
#include "native/addon/auth_values.h"
#include "native/addon/engine_object.h"

namespace addon {

namespace {
constexpr std::int64_t within_ms_max = 3'600'000;
/// A hundred years.
constexpr std::int64_t clock_step_ms_max = std::int64_t{100} * 366 * 86'400'000;
}  // namespace

Napi::Value EngineObject::compile_grants(const Napi::CallbackInfo& info) { return to_grants_object(info[0], info[1]); }

void EngineObject::answer_questions(const Napi::CallbackInfo& info) {
  std::vector<Answer> answers = to_answers(info[0]);
  shard::Engine& engine = running(info.Env());
  for (Answer& each : answers) engine.answer(each.id, std::move(each.verdict));
}

void EngineObject::set_asked_headers(const Napi::CallbackInfo& info) {
  codec::FieldNames names = to_field_names(info[0]);
  running(info.Env()).set_asked_fields(std::move(names));
}

void EngineObject::revoke(const Napi::CallbackInfo& info) {
  std::vector<std::uint32_t> standings = to_standings(info[0]);
  const auto within_ms = static_cast<std::uint32_t>(integer_from(info[1], "withinMs", {0, within_ms_max}));
  running(info.Env()).revoke(std::move(standings), within_ms);
}

void EngineObject::shift_ends(const Napi::CallbackInfo& info) {
  const std::int64_t ahead_ms = integer_from(info[0], "aheadMs", {-clock_step_ms_max, clock_step_ms_max});
  running(info.Env()).shift_ends(ahead_ms);
}

}  // namespace addon
