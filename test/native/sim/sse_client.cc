#include "test/native/sim/sse_client.h"

#include <cstdlib>

namespace sim {

namespace {

std::string request_for(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: sim\r\nAccept: text/event-stream\r\n\r\n";
}

/// A number, or a text, behind `name` in a gap's data.
std::string field_of(const std::string& data, const std::string& name) {
  const std::size_t at = data.find("\"" + name + "\":");
  return at == std::string::npos ? std::string() : data.substr(at + name.size() + 3);
}

}  // namespace

SseClient::SseClient(FakeKernel& kernel, Random& random, ClientSetup client_setup)
    : Client(kernel, random, std::move(client_setup), 200, request_for(client_setup.target)) {}

void SseClient::parse_open(std::string& bytes) {
  reader_.feed(chunks_.feed(bytes));
  bytes.clear();
  if (!chunks_.trouble.empty()) complain(chunks_.trouble);
  for (; events_ < reader_.events.size(); ++events_) on_event(reader_.events[events_]);
  for (; comments_ < reader_.comments.size(); ++comments_) on_comment(reader_.comments[comments_]);
}

void SseClient::on_event(const sse::Event& event) {
  if (event.type == "gap") {
    const std::string topic = field_of(event.data, "topic");
    told_missing[topic.substr(1, topic.find('"', 1) - 1)] += std::strtoull(field_of(event.data, "skipped").c_str(), nullptr, 10);
    return;
  }
  Key key;
  if (!read_event_lines(event.type == "binary", event.data, key)) return complain("an event with wrong bytes");
  messages.push_back(key);
  offsets.push_back(std::strtoull(event.id.substr(event.id.find('-') + 1).c_str(), nullptr, 10));
}

/// Why the stream ends, where it says something.
void SseClient::on_comment(const std::string& comment) {
  if (comment.empty()) return;
  close_code = static_cast<std::uint16_t>(std::atoi(comment.c_str()));
  close_reason = comment.substr(comment.find(' ') + 1);
}

}  // namespace sim
