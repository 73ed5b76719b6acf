// What a client's mask costs, alone and together with the validation of a text: nanoseconds per kB.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "bench/micro/measure.h"
#include "native/codec/text/utf8.h"
#include "native/codec/websocket/websocket_mask.h"

namespace {

constexpr std::size_t rounds = 400;
constexpr std::size_t round_bytes = 128 * 1024;
constexpr std::size_t header_bytes = 8;  // before the payload of a frame of 126 bytes to 64 KiB: payloads are seldom aligned

void run(std::size_t bytes) {
  std::vector<std::uint8_t> frame(header_bytes + bytes, 'x');
  const base::MutableBytes payload = base::MutableBytes(frame).subspan(header_bytes);
  codec::WebSocketMask mask = {};  // so that the text stays one; the compiler does not know
  micro::keep(mask);
  const std::size_t calls = std::max<std::size_t>(1, round_bytes / bytes);
  micro::Least alone;
  micro::Least with_validation;
  for (std::size_t round = 0; round < rounds; ++round) {
    alone.note(calls, [&] { codec::unmask(payload, mask); });
    with_validation.note(calls, [&] {
      codec::unmask(payload, mask);
      bool valid = base::is_valid_utf8(payload);
      micro::keep(valid);
    });
  }
  const double kilobytes = static_cast<double>(bytes) / 1000;
  std::printf("%9zu  %8.1f  %15.1f\n", bytes, alone.ns() / kilobytes, with_validation.ns() / kilobytes);
}

}  // namespace

int main() {
  std::printf("unmasking, ns/kB\n%9s  %8s  %15s\n", "bytes", "alone", "and validation");
  for (const std::size_t bytes : {125u, 1024u, 64u * 1024, 1024u * 1024}) run(bytes);
}
