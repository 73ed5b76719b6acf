#include "native/transport/tls_tickets.h"

#include <algorithm>

#include "native/transport/tls_library.h"

namespace transport {

namespace {

bool fill(std::span<unsigned char> bytes) { return openssl::functions().RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1; }

}  // namespace

std::optional<TicketKey> TicketKeys::current(std::int64_t now_ns) {
  const auto is_fresh = [&] { return current_ && now_ns - current_->since_ns < rotate_ns; };
  {
    const std::lock_guard lock(mutex_);
    if (is_fresh()) return current_->key;
  }
  // Outside of the lock: it may be a system call. Who comes second throws his away.
  TicketKey made;
  if (!fill(made.name) || !fill(made.cipher) || !fill(made.mac)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!is_fresh()) {
    previous_ = current_;
    current_ = Slot{made, now_ns};
  }
  return current_->key;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const unsigned char, 16> name, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto is = [&](const std::optional<Slot>& slot) {
    return slot && now_ns - slot->since_ns < 2 * rotate_ns && std::equal(name.begin(), name.end(), slot->key.name.begin());
  };
  if (is(current_)) return Found{current_->key, now_ns - current_->since_ns >= rotate_ns};
  if (is(previous_)) return Found{previous_->key, true};
  return std::nullopt;
}

}  // namespace transport
