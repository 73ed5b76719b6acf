#include "test/native/sim/post_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

namespace sim {

PostClient::PostClient(FakeKernel& kernel, Random& random, ClientSetup client_setup) : Client(kernel, random, client_setup, 200, "") { status = 200; }

void PostClient::send_message(const std::string& payload) {
  const std::string key = chance(random(), 300) ? setup.address.text() + "/" + std::to_string(next_key_++) : "";
  queue_.push_back({payload, key, std::nullopt});
  if (queue_.size() == 1) send_next();
}

std::string PostClient::body_of(const std::string& payload, bool& chunked) {
  chunked = chance(random(), 300);
  if (!chunked) return payload;
  std::string body;
  for (std::size_t at = 0; at < payload.size();) {
    const std::size_t length = between(random(), 1, payload.size() - at);
    std::array<char, 16> digits;
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), length, 16).ptr;
    body.append(digits.data(), static_cast<std::size_t>(end - digits.data())).append("\r\n").append(payload, at, length).append("\r\n");
    at += length;
  }
  return body + "0\r\n\r\n";
}

void PostClient::send_next() {
  const Unanswered& next = queue_.front();
  bool chunked = false;
  const std::string body = body_of(next.payload, chunked);
  const bool is_text = chance(random(), 500) && !next.payload.ends_with('\xFF');
  std::string request = "POST " + setup.target + " HTTP/1.1\r\nHost: sim\r\n";
  request += is_text ? "Content-Type: text/plain\r\n" : "Content-Type: application/octet-stream\r\n";
  if (!next.key.empty()) request += "Idempotency-Key: " + next.key + "\r\n";
  request += chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  say(request + body);
}

void PostClient::parse_open(std::string& bytes) {
  for (;;) {
    const std::size_t end = bytes.find("\r\n\r\n");
    const std::size_t length_at = bytes.find("Content-Length: ");
    if (end == std::string::npos) return;
    if (length_at > end) return complain("an answer without a length");
    const std::size_t length = static_cast<std::size_t>(std::atoi(bytes.c_str() + length_at + 16));
    if (bytes.size() < end + 4 + length) return;
    const int code = std::atoi(bytes.c_str() + 9);
    const std::string body = bytes.substr(end + 4, length);
    bytes.erase(0, end + 4 + length);
    on_answer(code, body);
  }
}

void PostClient::on_answer(int code, const std::string& body) {
  // One that has said only whose it is (a PROXY header) may be told that there is nobody any more.
  if (queue_.empty()) return code == 503 ? void() : complain("an answer to nothing: " + std::to_string(code) + " " + body);
  if (code == 503) return send_next();
  if (code != 200) return complain("answered with " + std::to_string(code) + ": " + body);
  Unanswered& first = queue_.front();
  if (first.position && *first.position != body) return complain("the same key, and another position");
  const bool repeats = !first.key.empty() && !first.position && chance(random(), 500);
  if (repeats) first.position = body;
  else queue_.pop_front();
  if (!queue_.empty()) send_next();
}

}  // namespace sim
