// Fuzzes native/codec/http1/http1.cc, websocket_upgrade.cc and topic_path.cc: a head is judged the same however it arrives and once
// more when it is written anew from what was read; and topics survive being written as a target.
// Owner: the fuzzer. Thread: main.
#include "native/codec/http1/http1.h"

#include <set>

#include "native/codec/text/topic_path.h"
#include "native/codec/websocket/websocket_upgrade.h"
#include "test/fuzz/fuzz.h"

namespace {

std::string words_of(const codec::HttpParsed& parsed) {
  if (parsed.status == codec::HttpParseStatus::incomplete) return "incomplete";
  if (parsed.status == codec::HttpParseStatus::refused) return std::to_string(parsed.refusal.status) + std::string(parsed.refusal.reason);
  std::string words = std::to_string(parsed.consumed) + "|" + std::string(parsed.request.method) + "|" + std::string(parsed.request.target);
  for (const codec::HttpHeader& header : parsed.request.headers) words += "|" + std::string(header.name) + ":" + std::string(header.value);
  return words;
}

/// As it is when it arrives in pieces: each call sees everything so far, in a buffer of its exact size.
std::string arrived(base::Bytes all, std::uint8_t how, const codec::HttpLimits& limits) {
  std::size_t end = 0;
  std::size_t scanned = 0;
  std::string words = words_of(codec::parse_http_request({}, 0, limits));
  fuzz::in_pieces(all, how, [&](base::MutableBytes piece) {
    end += piece.size();
    const fuzz::Bytes so_far(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(end));
    const codec::HttpParsed parsed = codec::parse_http_request(so_far, scanned, limits);
    words = words_of(parsed);
    scanned = parsed.scanned;
    return parsed.status == codec::HttpParseStatus::incomplete;
  });
  return words;
}

void check_refusal(const codec::HttpRefusal& refusal) {
  const std::string answer = codec::write_http_refusal(refusal, 0);
  fuzz::require(answer.starts_with("HTTP/1.1 " + std::to_string(refusal.status) + " "), "an answer begins with its status");
  const std::size_t body = answer.find("\r\n\r\n");
  const std::size_t body_bytes = refusal.body && refusal.status != 204 ? refusal.reason.size() + 1 : 0;
  fuzz::require(body != std::string::npos && answer.size() - body - 4 == body_bytes, "its body is the reason");
}

void check_topics(const codec::TopicsParsed& parsed, const codec::TopicLimits& limits) {
  if (!parsed.ok) return check_refusal(parsed.refusal);
  fuzz::require(!parsed.topics.empty() && parsed.topics.size() <= limits.topics_max, "one topic or more, within the limit");
  std::string target = "/?";
  for (const std::string& topic : parsed.topics) {
    fuzz::require(codec::is_valid_topic(topic, limits.topic_bytes_max), "a topic is valid");
    target += "topic=";
    for (const char c : topic) {
      target += '%';
      target += "0123456789ABCDEF"[static_cast<std::uint8_t>(c) >> 4];
      target += "0123456789ABCDEF"[static_cast<std::uint8_t>(c) & 0xF];
    }
    target += '&';
  }
  fuzz::require(std::set<std::string>(parsed.topics.begin(), parsed.topics.end()).size() == parsed.topics.size(), "no topic twice");
  const codec::TopicsParsed again = codec::parse_subscribe_target(target, limits);
  fuzz::require(again.ok && again.topics == parsed.topics, "topics survive being written as a target");
}

/// A head that says the same, in one form.
std::string rewritten(const codec::HttpRequest& request) {
  std::string head = std::string(request.method) + " " + std::string(request.target) + " HTTP/1." + std::to_string(request.minor_version) + "\r\n";
  for (const codec::HttpHeader& header : request.headers) head += std::string(header.name) + ": " + std::string(header.value) + "\r\n";
  return head + "\r\n";
}

void check_request(const codec::HttpParsed& parsed, const codec::TopicLimits& topics) {
  const std::string again = rewritten(parsed.request);
  const codec::HttpParsed read = codec::parse_http_request(base::bytes_of(again), 0, {1 << 20, 1 << 20, 1000});
  fuzz::require(read.status == codec::HttpParseStatus::complete && read.consumed == again.size(), "what was read can be written");
  fuzz::require(rewritten(read.request) == again, "and is read as the same");
  const codec::Upgrade upgrade = codec::accept_websocket_upgrade(parsed.request);
  if (upgrade.accepted) fuzz::require(codec::asks_for_websocket(parsed.request) && upgrade.accept_key.size() == 28, "an accepted upgrade asked for one");
  else check_refusal(upgrade.refusal);
  check_topics(codec::parse_publish_target(parsed.request.target, topics), topics);
  check_topics(codec::parse_subscribe_target(parsed.request.target, topics), topics);
}

}  // namespace

FUZZ_TARGET(http1) {
  fuzz::Input input(bytes);
  const std::uint8_t how = input.byte();
  const std::uint8_t options = input.byte();
  const codec::HttpLimits limits = options & 1 ? codec::HttpLimits{300, 60, 5} : codec::HttpLimits{};
  const codec::TopicLimits topics = options & 2 ? codec::TopicLimits{10, 2} : codec::TopicLimits{};
  const base::Bytes all = input.rest();
  const codec::HttpParsed whole = codec::parse_http_request(all, 0, limits);
  fuzz::require(arrived(all, how, limits) == words_of(whole), "the same verdict however it arrives");
  if (all.size() < 300) fuzz::require(arrived(all, 0, limits) == words_of(whole), "the same verdict byte by byte");
  if (whole.status == codec::HttpParseStatus::complete) check_request(whole, topics);
  if (whole.status == codec::HttpParseStatus::refused) check_refusal(whole.refusal);
  // Targets are short: as they are too, without a head around them.
  check_topics(codec::parse_publish_target(base::text_of(all), topics), topics);
  check_topics(codec::parse_subscribe_target(base::text_of(all), topics), topics);
}
