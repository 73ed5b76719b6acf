// The oracle's half for sessions: what each got, against what was asked for it and what its topics published.
#include <algorithm>

#include "test/native/sim/oracle.h"

namespace sim {

namespace {

/// Reads what a session got, from the first event to the last.
class Reader {
 public:
  Reader(const Watched& watched, const std::map<unsigned, Order>& orders, const Excluded& excluded)
      : watched_(watched), record_(watched.record), orders_(orders), excluded_(excluded) {}

  std::string read() {
    for (const PusherEvent& event : watched_.session->events) {
      if (!trouble_.empty()) break;
      if (event.name == "pusher:error") continue;  // the reason of the close behind it
      event.name == "said" ? take_said(event) : take_publication(event);
    }
    return trouble_;
  }
  /// Nothing is on its way any more.
  std::string finish() {
    if (said_ != record_.said.size()) fail("was told " + std::to_string(said_) + " of " + std::to_string(record_.said.size()) + " things");
    for (const auto& [topic, joined] : record_.joined) {
      const auto order = orders_.find(topic);
      if (!joined || order == orders_.end()) continue;
      pass_over(order->second, topic, order->second.keys.size());
      check_skipped(topic);
    }
    return trouble_;
  }
  /// What is missing between publications that came must have been skipped.
  std::string check_missing() {
    for (const auto& [topic, place] : places_) {
      const auto skipped_at = watched_.skipped.find(topic);
      const std::uint64_t skipped = skipped_at == watched_.skipped.end() ? 0 : skipped_at->second;
      if (place.missing <= skipped) continue;
      fail(std::to_string(place.missing) + " missing in topic " + std::to_string(topic) + ", " + std::to_string(skipped) + " skipped");
    }
    return trouble_;
  }

 private:
  struct Place {
    bool inside = false;
    std::uint64_t next = 0;  // offset
    std::uint64_t missing = 0;
    std::uint64_t left_out = 0;  // of what was passed over: not for it
  };

  void fail(const std::string& what) {
    if (trouble_.empty()) trouble_ = what + ", session " + watched_.client->setup.address.text();
  }

  void take_said(const PusherEvent& event) {
    if (event.data != std::to_string(said_)) return fail("was told number " + event.data + " instead of " + std::to_string(said_));
    if (said_ == record_.said.size()) return fail("was told what nobody said");
    const Said& said = record_.said[said_++];
    if (!said.topic) return;
    Place& place = places_[*said.topic];
    if (place.next > said.begin && orders_.contains(*said.topic)) return fail("a greeting behind offset " + std::to_string(place.next - 1));
    if (!said.again) place = {true, said.begin, place.missing, place.left_out};
  }

  /// Not more than there was, where it was there all the time.
  void check_skipped(unsigned topic) {
    const auto is_join = [&](const Said& said) { return said.topic == topic && !said.again; };
    if (std::count_if(record_.said.begin(), record_.said.end(), is_join) != 1) return;
    const auto skipped = watched_.skipped.find(topic);
    const Place& place = places_[topic];
    if (skipped == watched_.skipped.end() || skipped->second <= place.missing + place.left_out) return;
    fail(std::to_string(skipped->second) + " skipped in topic " + std::to_string(topic) + ", more than there were");
  }

  void take_publication(const PusherEvent& event) {
    Key key;
    if (!read_event_data(event.data, key)) return fail("a publication with wrong bytes");
    if (event.channel != topic_name(key.topic)) return fail("a publication of " + topic_name(key.topic) + " in " + event.channel);
    Place& place = places_[key.topic];
    if (!place.inside) return fail("a publication of a topic that it has not joined");
    if (is_left_out(key)) return fail("a publication that leaves it out");
    const bool is_clients = event.name == "client-e";
    if (!is_clients && event.name != name_of(key)) return fail("a wrong event: " + event.name);
    if (is_clients ? event.user_id != user_of(key.publisher) : !event.user_id.empty()) return fail("a wrong user: " + event.user_id);
    const auto order = orders_.find(key.topic);
    if (order == orders_.end()) return;
    const auto offset = order->second.offsets.find(key);
    if (offset == order->second.offsets.end()) return fail("a publication that nobody published");
    if (offset->second < place.next) {
      return fail("offset " + std::to_string(offset->second) + " instead of " + std::to_string(place.next) + " of topic " + std::to_string(key.topic));
    }
    pass_over(order->second, key.topic, offset->second);
    ++place.next;
  }

  /// Counts what it should have got up to an offset.
  void pass_over(const Order& order, unsigned topic, std::uint64_t until) {
    Place& place = places_[topic];
    for (; place.next < until; ++place.next) ++(is_left_out(order.keys[place.next]) ? place.left_out : place.missing);
  }

  bool is_left_out(const Key& key) const {
    const auto found = excluded_.find(key);
    return found != excluded_.end() && found->second == &watched_;
  }

  const Watched& watched_;
  const SessionRecord& record_;
  const std::map<unsigned, Order>& orders_;
  const Excluded& excluded_;
  std::map<unsigned, Place> places_;
  std::size_t said_ = 0;
  std::string trouble_;
};

}  // namespace

std::string check_session(const Watched& watched, const std::map<unsigned, Order>& orders, const Excluded& excluded, bool settled) {
  if (!watched.client->trouble.empty()) return watched.client->trouble;
  Reader reader(watched, orders, excluded);
  std::string trouble = reader.read();
  const bool to_the_end = settled && watched.client->is_open() && !watched.slow_disconnect;
  if (trouble.empty() && to_the_end) trouble = reader.finish();
  return trouble.empty() ? reader.check_missing() : trouble;
}

std::string check_publications(const Watched& watched, const std::map<unsigned, Order>& orders, bool settled) {
  const std::string who = ", session " + watched.client->setup.address.text();
  const SessionRecord& record = watched.record;
  const bool is_heard_to_the_end = settled && watched.client->is_open();
  if (is_heard_to_the_end && record.texts_heard != record.texts_sent) {
    return std::to_string(record.texts_heard) + " of " + std::to_string(record.texts_sent) + " texts were told of" + who;
  }
  for (const auto& [topic, sent] : record.sent) {
    const auto order = orders.find(topic);
    if (order == orders.end()) continue;
    std::vector<unsigned> published;
    for (const Key& key : order->second.keys) {
      if (key.publisher == watched.publisher) published.push_back(key.sequence);
    }
    const auto reported = record.reported.find(topic);
    if (record.reports && settled && (reported == record.reported.end() ? std::vector<unsigned>() : reported->second) != published) {
      return "publications were reported that are not those that were published" + who;
    }
    std::vector<unsigned> all = published;
    if (const auto refused = record.refused.find(topic); refused != record.refused.end()) {
      all.insert(all.end(), refused->second.begin(), refused->second.end());
    }
    std::sort(all.begin(), all.end());
    for (unsigned i = 0; i < all.size(); ++i) {
      if (all[i] != i) return "publication " + std::to_string(i) + " got lost or came twice" + who;
    }
    if (is_heard_to_the_end && all.size() != sent) return std::to_string(all.size()) + " of " + std::to_string(sent) + " publications came" + who;
  }
  return "";
}

}  // namespace sim
