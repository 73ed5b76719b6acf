// See http2_client.h.
#include "bench/load/http2_client.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "bench/load/clock.h"
#include "native/base/check.h"

namespace load {
namespace {

constexpr std::size_t head_bytes = 9;
constexpr std::size_t receive_bytes = 1024 * 1024;
constexpr std::size_t carry_room = head_bytes + 16'384;  // the longest frame we allow, by saying nothing else
constexpr std::uint32_t window_most = 0x7fff'ffff;
constexpr std::uint32_t grant_after = 1 << 29;
constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum Type : std::uint8_t { data = 0, headers = 1, rst_stream = 3, settings = 4, ping = 6, goaway = 7, window_update = 8 };
enum Flag : std::uint8_t { end_stream = 1, ack = 1, end_headers = 4, padded = 8 };
enum Setting : std::uint16_t { enable_push = 2, initial_window_size = 4, max_frame_size = 5 };

void append_u32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_setting(std::vector<std::uint8_t>& out, Setting id, std::uint32_t value) {
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(id));
  append_u32(out, value);
}

std::uint32_t u32_at(std::span<const std::uint8_t> in, std::size_t at) {
  return std::uint32_t{in[at]} << 24 | std::uint32_t{in[at + 1]} << 16 | std::uint32_t{in[at + 2]} << 8 | in[at + 3];
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + strerror(errno)); }

}  // namespace

Http2Client::Http2Client(const sockaddr_in& address, Http2Handler& handler) : handler_(handler), in_(carry_room + receive_bytes) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) fail("socket");
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  out_.insert(out_.end(), preface.begin(), preface.end());
  write_head({12, Type::settings, 0, 0});
  append_setting(out_, Setting::enable_push, 0);
  append_setting(out_, Setting::initial_window_size, window_most);
  write_head({4, Type::window_update, 0, 0});
  append_u32(out_, window_most - 65'535);
  flush();
}

Http2Client::~Http2Client() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint32_t Http2Client::open(std::span<const std::uint8_t> header_block) {
  const std::uint32_t stream = next_stream_;
  next_stream_ += 2;
  write_head({static_cast<std::uint32_t>(header_block.size()), Type::headers, Flag::end_headers, stream});
  out_.insert(out_.end(), header_block.begin(), header_block.end());
  stream_delta_.emplace(stream, 0);
  return stream;
}

std::uint32_t Http2Client::sendable(std::uint32_t stream) const {
  const auto found = stream_delta_.find(stream);
  if (found == stream_delta_.end()) return 0;
  const std::int64_t window = std::min(connection_window_, initial_window_ + found->second);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(window, 0, frame_bytes_max_));
}

void Http2Client::send(std::uint32_t stream, std::span<const std::uint8_t> content, EndStream end) {
  CHECK(content.size() <= sendable(stream));
  const auto length = static_cast<std::uint32_t>(content.size());
  const std::uint8_t flags = end == EndStream::yes ? +Flag::end_stream : 0;
  write_head({length, Type::data, flags, stream});
  out_.insert(out_.end(), content.begin(), content.end());
  connection_window_ -= length;
  stream_delta_[stream] -= length;
  if (end == EndStream::yes) stream_delta_.erase(stream);
}

void Http2Client::flush() {
  if (out_.empty()) return;
  const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) fail("the server ended the connection");
  if (sent > 0) out_.erase(out_.begin(), out_.begin() + sent);
}

void Http2Client::turn(std::span<Http2Client* const> clients, std::uint64_t wait_ns) {
  std::vector<pollfd> waits;
  for (const Http2Client* client : clients) {
    waits.push_back({client->fd_, static_cast<short>(POLLIN | (client->out_.empty() ? 0 : POLLOUT)), 0});
  }
  const timespec timeout{static_cast<time_t>(wait_ns / 1'000'000'000), static_cast<long>(wait_ns % 1'000'000'000)};
  if (ppoll(waits.data(), waits.size(), &timeout, nullptr) < 0 && errno != EINTR) fail("ppoll");
  for (std::size_t i = 0; i < waits.size(); ++i) {
    if ((waits[i].revents & ~POLLOUT) != 0) clients[i]->read();
    if (waits[i].revents != 0) clients[i]->flush();
  }
}

Http2Client::FrameHead Http2Client::read_head(std::span<const std::uint8_t> in) {
  return {u32_at(in, 0) >> 8, in[3], in[4], u32_at(in, 5) & window_most};
}

