// A responder's sink, which remembers the requests.
// Owner: the fuzzer. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "native/codec/codec.h"

namespace fuzz {

class OnlyRequests final : public codec::RequestSink {
 public:
  /// Lets the codec wait after every so many; 0: never.
  explicit OnlyRequests(unsigned waits_every) : waits_every_(waits_every) {}

  codec::Flow on_request(base::Bytes request) override {
    texts.emplace_back(request.begin(), request.end());
    waits = waits_every_ != 0 && texts.size() % waits_every_ == 0;
    return waits ? codec::Flow::wait : codec::Flow::go_on;
  }

  std::vector<std::string> texts;
  bool waits = false;  // what it said to the last one

 private:
  const unsigned waits_every_;
};

}  // namespace fuzz
