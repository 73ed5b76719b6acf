// Many client connections on one epoll set and one receive buffer.
// Owner: the scenario. Thread: the load thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/kernel_clock.h"
#include "bench/load/ledger.h"
#include "bench/load/stream_reader.h"
#include "bench/load/tls_client.h"
#include "bench/load/url.h"

namespace load {

enum class Role : std::uint8_t {
  subscriber,  // everything it receives goes to the ledger
  publisher,   // messages it receives are skipped
  silent,      // subscribes, then never reads
};

enum class AfterOpen : std::uint8_t { keep, close };

struct Wanted {
  Role role;
  std::uint32_t index;  // the subscriber's or publisher's number
  const Endpoint* endpoint;
};

struct OpenResult {
  std::uint32_t opened = 0;
  std::uint32_t resumed = 0;  // of them, by a ticket of TLS
  std::uint64_t elapsed_ns = 0;
  Histogram handshake_ns;  // connect() → the wire's opening is complete
};

struct ClientOptions {
  std::uint32_t verify_every;
  std::uint32_t connect_parallel;
  std::uint32_t connect_timeout_s;
  bool spin;         // poll without sleeping
  bool kernel_time;  // ask for the kernel's receive time as well
  bool tls_resume;   // over TLS: come back with a ticket
};

class Client {
 public:
  /// `ledger` may be null when nothing is going to be published; it must outlive the client.
  Client(const ClientOptions& options, Ledger* ledger);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Opens all, at most `connect_parallel` handshakes under way at a time. Throws std::runtime_error when one is
  /// refused or not all are open in time. Connections that are kept get ascending ids in the order given.
  /// `meanwhile` is called before each turn and returns how long, in ns, that turn may wait; it may call `send`.
  OpenResult open(std::span<const Wanted> wanted, AfterOpen after_open, const std::function<std::uint64_t()>& meanwhile = {});

  /// Sends now what the kernel takes and the rest when it takes more.
  void send(std::uint32_t connection, std::span<const std::uint8_t> bytes);

  /// The same for one or more publications, whose answers are awaited where the wire has them. A connection that the server
  /// ends behind an answer is opened anew; until then `ready` is false, and what is published waits.
  void publish(std::uint32_t connection, std::span<const std::uint8_t> bytes, std::uint32_t publications);
  bool ready(std::uint32_t connection) const;
  /// Answers to publications that have come so far.
  std::uint32_t answers(std::uint32_t connection) const;
  /// Whether the server has shown that it keeps a connection after an answer; false while nothing was answered.
  bool keeps(std::uint32_t connection) const;

  /// Handles what is ready; waits at most `wait_ns` for the first event.
  void turn(std::uint64_t wait_ns);

  /// Turns until everything sent has been delivered and answered (true) or the clock passes `deadline_ns`.
  bool turn_until_delivered(std::uint64_t deadline_ns);
  void turn_for(std::uint64_t duration_ns);

  std::uint32_t open_connections() const { return open_; }

  /// What the kernel holds of a connection that is not read.
  std::uint32_t unread_bytes(std::uint32_t connection) const;

 private:
  enum class Phase : std::uint8_t { connecting, securing, opening, open, closed };
  struct Connection;

  void start(const Wanted& wanted);
  void connect_socket(Connection& connection);
  void renew(Connection& connection);
  void take_answers(Connection& connection, std::uint32_t answers);
  void on_event(std::uint32_t id, std::uint32_t events);
  void on_connected(Connection& connection);
  void begin_handshake(Connection& connection);
  void shake_hands(Connection& connection, std::span<const std::uint8_t> received);
  void read_handshake(Connection& connection);
  void begin_opening(Connection& connection);
  void say(Connection& connection, const std::string& text, const char* what);
  void read_opening(Connection& connection);
  void read_messages(Connection& connection);
  ssize_t receive(const Connection& connection, std::uint8_t* at, Receipt& receipt);
  ssize_t receive_secured(const Connection& connection, std::uint8_t* at, Receipt& receipt);
  std::span<const std::uint8_t> as_sent(const Connection& connection, std::span<const std::uint8_t> bytes);
  void parse(Connection& connection, const std::uint8_t* at, const std::uint8_t* end, const Receipt& receipt);
  void on_open(Connection& connection);
  void wait_for_room(Connection& connection);
  void flush(Connection& connection);
  void close(Connection& connection);
  void watch(Connection& connection, int operation, std::uint32_t events);
  void bind_source(int fd, const Endpoint& endpoint);

  ClientOptions options_;
  Ledger* ledger_;
  StreamReader counting_;
  StreamReader skipping_;
  int epoll_;
  std::unique_ptr<TlsClient> tls_;  // from the first connection that needs it
  std::vector<Connection> connections_;
  std::vector<std::uint8_t> buffer_;
  std::vector<std::uint8_t> replies_;
  std::vector<std::uint8_t> ciphertext_;  // scratch: as received
  KernelClock kernel_clock_;
  AfterOpen after_open_ = AfterOpen::keep;
  OpenResult opening_;
  std::uint32_t in_flight_ = 0;
  std::uint32_t open_ = 0;
  std::uint64_t unanswered_ = 0;  // publications, of all connections
  std::uint32_t renewing_ = 0;    // connections that are opened anew
  std::uint32_t sources_used_ = 0;
  std::size_t kept_ = 0;  // the first so many connections are not a storm's
};

}  // namespace load
