// A gRPC client of the fake kernel: HTTP/2 by hand. It keeps its own account of every window, so that a server which sends more
// than it may shows, and takes streams and messages apart.
// Owner: the test. Thread: main.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test/native/codec/http2/http2_wire.h"
#include "test/native/sim/fake_kernel.h"

namespace sim {

/// A Message as it came; `offset` only of what is retained.
struct GrpcMessage {
  std::int32_t author = 0;
  std::string_view data;
  std::optional<std::uint64_t> offset;
};

/// What came on one stream.
struct GrpcStream {
  std::vector<std::pair<std::int32_t, std::string>> messages;  // author, data
  std::vector<std::string> answers;                            // of publishers: PublishResponse.status
  std::uint64_t answered = 0;                                  // and of broker.v1, .messages
  bool has_headers = false;
  std::optional<int> status;  // grpc-status
  std::string status_text;
  std::optional<std::uint32_t> reset;  // the code
  std::int64_t window = 65'535;        // what the server may still send
  std::int64_t granted = 0;            // what we may send it, but for the initial window
  std::string partial;                 // of a message
};

struct GrpcGoaway {
  std::uint32_t last_stream = 0;
  std::uint32_t code = 0;
  std::string text;
};

struct GrpcSetup {
  std::uint16_t port = 0;
  os::Address address = {};
  std::size_t send_buffer_bytes = 64 * 1024;
  std::uint32_t stream_window_bytes = 65'535;  // what it says in its SETTINGS
};

class GrpcClient {
 public:
  GrpcClient(FakeKernel& kernel, GrpcSetup setup);

  const GrpcSetup setup;
  bool reads = true;
  bool grows_windows = true;  // gives back what it has read, at once
  std::size_t read_max = SIZE_MAX;  // in one step
  /// Is told of every message instead of `streams`.
  std::function<void(std::uint32_t stream, const GrpcMessage& message)> on_message;

  // Requests.
  void send(const h2::Wire& wire) { out_.insert(out_.end(), wire.begin(), wire.end()); }
  /// Returns the stream.
  std::uint32_t subscribe(std::string_view topic);
  std::uint32_t begin_publish(std::string_view topic);
  std::uint32_t begin_publish(std::string_view path, std::string_view topic);
  /// Any other call with one request, a message without its prefix.
  std::uint32_t call(std::string_view path, const h2::Wire& request, const h2::Fields& more = {});
  /// As soon as the server's windows allow it.
  void publish(std::uint32_t stream, std::int32_t author, std::string_view data);
  /// Behind what was published.
  void end(std::uint32_t stream);
  void reset(std::uint32_t stream);
  /// Of the connection when `stream` is 0.
  void grow_window(std::uint32_t stream, std::uint32_t bytes);
  /// SETTINGS for all streams that are open and will be.
  void raise_windows(std::uint32_t bytes);
  void vanish();
  void abort();
  /// See Client::read_lost.
  void read_lost();

  /// Sends and reads what it can. Returns true when anything moved.
  bool step();
  int socket() const { return socket_; }
  bool is_over() const { return over_; }

  // What it has seen.
  std::map<std::uint32_t, GrpcStream> streams;
  std::vector<std::uint32_t> data_order;  // the stream of each DATA frame
  std::optional<GrpcGoaway> goaway;
  std::vector<std::uint32_t> goaways;  // the last stream of each
  unsigned pings = 0;
  unsigned pongs = 0;
  unsigned settings_acks = 0;
  std::int64_t connection_window = 65'535;
  std::string trouble;  // what it should never have seen; empty when all is well

 private:
  bool write_some();
  bool read_some();
  void parse(std::size_t bytes);
  bool parse_frame();
  std::uint32_t open_stream();
  void on_frame(const codec::FrameHead& head, const h2::Wire& payload);
  void on_data(const codec::FrameHead& head, const h2::Wire& payload);
  void on_headers(const codec::FrameHead& head, const h2::Wire& payload);
  bool take_message(std::uint32_t id, GrpcStream& stream);
  void on_server_settings(const h2::Wire& payload);
  void on_server_window(std::uint32_t stream, std::int64_t bytes);
  void send_waiting();
  void complain(const std::string& what);

  FakeKernel& kernel_;
  int socket_ = -1;
  bool over_ = false;
  std::uint32_t next_stream_ = 1;
  std::int64_t initial_send_window_ = 65'535;
  std::int64_t send_window_ = 65'535;  // of the connection
  struct Waiting {
    std::uint32_t stream = 0;
    h2::Wire content;
    std::size_t sent = 0;
    bool ends = false;
  };
  bool send_some(Waiting& waiting);

  std::deque<Waiting> waiting_;  // content that waits for a window
  std::uint32_t initial_window_;
  h2::Wire out_;
  h2::Wire in_;
  std::size_t parsed_ = 0;  // of it
  std::vector<std::uint8_t> buffer_;
};

}  // namespace sim
