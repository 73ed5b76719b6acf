#include "test/native/sim/grpc_client.h"

#include <algorithm>

#include "native/codec/grpc_message.h"
#include "native/codec/protobuf.h"

namespace sim {

using codec::FrameType;
using wire::operator+;

namespace {

/// Fields as a map; the last of equal names.
class FieldMap final : public codec::HpackFields {
 public:
  void on_field(const codec::HpackField& field) override { fields[std::string(field.name)] = field.value; }
  std::map<std::string, std::string> fields;
};

}  // namespace

GrpcClient::GrpcClient(FakeKernel& kernel, GrpcSetup given) : setup(given), kernel_(kernel), buffer_(64 * 1024) {
  socket_ = kernel.connect(setup.port, setup.address, setup.send_buffer_bytes);
  over_ = socket_ < 0;
  send(h2::bytes(codec::http2_preface) + h2::settings({{4, setup.stream_window_bytes}}));
}

std::uint32_t GrpcClient::subscribe(std::string_view topic) {
  const std::uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
  streams[stream].window = setup.stream_window_bytes;
  send(h2::subscribe(stream, {{"topic", std::string(topic)}}));
  return stream;
}

std::uint32_t GrpcClient::begin_publish(std::string_view topic) {
  const std::uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
  streams[stream].window = setup.stream_window_bytes;
  send(h2::call(stream, h2::publish_path, {{"topic", std::string(topic)}}));
  return stream;
}

std::uint32_t GrpcClient::call(std::string_view path, const h2::Wire& request) {
  const std::uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
  streams[stream].window = setup.stream_window_bytes;
  send(h2::call(stream, path) + h2::end_data(stream, h2::grpc(request)));
  return stream;
}

void GrpcClient::publish(std::uint32_t stream, std::int32_t author, std::string_view data) {
  const codec::Message message{author, data};
  h2::Wire bytes(codec::message_bytes(message));
  codec::write_message(message, bytes);
  waiting_.emplace_back(stream, h2::grpc(bytes));
  send_waiting();
}

void GrpcClient::send_waiting() {
  for (; !waiting_.empty(); waiting_.pop_front()) {
    const auto& [id, content] = waiting_.front();
    GrpcStream& stream = streams[id];
    const auto bytes = static_cast<std::int64_t>(content.size());
    if (bytes > send_window_ || bytes > initial_send_window_ + stream.granted) return;
    send_window_ -= bytes;
    stream.granted -= bytes;
    send(h2::data(id, content));
  }
}

void GrpcClient::on_server_window(std::uint32_t stream, std::int64_t bytes) {
  (stream == 0 ? send_window_ : streams[stream].granted) += bytes;
  send_waiting();
}

void GrpcClient::on_server_settings(const h2::Wire& payload) {
  for (base::Bytes left = payload; left.size() >= 6; left = left.subspan(6)) {
    if (left[1] == 4) initial_send_window_ = codec::read_u32(left.subspan(2));
  }
  send(h2::frame(FrameType::settings, h2::flag::ack, 0, {}));
}

void GrpcClient::reset(std::uint32_t stream) {
  send(h2::rst_stream(stream));
  streams[stream].reset = 8;
}

void GrpcClient::grow_window(std::uint32_t stream, std::uint32_t bytes) {
  (stream == 0 ? connection_window : streams[stream].window) += bytes;
  send(h2::window_update(stream, bytes));
}

void GrpcClient::vanish() {
  over_ = true;
  kernel_.peer_close(socket_);
}

bool GrpcClient::step() {
  if (over_) return false;
  const bool wrote = write_some();
  const bool read = read_some();
  if (!kernel_.peer_at_end(socket_)) return wrote || read;
  if (!in_.empty() && !kernel_.was_reset(socket_)) complain("the connection ends within a frame");
  over_ = true;
  if (!kernel_.was_reset(socket_)) kernel_.peer_shutdown(socket_);
  return true;
}

bool GrpcClient::write_some() {
  const std::size_t taken = out_.empty() ? 0 : kernel_.peer_write(socket_, out_);
  out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(taken));
  return taken > 0;
}

bool GrpcClient::read_some() {
  if (!reads) return false;
  std::size_t left = read_max;
  bool any = false;
  while (left > 0) {
    const std::size_t bytes = kernel_.peer_read(socket_, base::MutableBytes(buffer_).first(std::min(left, buffer_.size())));
    if (bytes == 0) break;
    any = true;
    left -= bytes;
    in_.insert(in_.end(), buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(bytes));
    while (parse_frame()) {
    }
  }
  return any;
}

