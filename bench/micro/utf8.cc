// What UTF-8 validation costs, by every kernel that this processor can run and by none, interleaved: nanoseconds per kB.
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/micro/measure.h"
#include "native/codec/text/utf8.h"

namespace {

constexpr std::size_t rounds = 400;
constexpr std::size_t round_bytes = 512 * 1024;  // a batch of short texts is as long as one of 512 KiB

struct Script {
  const char* name;
  std::string_view sample;
};

constexpr Script scripts[] = {
    {"ASCII", "The quick brown fox jumps over the lazy dog, 0123456789 times. "},
    {"Latin", "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg; où l'été s'achève, ça gêne. "},
    {"CJK", "敏捷的棕色狐狸跳过了懒狗，いろはにほへと散りぬるを。"},
    {"emoji", "😀😃🎉🚀🐙🌍✨ok "},
};

/// Whole samples, then spaces.
std::vector<std::uint8_t> text_of(std::string_view sample, std::size_t bytes) {
  std::string text;
  while (text.size() + sample.size() <= bytes) text += sample;
  text.resize(bytes, ' ');
  return {text.begin(), text.end()};
}

void run(const Script& script, std::size_t bytes) {
  std::vector<base::Utf8Kernel> ways = {{"none", nullptr}};
  for (const base::Utf8Kernel& kernel : base::utf8_kernels()) ways.push_back(kernel);
  std::vector<micro::Least> least(ways.size());
  const std::vector<std::uint8_t> text = text_of(script.sample, bytes);
  const std::size_t calls = std::max<std::size_t>(1, round_bytes / bytes / 4);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t way = 0; way < ways.size(); ++way) {
      least[way].note(calls, [&] {
        base::Utf8Validator validator;
        bool valid = validator.feed_by(ways[way].scan, text);
        micro::keep(valid);
      });
    }
  }
  std::printf("%-8s %9zu", script.name, bytes);
  for (const micro::Least& each : least) std::printf("  %8.1f", each.ns() * 1000 / static_cast<double>(bytes));
  std::printf("\n");
}

}  // namespace

int main() {
  std::printf("UTF-8 validation, ns/kB\n%-8s %9s  %8s", "text", "bytes", "none");
  for (const base::Utf8Kernel& kernel : base::utf8_kernels()) std::printf("  %8s", kernel.name);
  std::printf("\n");
  for (const Script& script : scripts) {
    for (const std::size_t bytes : {125u, 1024u, 64u * 1024, 1024u * 1024}) run(script, bytes);
  }
}
