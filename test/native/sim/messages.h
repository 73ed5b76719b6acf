// Payloads that say what they are, so that whoever receives one can verify every byte of it.
// Owner: the test. Thread: any.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace sim {

/// A publication's identity: `sequence` counts what `publisher` sent.
struct Key {
  unsigned topic = 0;
  unsigned publisher = 0;
  unsigned sequence = 0;
  auto operator<=>(const Key&) const = default;
};

inline std::string payload_of(const Key& key, std::size_t filler_bytes) {
  std::string payload = std::to_string(key.topic) + " " + std::to_string(key.publisher) + " " + std::to_string(key.sequence) + " " +
                        std::to_string(filler_bytes) + "\n";
  const std::size_t head_bytes = payload.size();
  payload.resize(head_bytes + filler_bytes);
  const unsigned salt = key.publisher * 31 + key.sequence;
  for (std::size_t i = 0; i < filler_bytes; ++i) payload[head_bytes + i] = static_cast<char>('a' + (salt + i) % 26);
  return payload;
}

/// False unless `payload` is exactly what `payload_of` makes.
inline bool read_payload(const std::string& payload, Key& key) {
  std::size_t filler_bytes = 0;
  if (std::sscanf(payload.c_str(), "%u %u %u %zu", &key.topic, &key.publisher, &key.sequence, &filler_bytes) != 4) return false;
  return filler_bytes <= payload.size() && payload == payload_of(key, filler_bytes);
}

inline std::string topic_name(unsigned topic) { return "topic-" + std::to_string(topic); }

}  // namespace sim
