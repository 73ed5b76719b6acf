// See pusher_encoding.h.
// Owner: static table (encodings.def). Thread: any.
#include "native/codec/pusher/pusher_encoding.h"

#include <string_view>

#include "native/base/base64.h"
#include "native/base/check.h"
#include "native/codec/text/json_text.h"
#include "native/codec/text/text_writer.h"
#include "native/codec/text/utf8.h"
#include "native/codec/websocket/websocket_header.h"

namespace codec {
namespace {

constexpr std::string_view event_name = R"({"event":)";
constexpr std::string_view channel_name = R"(,"channel":)";
constexpr std::string_view data_name = R"(,"data":)";
constexpr std::string_view user_id_name = R"(,"user_id":)";

/// Publications that came without a name, such as over another protocol.
std::string_view event_of(const Publication& publication) {
  return publication.event.empty() ? std::string_view("message") : publication.event;
}

/// The topic pusher/<app>/<channel> without the app's namespace; another topic's whole name.
std::string_view channel_of(std::string_view topic) {
  const std::size_t first = topic.find('/');
  const std::size_t second = first == std::string_view::npos ? first : topic.find('/', first + 1);
  return second == std::string_view::npos ? topic : topic.substr(second + 1);
}

/// Whether the payload can be the text that it is; bytes that are no text travel as base64.
bool is_text(const Publication& publication) {
  return publication.kind == PayloadKind::text || base::is_valid_utf8(publication.payload);
}

std::size_t data_bytes(const Publication& publication) {
  if (is_text(publication)) return json_string_bytes(base::text_of(publication.payload));
  return 2 + (publication.payload.size() + 2) / 3 * 4;  // base64 has nothing to escape
}

std::size_t envelope_bytes(const Publication& publication) {
  std::size_t bytes = event_name.size() + json_string_bytes(event_of(publication));
  bytes += channel_name.size() + json_string_bytes(channel_of(publication.topic));
  bytes += data_name.size() + data_bytes(publication);
  if (!publication.user_id.empty()) bytes += user_id_name.size() + json_string_bytes(publication.user_id);
  return bytes + 1;
}

void write_data(const Publication& publication, TextWriter& writer) {
  if (is_text(publication)) return writer.write_string(base::text_of(publication.payload));
  writer.write_string(base::base64_encode(publication.payload));
}

}  // namespace

std::size_t PusherEncoding::encoded_bytes(const Publication& publication) const {
  const std::size_t bytes = envelope_bytes(publication);
  return data_header_bytes(bytes) + bytes;
}

void PusherEncoding::encode(const Publication& publication, base::MutableBytes out) const {
  const std::size_t bytes = payload_bytes_in(out.size());
  write_data_header(PayloadKind::text, bytes, out);
  TextWriter writer(out.last(bytes));
  writer.write(event_name);
  writer.write_string(event_of(publication));
  writer.write(channel_name);
  writer.write_string(channel_of(publication.topic));
  writer.write(data_name);
  write_data(publication, writer);
  if (!publication.user_id.empty()) {
    writer.write(user_id_name);
    writer.write_string(publication.user_id);
  }
  writer.write("}");
  CHECK(writer.full());
}

}  // namespace codec
