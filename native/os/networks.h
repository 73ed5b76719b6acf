// A set of addresses and networks, such as those that trusted proxies connect from.
// Owner: whoever holds it; not changed once threads ask it. Thread: any.
#pragma once

#include <string_view>
#include <vector>

#include "native/os/address.h"

namespace os {

class Networks {
 public:
  /// An address (`192.0.2.7`, `::1`), a network (`10.0.0.0/8`, `2001:db8::/32`), or `unix` for peers on Unix sockets. False, and nothing
  /// added, when it is none of them, or when bits behind the prefix are set.
  bool add(std::string_view text);
  bool empty() const { return networks_.empty() && !local_; }
  /// An IPv4-mapped address (`::ffff:192.0.2.1`) is the IPv4 address that it is, here and in the list. Whatever interface a link-local
  /// address belongs to, and its port, say nothing.
  bool contains(const Address& address) const;

 private:
  struct Network {
    Address address;
    unsigned bits = 0;  // of the prefix
  };
  std::vector<Network> networks_;
  bool local_ = false;
};

}  // namespace os
