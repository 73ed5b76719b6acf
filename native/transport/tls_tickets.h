// The keys of session tickets (RFC 5077, RFC 8446 §4.6.1): one for new tickets, which is an hour old at most, and the one before it, by which
// tickets are read for another hour. All contexts of an engine and all shards have the same, so a client may come back to any of them, also
// behind a change of certificates.
// Owner: the contexts of an engine. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

namespace transport {

struct TicketKey {
  std::array<unsigned char, 16> name;
  std::array<unsigned char, 32> cipher;  // AES-256-CBC
  std::array<unsigned char, 32> mac;     // HMAC-SHA-256
};

class TicketKeys {
 public:
  static constexpr std::int64_t rotate_ns = 3'600'000'000'000;

  TicketKeys() = default;
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// For a new ticket, at that time of the monotonic clock. Nothing when the system has no randomness for a key.
  std::optional<TicketKey> current(std::int64_t now_ns);

  struct Found {
    TicketKey key;
    bool renew = false;  // it is the one before: the client should have a new ticket
  };
  /// For a ticket that has come; nothing when its key is too old, or never was one.
  std::optional<Found> find(std::span<const unsigned char, 16> name, std::int64_t now_ns);

 private:
  struct Slot {
    TicketKey key;
    std::int64_t since_ns = 0;
  };
  std::mutex mutex_;
  std::optional<Slot> current_;
  std::optional<Slot> previous_;
};

}  // namespace transport
