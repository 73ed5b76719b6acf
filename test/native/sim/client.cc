#include "test/native/sim/client.h"

#include "native/base/check.h"

namespace sim {

namespace {

std::string masked_frame(unsigned first_byte, const std::string& payload, std::uint32_t mask) {
  std::string frame(1, static_cast<char>(first_byte));
  const std::size_t length = payload.size();
  const int length_bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  frame += static_cast<char>(0x80 | (length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes - 1; i >= 0; --i) frame += static_cast<char>(std::uint64_t{length} >> 8 * i);
  for (int i = 0; i < 4; ++i) frame += static_cast<char>(mask >> 8 * i);
  const std::size_t head_bytes = frame.size();
  frame.resize(head_bytes + length);
  for (std::size_t i = 0; i < length; ++i) {
    frame[head_bytes + i] = static_cast<char>(payload[i] ^ static_cast<char>(mask >> 8 * (i % 4)));
  }
  return frame;
}

std::string upgrade_to(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: sim\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

std::uint16_t close_code_in(const std::string& payload) {
  if (payload.size() < 2) return 1005;
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]));
}

}  // namespace

Client::Client(FakeKernel& kernel, Random& random, ClientSetup client_setup)
    : Client(kernel, random, client_setup, 101, upgrade_to(client_setup.target)) {}

Client::Client(FakeKernel& kernel, Random& random, ClientSetup client_setup, int open_status, std::string request)
    : setup(std::move(client_setup)), pace(setup.pace), kernel_(kernel), random_(random), open_status_(open_status), out_(std::move(request)), buffer_(64 * 1024) {
  socket_ = kernel.connect(setup.port, setup.address, setup.send_buffer_bytes);
  over_ = socket_ < 0;
}

bool Client::step() {
  if (over_) return false;
  const bool wrote = write_some();
  const bool read = read_some();
  if (kernel_.peer_at_end(socket_)) {
    if (is_within() && !kernel_.was_reset(socket_)) complain("the stream ends within a frame");
    over_ = true;
    if (!left && !kernel_.was_reset(socket_)) kernel_.peer_shutdown(socket_);
  }
  return wrote || read;
}

bool Client::write_some() {
  if (!has_unsent() || left) return false;
  std::size_t length = out_.size() - sent_;
  if (pace != Pace::eager) length = between(random_, 1, std::min<std::size_t>(length, 20'000));
  const std::size_t taken = kernel_.peer_write(socket_, base::bytes_of(out_).subspan(sent_, length));
  sent_ += taken;
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  return taken > 0;
}

bool Client::read_some() {
  std::size_t length = buffer_.size();
  if (pace == Pace::stuck) return false;
  if (pace == Pace::leisurely) length = between(random_, 0, 20'000);
  if (pace == Pace::slow) length = chance(random_, 100) ? between(random_, 1, 1500) : 0;
  bool any = false;
  for (;;) {
    const std::size_t bytes = kernel_.peer_read(socket_, base::MutableBytes(buffer_).first(length));
    in_.append(reinterpret_cast<const char*>(buffer_.data()), bytes);
    if (bytes > 0) any = true;
    parse();
    if (bytes == 0 || pace != Pace::eager) return any;
  }
}

void Client::parse() {
  if (status == 0 && !parse_answer()) return;
  if (status == open_status_) parse_open(in_);
  else in_.clear();  // the rest of a refusal
}

void Client::parse_open(std::string& bytes) {
  while (trouble.empty() && parse_frame()) {
  }
  bytes.erase(0, parsed_);
  parsed_ = 0;
}

bool Client::parse_answer() {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  status = std::atoi(in_.c_str() + 9);
  answer = in_.substr(0, end + 2);
  in_.erase(0, status == open_status_ ? end + 4 : in_.size());
  return status == open_status_;
}

bool Client::parse_frame() {
  const std::size_t bytes = in_.size() - parsed_;
  if (bytes < 2) return false;
  const auto byte = [this](std::size_t i) { return static_cast<unsigned>(static_cast<std::uint8_t>(in_[parsed_ + i])); };
  const std::size_t short_length = byte(1);
  const std::size_t length_bytes = short_length < 126 ? 0 : short_length == 126 ? 2 : 8;
  if ((byte(0) & 0xF0) != 0x80 || short_length > 127) {
    complain("a frame with a wrong head");
    return false;
  }
  if (bytes < 2 + length_bytes) return false;
  std::size_t length = length_bytes == 0 ? short_length : 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8 | byte(2 + i);
  if (length > 10'000'000) complain("a frame of impossible length");
  if (bytes < 2 + length_bytes + length) return false;
  const std::string payload = in_.substr(parsed_ + 2 + length_bytes, length);
  const unsigned opcode = byte(0) & 0x0F;
  parsed_ += 2 + length_bytes + length;
  on_frame(opcode, payload);
  return true;
}

void Client::on_frame(unsigned opcode, const std::string& payload) {
  if (close_code) return complain("a frame behind the close frame");
  switch (opcode) {
    case 0x1:
    case 0x2:
      return on_message(payload);
    case 0x8:
      close_code = close_code_in(payload);
      if (payload.size() > 2) close_reason = payload.substr(2);
      if (!closing_) append_frame(0x88, payload.substr(0, 2));
      closing_ = true;
      return;
    case 0x9:
      append_frame(0x8A, payload);
      return;
    case 0xA:
      ++pongs;
      return;
    default:
      complain("a frame with opcode " + std::to_string(opcode));
  }
}

void Client::on_message(const std::string& payload) {
  Key key;
  if (!read_payload(payload, key)) return complain("a message with wrong bytes");
  messages.push_back(key);
}

void Client::complain(const std::string& what) {
  if (trouble.empty()) trouble = what + ", client " + setup.address.text() + " " + setup.target;
}

void Client::append_frame(unsigned first_byte, const std::string& payload) {
  if (!closing_) out_ += masked_frame(first_byte, payload, static_cast<std::uint32_t>(random_()));
}

void Client::send_message(const std::string& payload) {
  const bool is_text = chance(random_, 500) && !payload.ends_with('\xFF');
  send_in_fragments(is_text ? 0x1 : 0x2, payload);
}

void Client::send_in_fragments(unsigned opcode, const std::string& payload) {
  std::size_t at = 0;
  for (std::size_t fragments = chance(random_, 200) ? between(random_, 1, 3) : 0; fragments > 0; --fragments) {
    const std::size_t end = between(random_, at, payload.size());
    append_frame(opcode, payload.substr(at, end - at));
    at = end;
    opcode = 0;
    if (chance(random_, 100)) send_ping("between fragments");
  }
  append_frame(0x80 | opcode, payload.substr(at));
}

void Client::send_ping(const std::string& payload) { append_frame(0x89, payload); }

void Client::send_close(std::uint16_t code) {
  append_frame(0x88, {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)});
  closing_ = true;
}

void Client::vanish() {
  if (over_) return;
  left = over_ = true;
  kernel_.peer_close(socket_);
}

void Client::read_lost() {
  CHECK(over_);
  while (const std::size_t bytes = kernel_.read_lost(socket_, buffer_)) {
    in_.append(reinterpret_cast<const char*>(buffer_.data()), bytes);
    parse();
  }
}

void Client::abort() {
  if (over_) return;
  left = over_ = true;
  kernel_.peer_abort(socket_);
}

}  // namespace sim
