// What a publication takes in a burst, by itself and under its topic's lock: `make -C bench/load publish_burst && build/bench/publish_burst`.
// Bursts with and without pages made memory beforehand alternate in one process. What is not spent in calls of the system is spent under
// the lock, but for some ten nanoseconds.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

#include "native/os/linux_kernel.h"
#include "native/topic/topic.h"

namespace {

constexpr std::size_t rounds = 101;
constexpr std::size_t burst_bytes = 8 * 1024 * 1024;

/// Counts what calls for memory take; those to populate do nothing unless told.
class TimedKernel final : public os::LinuxKernel {
 public:
  bool populates = false;
  std::int64_t spent_ns = 0;

  os::Mapping map(std::size_t bytes) override {
    return timed([&] { return LinuxKernel::map(bytes); });
  }
  os::Mapping map_private(std::size_t bytes) override {
    return timed([&] { return LinuxKernel::map_private(bytes); });
  }
  void populate(base::MutableBytes pages) override {
    if (!populates) return;
    timed([&] {
      LinuxKernel::populate(pages);
      return 0;
    });
  }

 private:
  template <typename Call>
  std::invoke_result_t<Call> timed(Call call) {
    const std::int64_t begin_ns = now_ns();
    const auto result = call();
    spent_ns += now_ns() - begin_ns;
    return result;
  }
};

struct Figures {
  std::vector<double> total_ns;
  std::vector<double> locked_ns;
};

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

/// A topic with a subscriber that takes nothing.
void burst(TimedKernel& kernel, const std::string& payload, Figures& figures) {
  topic::LogMemory memory(kernel, std::size_t{1} << 30);
  topic::Topic topic("burst");
  topic.add_interest(codec::EncodingId::websocket, 0);
  const std::size_t count = burst_bytes / payload.size();
  kernel.spent_ns = 0;
  const std::int64_t begin_ns = kernel.now_ns();
  for (std::size_t i = 0; i < count; ++i) topic.publish({codec::PayloadKind::text, base::bytes_of(payload)}, 0, memory);
  const auto total_ns = static_cast<double>(kernel.now_ns() - begin_ns);
  figures.total_ns.push_back(total_ns / static_cast<double>(count));
  figures.locked_ns.push_back((total_ns - static_cast<double>(kernel.spent_ns)) / static_cast<double>(count));
  std::vector<topic::SegmentRef> garbage;
  topic.remove_interest(codec::EncodingId::websocket, 0, garbage);
}

}  // namespace

int main() {
  TimedKernel kernel;
  std::printf("%10s  %-12s  %9s  %15s\n", "bytes", "pages", "total, ns", "under lock, ns");
  for (const std::size_t bytes : {100u, 1000u, 10'000u, 60'000u}) {
    const std::string payload(bytes, 'x');
    Figures touched;
    Figures populated;
    for (std::size_t round = 0; round < rounds; ++round) {
      kernel.populates = round % 2 == 0;
      burst(kernel, payload, kernel.populates ? populated : touched);
      kernel.populates = !kernel.populates;
      burst(kernel, payload, kernel.populates ? populated : touched);
    }
    std::printf("%10zu  %-12s  %9.0f  %15.0f\n", bytes, "touched", median(touched.total_ns), median(touched.locked_ns));
    std::printf("%10zu  %-12s  %9.0f  %15.0f\n", bytes, "populated", median(populated.total_ns), median(populated.locked_ns));
  }
}
