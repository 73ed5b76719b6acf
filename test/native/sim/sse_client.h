// A client of server-sent events on the fake kernel: as a WebSocket client, but that it asks for events and understands them.
// Owner: the simulation. Thread: main.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "test/native/codec/sse/sse_reader.h"
#include "test/native/sim/client.h"

namespace sim {

class SseClient final : public Client {
 public:
  SseClient(FakeKernel& kernel, Random& random, ClientSetup client_setup);

  /// Offsets of `messages`, as their ids say.
  std::vector<std::uint64_t> offsets;
  /// By topic's name: how many it was told it has missed.
  std::map<std::string, std::uint64_t> told_missing;

 private:
  void parse_open(std::string& bytes) override;
  bool is_within() const override { return !(chunks_.between() || chunks_.ended()) || !reader_.between(); }
  void on_event(const sse::Event& event);
  void on_comment(const std::string& comment);

  sse::Dechunker chunks_;
  sse::Reader reader_;
  std::size_t events_ = 0;    // of the reader's, taken
  std::size_t comments_ = 0;  // the same
};

}  // namespace sim
