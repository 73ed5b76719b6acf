// See recovery_headers.h.
// Owner: nobody. Thread: any.
#include "native/shard/recovery_headers.h"

#include <algorithm>
#include <string_view>

namespace shard {

namespace {

using topic::Recovery;

template <typename Value>
void append_line(std::string& lines, std::string_view name, const std::vector<Recovery>& recoveries, Value value) {
  lines.append(name);
  for (const Recovery& recovery : recoveries) lines.append(&recovery == recoveries.data() ? ": " : ", ").append(value(recovery));
  lines.append("\r\n");
}

std::string recovered_text(const Recovery& recovery) {
  if (!recovery.asked) return "-";
  return recovery.whole ? "true" : "false";
}

std::string skipped_text(const Recovery& recovery) {
  if (!recovery.asked) return "-";
  return recovery.skipped ? std::to_string(*recovery.skipped) : "unknown";
}

}  // namespace

std::string recovery_headers(const std::vector<Recovery>& recoveries) {
  std::string lines;
  if (recoveries.empty()) return lines;
  append_line(lines, "Broker-Epoch", recoveries, [](const Recovery& each) { return each.epoch; });
  append_line(lines, "Broker-Offset", recoveries, [](const Recovery& each) { return std::to_string(each.live_offset); });
  if (std::none_of(recoveries.begin(), recoveries.end(), [](const Recovery& each) { return each.asked; })) return lines;
  append_line(lines, "Broker-Recovered", recoveries, recovered_text);
  append_line(lines, "Broker-Skipped", recoveries, skipped_text);
  return lines;
}

}  // namespace shard
