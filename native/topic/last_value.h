// A topic's last publication, for those who ask or come later.
// Owner: shared by whoever reads it. Thread: any; immutable once its publication is out.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "native/codec/codec.h"

namespace topic {

struct LastValue {
  codec::PayloadKind kind{};
  std::uint64_t offset = 0;  // in its topic
  std::vector<std::uint8_t> payload;
};

using LastValueRef = std::shared_ptr<const LastValue>;

}  // namespace topic
