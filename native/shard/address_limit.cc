#include "native/shard/address_limit.h"

#include "native/base/check.h"

namespace shard {

Admission AddressLimit::take(const os::Address& address) {
  CHECK(!address.local);
  std::lock_guard guard(lock_);
  std::uint32_t& count = counts_[address.limit_key()];
  if (count >= connections_max_ + refusals_at_once_max) return Admission::beyond;
  return count++ < connections_max_ ? Admission::within : Admission::over;
}

void AddressLimit::release(const os::Address& address) {
  std::lock_guard guard(lock_);
  const auto found = counts_.find(address.limit_key());
  CHECK(found != counts_.end() && found->second > 0);
  if (--found->second == 0) counts_.erase(found);
}

}  // namespace shard
