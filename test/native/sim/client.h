// A WebSocket client of the fake kernel: it cuts what it sends at random, reads at its own pace, and takes apart what it gets.
// Owner: the simulation. Thread: main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "test/native/sim/fake_kernel.h"
#include "test/native/sim/messages.h"

namespace sim {

/// How a client reads.
enum class Pace : std::uint8_t { eager, leisurely, slow, stuck };

/// Another address for every number below 2^24.
inline os::Address address_of(std::uint32_t number) {
  os::Address address;
  address.bytes = {10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  address.port = 5000;
  return address;
}

struct ClientSetup {
  std::uint16_t port = 0;
  std::string target = "/";
  os::Address address;
  Pace pace = Pace::eager;
  std::size_t send_buffer_bytes = 64 * 1024;  // what the engine may leave unread in the kernel
};

class Client {
 public:
  Client(FakeKernel& kernel, Random& random, ClientSetup client_setup);
  virtual ~Client() = default;

  const ClientSetup setup;
  Pace pace;

  /// Sends some and reads some, as its pace wants. Returns true when anything moved.
  bool step();
  virtual void send_message(const std::string& payload);
  /// Whether its protocol says why a connection ends.
  virtual bool is_told_why() const { return true; }
  void send_ping(const std::string& payload);
  void send_close(std::uint16_t code);
  /// The connection goes away without a word.
  void vanish();
  void abort();
  /// Takes apart what the kernel had taken for it and it never got. It is not a client any more then.
  void read_lost();

  bool is_open() const { return status == open_status_ && !is_over(); }
  bool is_over() const { return over_; }
  bool has_unsent() const { return sent_ < out_.size(); }
  int socket() const { return socket_; }

  // What it has seen.
  int status = 0;
  std::string answer;  // the head of the answer to its handshake
  std::vector<Key> messages;
  unsigned pongs = 0;
  std::optional<std::uint16_t> close_code;
  std::string close_reason;
  bool left = false;  // by its own will
  std::string trouble;  // what it should never have seen; empty when all is well

 protected:
  /// One of another protocol than WebSocket, which opens with `open_status`.
  Client(FakeKernel& kernel, Random& random, ClientSetup client_setup, int open_status, std::string request);
  /// Takes off `bytes` what it understands of them.
  virtual void parse_open(std::string& bytes);
  /// What has come ends where nothing may end.
  virtual bool is_within() const { return !in_.empty(); }
  void say(const std::string& bytes) { out_ += bytes; }
  Random& random() { return random_; }
  virtual void on_message(const std::string& payload);
  /// One message, at random in fragments.
  void send_in_fragments(unsigned opcode, const std::string& payload);
  void complain(const std::string& what);

 private:
  bool write_some();
  bool read_some();
  void parse();
  bool parse_answer();
  bool parse_frame();
  void on_frame(unsigned opcode, const std::string& payload);
  void append_frame(unsigned first_byte, const std::string& payload);

  FakeKernel& kernel_;
  Random& random_;
  const int open_status_ = 101;
  int socket_ = -1;
  bool over_ = false;
  bool closing_ = false;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;
  std::size_t parsed_ = 0;  // of it
  std::vector<std::uint8_t> buffer_;
};

/// A client that takes any message and keeps its text.
class TextClient final : public Client {
 public:
  using Client::Client;
  std::vector<std::string> texts;

 private:
  void on_message(const std::string& payload) override { texts.push_back(payload); }
};

}  // namespace sim
