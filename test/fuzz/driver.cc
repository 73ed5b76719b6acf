// The plain driver, where libFuzzer is missing: runs every file of the folders given, then mutations of them from a fixed seed
// for -max_total_time seconds. It sees no coverage; it keeps the targets compiling and the seeds passing. A file given by itself
// is run once. What fails is written to `failed-input` behind -artifact_prefix.
// Owner: the process. Thread: main.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes running;           // for the handler
std::string failed_path = "failed-input";

/// Async-signal-safe: open, write, close.
void save_running() {
  const int fd = ::open(failed_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(fd, running.data(), running.size());
  ::close(fd);
}

void on_abort(int signal) {
  save_running();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(Bytes input) {
  input.shrink_to_fit();
  running = input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes mutated(Bytes input, const std::vector<Bytes>& corpus, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (std::size_t changes = 1 + below(6); changes > 0; --changes) {
    const auto at = static_cast<std::ptrdiff_t>(below(input.size() + 1));
    const bool inside = at < static_cast<std::ptrdiff_t>(input.size());
    switch (below(6)) {
      case 0:
        if (inside) input[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 1:
        if (inside) input[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random());
        break;
      case 2:
        input.insert(input.begin() + at, static_cast<std::uint8_t>(random()));
        break;
      case 3:
        if (inside) input.erase(input.begin() + at, input.begin() + at + 1 + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(8, input.size() - static_cast<std::size_t>(at)))));
        break;
      case 4: {
        const Bytes& other = corpus[below(corpus.size())];
        const auto from = static_cast<std::ptrdiff_t>(below(other.size() + 1));
        input.insert(input.begin() + at, other.begin() + from, other.end());
        break;
      }
      default:
        input.resize(static_cast<std::size_t>(at));
    }
  }
  if (input.size() > 20'000) input.resize(20'000);
  return input;
}

}  // namespace

int main(int count, char** arguments) {
  __sanitizer_set_death_callback(save_running);
  std::signal(SIGABRT, on_abort);
  int seconds = 0;
  std::vector<Bytes> corpus;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const auto value = [&](const std::string& name) { return argument.starts_with(name) ? argument.c_str() + name.size() : nullptr; };
    if (const char* const given = value("-max_total_time=")) seconds = std::atoi(given);
    if (const char* const given = value("-artifact_prefix=")) failed_path = given + failed_path;
    if (argument.starts_with("-")) continue;
    if (std::filesystem::is_directory(argument)) {
      for (const auto& entry : std::filesystem::directory_iterator(argument)) corpus.push_back(read_file(entry.path()));
    } else {
      run(read_file(argument));
    }
  }
  std::size_t runs = corpus.size();
  for (const Bytes& seed : corpus) run(seed);
  std::sort(corpus.begin(), corpus.end());  // the order of a folder is the file system's
  std::mt19937 random(1);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (; !corpus.empty() && std::chrono::steady_clock::now() < until; ++runs) run(mutated(corpus[random() % corpus.size()], corpus, random));
  std::fprintf(stderr, "%zu runs\n", runs);
  return 0;
}
