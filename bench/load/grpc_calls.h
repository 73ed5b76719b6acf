// What a gRPC client sends, as bytes: header blocks, requests, messages of the contract; and a check of what comes back.
// Owner: nobody. Thread: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace load {

inline constexpr std::string_view publish_method = "/MessageService/Publish";
inline constexpr std::string_view subscribe_method = "/MessageService/Subscribe";
inline constexpr std::string_view publish_one_method = "/broker.v1.MessageService/PublishOne";
inline constexpr std::string_view last_method = "/broker.v1.MessageService/Last";

/// A request's header block; only the static table is referred to (RFC 7541 §6). The topic is metadata; empty: none.
std::vector<std::uint8_t> request_headers(std::string_view method, std::string_view authority, std::string_view topic);

/// Message { int32 author = 1; string data = 2; }, with the prefix of gRPC in front. `author` is not negative.
std::vector<std::uint8_t> message_bytes(std::uint32_t author, std::string_view data);
/// SubscribeRequest { string subscriber = 1; } or LastRequest { string topic = 1; }, the same way.
std::vector<std::uint8_t> text_request_bytes(std::string_view text);

/// Letters of a known order.
std::string data_text(std::uint32_t bytes);

/// Compares a stream's content, cut anywhere, with the messages that must come: the same one, its author counting up.
class ExpectedMessages {
 public:
  /// All authors have the same length on the wire: from 2^28 on.
  static constexpr std::uint32_t first_author = 1u << 28;

  ExpectedMessages(std::uint32_t author, std::string_view data);

  /// How many messages were completed by this piece; `broken` from the first wrong byte on.
  std::uint32_t take(std::span<const std::uint8_t> piece);
  bool broken() const { return broken_; }
  std::uint32_t author() const { return author_; }
  std::size_t message_size() const { return message_.size(); }

 private:
  void set_author(std::uint32_t author);

  std::vector<std::uint8_t> message_;
  std::size_t at_ = 0;
  std::uint32_t author_;
  bool broken_ = false;
};

/// Writes an author of 2^28 or more into what message_bytes has made with such a one.
void stamp_author(std::span<std::uint8_t> message, std::uint32_t author);

}  // namespace load
