// The entry point that libFuzzer and the plain driver share; the variable FUZZ_TARGET names the target.
// Owner: the process. Thread: main.
#include "test/fuzz/fuzz.h"

#include <cstdio>
#include <cstdlib>
#include <map>

#include "native/codec/text/utf8.h"

namespace fuzz {

namespace {
std::map<std::string, Target, std::less<>>& targets() {
  static std::map<std::string, Target, std::less<>> all;
  return all;
}
}  // namespace

Registration::Registration(const char* name, Target target) { targets().emplace(name, target); }

Target find_target(std::string_view name) {
  const auto found = targets().find(name);
  return found == targets().end() ? nullptr : found->second;
}

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const auto& [name, target] : targets()) names.push_back(name);
  return names;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  std::abort();
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  std::size_t whole = 0;  // up to here it is valid
  base::Utf8Validator validator;
  for (const char c : text) {
    valid += c;
    if (!validator.feed(base::bytes_of({&c, 1}))) {
      valid.resize(whole);
      valid += '?';
      validator.reset();
    }
    if (validator.complete()) whole = valid.size();
  }
  valid.resize(whole);
  return valid;
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Target target = [] {
    const char* const name = std::getenv("FUZZ_TARGET");
    const fuzz::Target found = fuzz::find_target(name == nullptr ? "" : name);
    if (found != nullptr) return found;
    std::fprintf(stderr, "FUZZ_TARGET must be one of");
    for (const std::string& each : fuzz::target_names()) std::fprintf(stderr, " %s", each.c_str());
    std::fprintf(stderr, ", got: %s\n", name == nullptr ? "nothing" : name);
    std::exit(2);
  }();
  target({data, size});
  return 0;
}
