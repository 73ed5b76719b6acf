#include "test/native/sim/askers.h"

#include <algorithm>

namespace sim {

namespace {
constexpr std::uint16_t responder_port = 8005;
const std::string nothing = "none";
}  // namespace

void Askers::act() {
  Random& random = world_.random;
  if (present() < world_.plan.askers_max && chance(random, 30)) {
    auto asker = std::make_unique<Asker>();
    const os::Address address = address_of(world_.next_address++);
    asker->address = address.text();
    asker->socket = world_.kernel.connect(responder_port, address, world_.plan.send_buffer_bytes);
    asker->over = asker->socket < 0;
    askers_.push_back(std::move(asker));
  }
  if (askers_.empty()) return;
  Asker& asker = *askers_[random() % askers_.size()];
  if (asker.over) return;
  if (chance(random, 100)) ask(asker);
  if (!world_.plan.hostile || !chance(random, 5)) return;
  asker.over = true;
  world_.kernel.peer_abort(asker.socket);
}

void Askers::ask(Asker& asker) {
  for (std::size_t questions = between(world_.random, 1, 3); questions > 0; --questions) {
    Question question;
    question.topic = world_.any_topic();
    question.published = world_.published(question.topic);
    asker.unsent += topic_name(question.topic) + (chance(world_.random, 500) ? "\n" : "\r\n");
    asker.asked.push_back(question);
    ++questions_;
  }
}

bool Askers::step() {
  bool moved = false;
  for (const auto& asker : askers_) {
    if (!asker->over) moved = step(*asker) || moved;
  }
  return moved;
}

bool Askers::step(Asker& asker) {
  FakeKernel& kernel = world_.kernel;
  std::size_t taken = 0;
  if (!asker.unsent.empty()) {
    const std::size_t bytes = calm_ ? asker.unsent.size() : between(world_.random, 1, asker.unsent.size());
    taken = kernel.peer_write(asker.socket, base::bytes_of(asker.unsent).first(bytes));
    asker.unsent.erase(0, taken);
  }
  const std::size_t most = calm_ ? buffer_.size() : between(world_.random, 1, buffer_.size());
  const std::size_t bytes = kernel.peer_read(asker.socket, base::MutableBytes(buffer_).first(most));
  take_answers(asker, bytes);
  if (kernel.peer_at_end(asker.socket)) {
    asker.over = true;
    if (!kernel.was_reset(asker.socket)) kernel.peer_shutdown(asker.socket);
  }
  return taken + bytes > 0;
}

void Askers::take_answers(Asker& asker, std::size_t bytes) {
  asker.unread.append(reinterpret_cast<const char*>(buffer_.data()), bytes);
  for (std::size_t end = asker.unread.find('\n'); end != std::string::npos; end = asker.unread.find('\n')) {
    if (asker.asked.empty()) {
      trouble_ = "an answer that nobody asked for";
      break;
    }
    Question question = asker.asked.front();
    asker.asked.pop_front();
    question.answer = asker.unread.substr(0, end);
    question.published_then = world_.published(question.topic);
    asker.unread.erase(0, end + 1);
    asker.answered.push_back(std::move(question));
    ++answers_;
  }
}

std::uint64_t Askers::answers() {
  for (const auto& asker : askers_) {
    while (const std::size_t bytes = world_.kernel.read_lost(asker->socket, buffer_)) take_answers(*asker, bytes);
  }
  return answers_;
}

std::string Askers::check(const std::map<unsigned, Order>& orders, bool settled) const {
  for (const auto& asker : askers_) {
    if (settled && !asker->over && !asker->asked.empty() && trouble_.empty()) trouble_ = "a question without an answer";
    for (const Question& question : asker->answered) {
      const auto order = orders.find(question.topic);
      if (order != orders.end() && trouble_.empty()) trouble_ = check(question, order->second);
    }
  }
  return trouble_;
}

/// A message of more than one line cannot be said: only those of the schema, whose line feeds are escaped, can.
std::string Askers::check(const Question& question, const Order& order) const {
  const std::uint64_t first = question.published == 0 ? 0 : question.published - 1;
  if (question.answer == nothing) {
    bool may_be_nothing = !world_.plan.retains_all || question.published == 0;
    for (std::uint64_t offset = first; offset < question.published_then; ++offset) {
      may_be_nothing = may_be_nothing || form_of(order.keys[offset]) != Form::schema;
    }
    return may_be_nothing ? "" : "a topic's last message was not told";
  }
  Key key;
  if (!read_payload(question.answer, key)) return "a last message with wrong bytes";
  const auto offset = order.offsets.find(key);
  if (offset == order.offsets.end()) return "a last message that nobody published";
  return offset->second >= first && offset->second < question.published_then ? "" : "a last message that was not the last";
}

std::size_t Askers::present() const {
  return static_cast<std::size_t>(std::count_if(askers_.begin(), askers_.end(), [](const auto& each) { return !each->over; }));
}

bool Askers::owns(const std::string& peer) const {
  return std::any_of(askers_.begin(), askers_.end(), [&](const auto& each) { return each->address == peer; });
}

}  // namespace sim
