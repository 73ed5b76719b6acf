// What a server sends, cut into messages where it was received: of a message only the head is looked at, and one in
// `verify_every` is compared byte for byte.
// Owner: the client. Thread: the load thread.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/load/ledger.h"
#include "bench/load/wire.h"

namespace load {

/// What becomes of the messages of a stream.
enum class Messages : std::uint8_t { counted, skipped };

/// What a connection must remember between two reads.
struct StreamState {
  static constexpr std::uint32_t carry_bytes_max = 512;  // over any head with ours, and over any unit without a payload
  std::uint32_t subscriber = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_left = 0;  // of the message under way
  std::uint32_t tail_left = 0;     // of what the wire puts behind it
  std::uint32_t carry_bytes = 0;
  std::uint32_t answers = 0;       // to publications, the refusals too
  PayloadHead head{};
  const PayloadForm* form = &plain_form;
  bool counted = false;
  bool verifying = false;
  bool corrupted = false;
  std::uint8_t carry[carry_bytes_max];  // the start of a frame whose head was cut by the end of a read
};

class StreamReader {
 public:
  /// `ledger` null: nothing is counted.
  StreamReader(Ledger* ledger, Messages messages, std::uint32_t verify_every)
      : ledger_(ledger), messages_(messages), verify_every_(verify_every) {}

  enum class End : std::uint8_t {
    none,
    ended,      // the server said goodbye or broke its protocol; the latter was counted
    announced,  // the server ends the connection behind an answer, as it said there: a new one may go on
  };
  struct Result {
    const std::uint8_t* rest;  // unconsumed, shorter than carry_bytes_max: must be put in front of the next read
    End end = End::none;
  };

  /// Parses [at, end) as received at `receipt`. What the wire wants answered is appended to `replies`.
  Result read(const Wire& wire, StreamState& state, const std::uint8_t* at, const std::uint8_t* end, const Receipt& receipt,
              std::vector<std::uint8_t>& replies);

 private:
  End take_fault(const Unit& unit);
  const std::uint8_t* take_payload(StreamState& state, const std::uint8_t* at, const std::uint8_t* end, const Receipt& receipt);
  void start_message(StreamState& state, const std::uint8_t* payload, std::uint32_t payload_bytes);

  Ledger* ledger_;
  Messages messages_;
  std::uint32_t verify_every_;
  std::uint32_t until_verify_ = 0;
};

}  // namespace load
