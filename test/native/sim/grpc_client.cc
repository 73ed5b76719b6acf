#include "test/native/sim/grpc_client.h"

#include <algorithm>

#include "native/codec/grpc/grpc_message.h"
#include "native/codec/grpc/protobuf.h"

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

std::optional<std::uint64_t> number_in(base::Bytes message, std::uint32_t field_number) {
  codec::ProtobufReader reader(message);
  std::optional<std::uint64_t> number;
  while (const auto field = reader.next()) {
    if (field->is(field_number, codec::WireType::varint)) number = field->value;
  }
  return number;
}

}  // namespace

GrpcClient::GrpcClient(FakeKernel& kernel, GrpcSetup given)
    : setup(given), kernel_(kernel), initial_window_(given.stream_window_bytes), buffer_(64 * 1024) {
  socket_ = kernel.connect(setup.port, setup.address, setup.send_buffer_bytes);
  over_ = socket_ < 0;
  send(h2::bytes(codec::http2_preface) + h2::settings({{4, setup.stream_window_bytes}}));
}

std::uint32_t GrpcClient::open_stream() {
  const std::uint32_t stream = std::exchange(next_stream_, next_stream_ + 2);
  streams[stream].window = initial_window_;
  return stream;
}

std::uint32_t GrpcClient::subscribe(std::string_view topic) {
  return call(h2::subscribe_path, h2::text_field(1, "s"), {{"topic", std::string(topic)}});
}

std::uint32_t GrpcClient::begin_publish(std::string_view topic) { return begin_publish(h2::publish_path, topic); }

std::uint32_t GrpcClient::begin_publish(std::string_view path, std::string_view topic) {
  const std::uint32_t stream = open_stream();
  send(h2::call(stream, path, {{"topic", std::string(topic)}}));
  return stream;
}

std::uint32_t GrpcClient::call(std::string_view path, const h2::Wire& request, const h2::Fields& more) {
  const std::uint32_t stream = open_stream();
  send(h2::call(stream, path, more));
  waiting_.push_back({stream, h2::grpc(request), 0, true});
  send_waiting();
  return stream;
}

void GrpcClient::publish(std::uint32_t stream, std::int32_t author, std::string_view data) {
  const codec::Message message{author, data};
  h2::Wire bytes(codec::message_bytes(message));
  codec::write_message(message, bytes);
  waiting_.push_back({stream, h2::grpc(bytes), 0, false});
  send_waiting();
}

void GrpcClient::end(std::uint32_t stream) {
  waiting_.push_back({stream, {}, 0, true});
  send_waiting();
}

void GrpcClient::send_waiting() {
  while (!waiting_.empty() && send_some(waiting_.front())) waiting_.pop_front();
}

/// False when it has to wait. In frames of the size that every peer takes (RFC 9113 §4.2).
bool GrpcClient::send_some(Waiting& waiting) {
  constexpr std::int64_t frame_bytes_max = 16'384;
  GrpcStream& stream = streams[waiting.stream];
  if (stream.status || stream.reset) return true;  // nobody wants it any more
  while (waiting.sent < waiting.content.size()) {
    const auto left = static_cast<std::int64_t>(waiting.content.size() - waiting.sent);
    const std::int64_t bytes = std::min({left, frame_bytes_max, send_window_, initial_send_window_ + stream.granted});
    if (bytes <= 0) return false;
    send_window_ -= bytes;
    stream.granted -= bytes;
    const auto from = waiting.content.begin() + static_cast<std::ptrdiff_t>(waiting.sent);
    const bool is_last = waiting.ends && bytes == left;
    send(h2::data(waiting.stream, h2::Wire(from, from + bytes), is_last ? h2::flag::end_stream : 0));
    waiting.sent += static_cast<std::size_t>(bytes);
  }
  if (waiting.ends && waiting.content.empty()) send(h2::end_data(waiting.stream));
  return true;
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

void GrpcClient::raise_windows(std::uint32_t bytes) {
  for (auto& [id, stream] : streams) stream.window += std::int64_t{bytes} - initial_window_;
  initial_window_ = bytes;
  send(h2::settings({{4, bytes}}));
}

void GrpcClient::abort() {
  if (over_) return;
  over_ = true;
  kernel_.peer_abort(socket_);
}

void GrpcClient::read_lost() {
  while (const std::size_t bytes = kernel_.read_lost(socket_, buffer_)) parse(bytes);
}

void GrpcClient::vanish() {
  if (over_) return;
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
    parse(bytes);
  }
  return any;
}

void GrpcClient::parse(std::size_t bytes) {
  in_.insert(in_.end(), buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(bytes));
  while (parse_frame()) {
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(std::exchange(parsed_, 0)));
}

bool GrpcClient::parse_frame() {
  const base::Bytes left = base::Bytes(in_).subspan(parsed_);
  if (!trouble.empty() || left.size() < codec::frame_head_bytes) return false;
  const codec::FrameHead head = codec::read_frame_head(left);
  if (left.size() - codec::frame_head_bytes < head.length) return false;
  const base::Bytes content = left.subspan(codec::frame_head_bytes, head.length);
  const h2::Wire payload(content.begin(), content.end());
  parsed_ += codec::frame_head_bytes + head.length;
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
      goaways.push_back(goaway->last_stream);
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
  while (take_message(head.stream, stream)) {
  }
}

bool GrpcClient::take_message(std::uint32_t id, GrpcStream& stream) {
  if (stream.partial.size() < codec::grpc_prefix_bytes) return false;
  if (stream.partial[0] != 0) complain("a compressed message");
  const std::size_t length = codec::read_u32(base::bytes_of(stream.partial).subspan(1));
  if (stream.partial.size() - codec::grpc_prefix_bytes < length) return false;
  const base::Bytes message = base::bytes_of(stream.partial).subspan(codec::grpc_prefix_bytes, length);
  // A PublishResponse begins with a text, a Message with a number (or its data).
  if (const auto answer = codec::read_text_request(message, 1); answer && !answer->empty()) {
    stream.answers.emplace_back(*answer);
    stream.answered = number_in(message, 2).value_or(0);
  } else if (const auto publication = codec::read_publish_request(message)) {
    const codec::Message& said = publication->message;
    if (on_message) on_message(id, {said.author, said.data, number_in(message, 3)});
    else stream.messages.emplace_back(said.author, said.data);
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
