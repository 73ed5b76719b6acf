// A peer of the fake kernel that speaks TLS, below whatever its client says.
// Owner: the fake kernel. Thread: main.
#pragma once

#include <string>

#include "test/native/sim/fake_kernel.h"
#include "test/native/transport/tls_client.h"

namespace sim {

class TlsPeer final : public PeerLayer {
 public:
  explicit TlsPeer(const tls_client::Setup& setup = {}) : client_(setup) {}

  bool is_ready() const override { return client_.is_ready(); }
  void say(base::Bytes bytes) override { client_.say(std::string(base::text_of(bytes))); }
  void say_end() override { client_.say_end(); }
  void feed(base::Bytes wire) override { client_.feed(std::string(base::text_of(wire))); }
  std::string& wire() override {
    wire_ += client_.take_out();
    return wire_;
  }
  std::string& heard() override {
    heard_ += client_.take_heard();
    return heard_;
  }

 private:
  tls_client::TlsClient client_;
  std::string wire_;
  std::string heard_;
};

}  // namespace sim