void Http2Client::write_head(const FrameHead& head) {
  append_u32(out_, head.length << 8 | head.type);
  out_.push_back(head.flags);
  append_u32(out_, head.stream);
}

void Http2Client::read() {
  const ssize_t count = recv(fd_, in_.data() + in_bytes_, in_.size() - in_bytes_, MSG_DONTWAIT);
  received_ns_ = now_ns();
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) throw std::runtime_error("the server ended the connection");
  const auto rest = take(std::span(in_).first(in_bytes_ + static_cast<std::size_t>(count)));
  if (rest.size() >= carry_room) throw std::runtime_error("the server sent a frame that is too long");
  std::copy(rest.begin(), rest.end(), in_.begin());
  in_bytes_ = rest.size();
  grant_window();
}

std::span<const std::uint8_t> Http2Client::take(std::span<const std::uint8_t> in) {
  for (;;) {
    if (in_data_) {
      const std::size_t count = std::min<std::size_t>(data_.length, in.size());
      if (count > 0) handler_.on_data(data_.stream, in.first(count));
      in = in.subspan(count);
      data_.length -= static_cast<std::uint32_t>(count);
      if (data_.length > 0) return in;
      end_data();
      continue;
    }
    if (in.size() < head_bytes) return in;
    const FrameHead head = read_head(in);
    if (head.type == Type::data) {
      begin_data(head);
      in = in.subspan(head_bytes);
      continue;
    }
    if (in.size() < head_bytes + head.length) return in;
    on_frame(head, in.subspan(head_bytes, head.length));
    in = in.subspan(head_bytes + head.length);
  }
}

void Http2Client::begin_data(const FrameHead& head) {
  if ((head.flags & Flag::padded) != 0) throw std::runtime_error("the server pads its content, which is not understood here");
  ungranted_ += head.length;
  data_ = head;
  in_data_ = true;
}

void Http2Client::end_data() {
  in_data_ = false;
  if ((data_.flags & Flag::end_stream) != 0) handler_.on_end(data_.stream);
}

void Http2Client::on_frame(const FrameHead& head, std::span<const std::uint8_t> payload) {
  switch (head.type) {
    case Type::headers:
      handler_.on_headers(head.stream);
      if ((head.flags & Flag::end_stream) != 0) handler_.on_end(head.stream);
      return;
    case Type::rst_stream:
      stream_delta_.erase(head.stream);
      return handler_.on_end(head.stream);
    case Type::settings: return on_settings(head, payload);
    case Type::ping:
      if ((head.flags & Flag::ack) != 0) return;
      write_head({8, Type::ping, Flag::ack, 0});
      out_.insert(out_.end(), payload.begin(), payload.end());
      return;
    case Type::goaway: {
      const std::uint32_t error = payload.size() < 8 ? 0 : u32_at(payload, 4);
      throw std::runtime_error("the server says GOAWAY with error " + std::to_string(error));
    }
    case Type::window_update: return on_window_update(head, payload);
    default: return;  // PRIORITY, CONTINUATION: nothing of them is needed
  }
}

void Http2Client::on_settings(const FrameHead& head, std::span<const std::uint8_t> payload) {
  if ((head.flags & Flag::ack) != 0) return;
  for (; payload.size() >= 6; payload = payload.subspan(6)) {
    const std::uint32_t value = u32_at(payload, 2);
    const auto id = static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
    if (id == Setting::initial_window_size) initial_window_ = value;
    if (id == Setting::max_frame_size) frame_bytes_max_ = value;
  }
  write_head({0, Type::settings, Flag::ack, 0});
}

void Http2Client::on_window_update(const FrameHead& head, std::span<const std::uint8_t> payload) {
  if (payload.size() != 4) throw std::runtime_error("the server sent a WINDOW_UPDATE of a wrong length");
  const std::uint32_t increment = u32_at(payload, 0) & window_most;
  if (head.stream == 0) connection_window_ += increment;
  else if (const auto found = stream_delta_.find(head.stream); found != stream_delta_.end()) found->second += increment;
}

/// Of the connection; a stream's own is larger than any run.
void Http2Client::grant_window() {
  if (ungranted_ < grant_after) return;
  write_head({4, Type::window_update, 0, 0});
  append_u32(out_, ungranted_);
  ungranted_ = 0;
}

}  // namespace load
