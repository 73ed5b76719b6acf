#include "native/os/networks.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace os {

namespace {

constexpr unsigned mapped_bits = 96;

unsigned bits_of(const Address& address) { return address.v6 ? 128 : 32; }

bool bit(const Address& address, unsigned at) { return (address.bytes[at / 8] >> (7 - at % 8) & 1) != 0; }

std::optional<unsigned> prefix_of(std::string_view text) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool canonical = text.size() == 1 || !text.starts_with('0');
  if (error != std::errc() || end != text.data() + text.size() || !canonical) return std::nullopt;
  return bits;
}

bool same_prefix(const Address& a, const Address& b, unsigned bits) {
  if (!std::equal(a.bytes.begin(), a.bytes.begin() + bits / 8, b.bytes.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a.bytes[bits / 8] ^ b.bytes[bits / 8]) >> (8 - rest) == 0;
}

}  // namespace

bool Networks::add(std::string_view text) {
  if (text == "unix") return local_ = true;
  const std::size_t slash = text.find('/');
  const std::optional<Address> given = Address::parse(text.substr(0, slash), 0);
  if (!given || given->scope != 0) return false;
  unsigned bits = bits_of(*given);
  if (slash != std::string_view::npos) {
    const std::optional<unsigned> prefix = prefix_of(text.substr(slash + 1));
    if (!prefix || *prefix > bits) return false;
    bits = *prefix;
  }
  for (unsigned at = bits; at < bits_of(*given); ++at) {
    if (bit(*given, at)) return false;
  }
  const Address plain = given->unmapped();
  if (given->v6 && !plain.v6) {
    if (bits < mapped_bits) return false;
    bits -= mapped_bits;
  }
  networks_.push_back({plain, bits});
  return true;
}

bool Networks::contains(const Address& address) const {
  if (address.local) return local_;
  if (networks_.empty()) return false;
  const Address plain = address.unmapped();
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& each) {
    return each.address.v6 == plain.v6 && same_prefix(each.address, plain, each.bits);
  });
}

}  // namespace os
