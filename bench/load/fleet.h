// The connections of one run, dealt out to topics, and the publishers' prepared publications.
// Owner: the scenario. Thread: the load thread.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/load/client.h"
#include "bench/load/ledger.h"
#include "bench/load/options.h"

namespace load {

ClientOptions client_options(const Options& options);

/// Subscriber s and publisher p belong to topics s % topics and p % topics; silent subscribers are spread evenly.
class Fleet {
 public:
  Fleet(const Options& options, std::uint32_t messages_each);

  /// Opens all subscribers, then all publishers; returns how the subscribers' handshakes went.
  OpenResult open();

  /// Makes the next `burst` messages of a publisher, so that `fire` has nothing to do but stamp and send.
  void prepare(std::uint32_t publisher, std::uint32_t burst) { prepare(publisher, burst, options_.payload_bytes); }
  void prepare(std::uint32_t publisher, std::uint32_t burst, std::uint32_t payload_bytes);
  /// Sends what was prepared; returns the time stamped into it.
  std::uint64_t fire(std::uint32_t publisher);

  /// A message of `publisher` reaches so many subscribers that read.
  std::uint32_t readers(std::uint32_t publisher) const { return readers_[publisher % options_.topics]; }
  /// What the kernel holds unread for the silent subscribers: the sum, in bytes.
  std::uint64_t silent_bytes() const;
  std::uint32_t sent(std::uint32_t publisher) const { return outgoing_[publisher].next_sequence; }

  Client& client() { return client_; }
  Ledger& ledger() { return ledger_; }

 private:
  struct Outgoing {
    std::uint32_t next_sequence = 0;
    std::uint32_t prepared = 0;
    std::uint32_t payload_bytes = 0;
    std::vector<std::uint8_t> bytes;
  };

  bool is_silent(std::uint32_t subscriber) const;

  const Options& options_;
  Ledger ledger_;
  Client client_;
  std::vector<Endpoint> publish_endpoints_;
  std::vector<Endpoint> subscribe_endpoints_;
  std::vector<std::uint32_t> readers_;  // by topic
  std::vector<Outgoing> outgoing_;      // by publisher
};

}  // namespace load
