// A responder's sink, which nothing but requests may reach.
// Owner: the fuzzer. Thread: main.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "native/codec/codec.h"

namespace fuzz {

class OnlyRequests final : public codec::CommandSink {
 public:
  /// Lets the codec wait after every so many; 0: never.
  explicit OnlyRequests(unsigned waits_every) : waits_every_(waits_every) {}

  codec::Flow on_request(base::Bytes request) override {
    texts.emplace_back(request.begin(), request.end());
    waits = waits_every_ != 0 && texts.size() % waits_every_ == 0;
    return waits ? codec::Flow::wait : codec::Flow::go_on;
  }
  codec::Flow on_message(codec::PayloadKind, base::Bytes) override { std::abort(); }
  void on_ignored_message() override { std::abort(); }
  void on_ping(base::Bytes) override { std::abort(); }
  void on_pong(base::Bytes) override { std::abort(); }
  void on_close(std::uint16_t, std::string_view) override { std::abort(); }
  codec::Flow on_session_message(std::string_view) override { std::abort(); }
  codec::Flow on_client_publication(const codec::ClientPublication&) override { std::abort(); }
  void on_application_ping(std::string_view) override { std::abort(); }

  std::vector<std::string> texts;
  bool waits = false;  // what it said to the last one

 private:
  const unsigned waits_every_;
};

}  // namespace fuzz