bool GrpcClient::parse_frame() {
  if (!trouble.empty() || in_.size() < codec::frame_head_bytes) return false;
  const codec::FrameHead head = codec::read_frame_head(in_);
  const std::size_t end = codec::frame_head_bytes + head.length;
  if (in_.size() < end) return false;
  const h2::Wire payload(in_.begin() + codec::frame_head_bytes, in_.begin() + static_cast<std::ptrdiff_t>(end));
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(end));
  on_frame(head, payload);
  return true;
}

void GrpcClient::on_frame(const codec::FrameHead& head, const h2::Wire& payload) {
  if (goaway && goaway->code != 0) return complain("a frame behind the connection's error");
  switch (static_cast<FrameType>(head.type)) {
    case FrameType::data: return on_data(head, payload);
    case FrameType::headers: return on_headers(head, payload);
    case FrameType::settings:
      if (head.has(h2::flag::ack)) ++settings_acks;
      else on_server_settings(payload);
      return;
    case FrameType::ping:
      if (!head.has(h2::flag::ack)) send(h2::frame(FrameType::ping, h2::flag::ack, 0, payload));
      ++(head.has(h2::flag::ack) ? pongs : pings);
      return;
    case FrameType::goaway:
      goaway = GrpcGoaway{codec::read_u32(payload), codec::read_u32(base::Bytes(payload).subspan(4)), {payload.begin() + 8, payload.end()}};
      return;
    case FrameType::rst_stream: streams[head.stream].reset = codec::read_u32(payload); return;
    case FrameType::window_update: return on_server_window(head.stream, codec::read_u32(payload));
    default: complain("a frame of type " + std::to_string(head.type));
  }
}

void GrpcClient::on_data(const codec::FrameHead& head, const h2::Wire& payload) {
  GrpcStream& stream = streams[head.stream];
  if (!stream.has_headers) return complain("DATA before HEADERS");
  if (stream.status) return complain("DATA behind the trailers");
  data_order.push_back(head.stream);
  connection_window -= head.length;
  stream.window -= head.length;
  if (connection_window < 0 || stream.window < 0) return complain("more than a window");
  if (grows_windows) {
    grow_window(0, head.length);
    if (!stream.reset) grow_window(head.stream, head.length);
  }
  stream.partial.append(payload.begin(), payload.end());
  while (take_message(stream)) {
  }
}

bool GrpcClient::take_message(GrpcStream& stream) {
  if (stream.partial.size() < codec::grpc_prefix_bytes) return false;
  if (stream.partial[0] != 0) complain("a compressed message");
  const std::size_t length = codec::read_u32(base::bytes_of(stream.partial).subspan(1));
  if (stream.partial.size() - codec::grpc_prefix_bytes < length) return false;
  const base::Bytes message = base::bytes_of(stream.partial).subspan(codec::grpc_prefix_bytes, length);
  // A PublishResponse begins with a text, a Message with a number (or its data).
  if (const auto answer = codec::read_text_request(message, 1); answer && !answer->empty()) {
    stream.answers.emplace_back(*answer);
  } else if (const auto publication = codec::read_publish_request(message)) {
    stream.messages.emplace_back(publication->message.author, publication->message.data);
  } else {
    complain("a message that is no protobuf");
  }
  stream.partial.erase(0, codec::grpc_prefix_bytes + length);
  return true;
}

void GrpcClient::on_headers(const codec::FrameHead& head, const h2::Wire& payload) {
  GrpcStream& stream = streams[head.stream];
  FieldMap map;
  if (codec::HpackDecoder().decode(payload, map) != codec::HpackOutcome::decoded) return complain("a header block that is no HPACK");
  stream.has_headers = true;
  if (!head.has(h2::flag::end_stream)) return;
  if (map.fields.count("grpc-status") != 0) stream.status = std::stoi(map.fields["grpc-status"]);
  stream.status_text = map.fields["grpc-message"];
  if (!stream.partial.empty() && stream.status == 0) complain("the stream ends within a message");
}

void GrpcClient::complain(const std::string& what) {
  if (trouble.empty()) trouble = what + ", client " + setup.address.text();
}

}  // namespace sim
