// How fast a connection may go on, by its own buckets and by those of its client. Publications are taken as they are published, bytes as
// they are read; both may go below zero once, which is paid back before anything else passes. So the rate is exact in the long run.
// Owner: a shard. Thread: that shard's.
#pragma once

#include <cstdint>

#include "native/base/pace.h"
#include "native/conn/account.h"
#include "native/shard/client_options.h"

namespace shard {

enum class OverWhat : std::uint8_t { nothing, publications, bytes };

class Rates {
 public:
  explicit Rates(const ClientOptions& options);

  /// Whether anything is limited; else nothing but this is asked.
  bool any() const { return any_; }
  bool throttles() const { return any_ && over_rate_ == OverRate::throttle; }
  bool closes() const { return any_ && over_rate_ == OverRate::close; }

  void take_publication(conn::Account& account, std::int64_t now_ns) const;
  void take_bytes(conn::Account& account, std::int64_t now_ns, std::size_t bytes) const;
  /// How long it may say nothing; 0: it may go on.
  std::int64_t wait_ns(const conn::Account& account, std::int64_t now_ns) const;
  OverWhat over(const conn::Account& account, std::int64_t now_ns) const;
  /// Whether one publication more would be too many.
  bool is_over_publications(const conn::Account& account, std::int64_t now_ns) const { return publications_wait_ns(account, now_ns) > 0; }
  /// Whether it has sent more bytes than it might.
  bool owes_bytes(const conn::Account& account, std::int64_t now_ns) const;
  /// Bytes that may be read now; at most `most`.
  std::size_t bytes_left(const conn::Account& account, std::int64_t now_ns, std::size_t most) const;

 private:
  std::int64_t publications_wait_ns(const conn::Account& account, std::int64_t now_ns) const;
  std::int64_t bytes_wait_ns(const conn::Account& account, std::int64_t now_ns) const;

  struct Paces {
    base::Pace publications;
    base::Pace bytes;
  };

  const Paces connection_;
  const Paces client_;
  const OverRate over_rate_;
  const bool any_;
};

}  // namespace shard
