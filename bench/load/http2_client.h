// One HTTP/2 connection, the client's side, as far as a load needs it (RFC 9113): requests out, content in, windows, pings.
// It offers the largest windows there are, so that a server is never kept waiting for them. Every fault of the server throws.
// Owner: the scenario. Thread: the load thread.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace load {

enum class EndStream : std::uint8_t { no, yes };

/// Receives what comes in. Views die with the call; handlers may open streams and send.
class Http2Handler {
 public:
  virtual void on_headers(std::uint32_t stream) = 0;
  virtual void on_data(std::uint32_t stream, std::span<const std::uint8_t> piece) = 0;
  /// The server's half has ended, by its trailers or by a reset; nothing more comes.
  virtual void on_end(std::uint32_t stream) = 0;

 protected:
  ~Http2Handler() = default;
};

class Http2Client {
 public:
  /// Connects and says the preface.
  Http2Client(const sockaddr_in& address, Http2Handler& handler);
  ~Http2Client();
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  /// Begins a request; returns its stream: 1, 3, 5, …
  std::uint32_t open(std::span<const std::uint8_t> header_block);
  /// How many bytes of content may be sent on it now, in one frame.
  std::uint32_t sendable(std::uint32_t stream) const;
  /// One frame, of at most `sendable` bytes. What is opened and sent goes out with the next `flush`.
  void send(std::uint32_t stream, std::span<const std::uint8_t> content, EndStream end);
  /// Gives the kernel what it takes; the rest follows in a turn.
  void flush();
  std::size_t unsent_bytes() const { return out_.size(); }

  /// When the last bytes came in, as this process saw it.
  std::uint64_t received_ns() const { return received_ns_; }

  /// Handles what is ready on any of them; waits at most `wait_ns` for the first event.
  static void turn(std::span<Http2Client* const> clients, std::uint64_t wait_ns);

 private:
  struct FrameHead {
    std::uint32_t length;
    std::uint8_t type;
    std::uint8_t flags;
    std::uint32_t stream;
  };

  static FrameHead read_head(std::span<const std::uint8_t> in);
  void write_head(const FrameHead& head);
  void read();
  /// Returns what is left: the start of a frame that is not complete.
  std::span<const std::uint8_t> take(std::span<const std::uint8_t> in);
  void begin_data(const FrameHead& head);
  void end_data();
  void on_frame(const FrameHead& head, std::span<const std::uint8_t> payload);
  void on_settings(const FrameHead& head, std::span<const std::uint8_t> payload);
  void on_window_update(const FrameHead& head, std::span<const std::uint8_t> payload);
  void grant_window();

  Http2Handler& handler_;
  int fd_ = -1;
  std::uint32_t next_stream_ = 1;
  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> in_;
  std::size_t in_bytes_ = 0;  // carried over from the last read
  std::uint64_t received_ns_ = 0;

  FrameHead data_{};  // the DATA frame being read; its length is what is left of it
  bool in_data_ = false;

  std::uint32_t ungranted_ = 0;                                  // received content that is not given back yet
  std::int64_t connection_window_ = 65'535;                      // for sending
  std::int64_t initial_window_ = 65'535;
  std::uint32_t frame_bytes_max_ = 16'384;
  std::unordered_map<std::uint32_t, std::int64_t> stream_delta_;  // of streams that we send on: credit less what was sent
};

}  // namespace load
