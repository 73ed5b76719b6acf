// A client that publishes by POST on the fake kernel: one request after the other, the next when the last was answered; what finds no room is
// sent again, and some of what was published, too, by its Idempotency-Key.
// Owner: the simulation. Thread: main.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "test/native/sim/client.h"

namespace sim {

class PostClient final : public Client {
 public:
  PostClient(FakeKernel& kernel, Random& random, ClientSetup client_setup);

  void send_message(const std::string& payload) override;
  bool is_told_why() const override { return false; }

 private:
  struct Unanswered {
    std::string payload;
    std::string key;                      // empty: none
    std::optional<std::string> position;  // where it was published: it is sent once more
  };

  void parse_open(std::string& bytes) override;
  void on_answer(int status, const std::string& body);
  void send_next();
  std::string body_of(const std::string& payload, bool& chunked);

  std::deque<Unanswered> queue_;  // the first one is under way
  unsigned next_key_ = 0;
};

}  // namespace sim
