// What the engine knows of a connection whose rules are the control plane's: its namespace, what it may publish itself.
// Owner: its connection. Thread: that connection's shard.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/topic/topic.h"

namespace conn {

/// What the control plane decided when it accepted the session.
struct SessionTerms {
  std::string topic_namespace;                      // the names of its topics begin with it
  std::uint32_t publications_per_second_max = 0;  // 0..65535; 0: all go to the control plane
  bool report_publications = false;
  std::uint32_t publication_bytes_max = 10 * 1024;  // longer ones go to the control plane
};

/// A topic to which the client may publish itself.
struct Grant {
  topic::TopicRef topic;
  std::string user_id;  // goes with its publications; may be empty
};

class Session {
 public:
  /// A session's share of one batch for the control plane: who says more is not read until the batch is taken away.
  static constexpr std::uint32_t told_max = 256;
  static constexpr std::size_t told_bytes_max = 256 * 1024;

  SessionTerms terms;
  std::vector<Grant> grants;

  const Grant* find_grant(std::string_view channel) const {
    for (const Grant& grant : grants) {
      const std::string_view name = grant.topic->name();
      if (name.size() == terms.topic_namespace.size() + channel.size() && name.starts_with(terms.topic_namespace) && name.ends_with(channel)) {
        return &grant;
      }
    }
    return nullptr;
  }
  void revoke(std::string_view topic) {
    std::erase_if(grants, [&](const Grant& grant) { return grant.topic->name() == topic; });
  }
  /// Counts what the control plane is told in this batch.
  void tells(std::uint64_t batch, std::size_t bytes) {
    if (batch_ != batch) {
      batch_ = batch;
      told_ = 0;
      told_bytes_ = 0;
    }
    ++told_;
    told_bytes_ += bytes;
  }
  /// Never in batch 0: batches are not told.
  bool over_share(std::uint64_t batch) const {
    return batch != 0 && batch_ == batch && (told_ >= told_max || told_bytes_ >= told_bytes_max);
  }
  /// Counts a publication of this second; false when it is over the rate.
  bool takes_publication(std::uint32_t now_ms) {
    const std::uint32_t second = now_ms / 1000;
    if (second_ != second) {
      second_ = second;
      publications_ = 0;
    }
    return ++publications_ <= terms.publications_per_second_max;
  }

 private:
  std::uint64_t batch_ = 0;
  std::uint32_t told_ = 0;
  std::size_t told_bytes_ = 0;
  std::uint32_t second_ = 0;
  std::uint32_t publications_ = 0;
};

}  // namespace conn
