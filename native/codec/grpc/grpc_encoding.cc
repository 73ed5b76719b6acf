// See grpc_encoding.h. A publication is looked at twice, once to measure and once to write; for the form that this broker and
// JSON.stringify write, both are one pass of 16 bytes at a time.
// Owner: static table (encodings.def). Thread: any.
#include "native/codec/grpc/grpc_encoding.h"

#include "native/base/check.h"
#include "native/codec/grpc/grpc_message.h"
#include "native/codec/grpc/protobuf.h"
#include "native/codec/text/json_text.h"
#include "native/codec/text/utf8.h"

namespace codec {
namespace {

/// A message whose data may still be escaped.
struct Content {
  std::int32_t author = 0;
  std::string_view data;
  bool is_escaped = false;
};

bool is_text(const Publication& publication) {
  return publication.kind == PayloadKind::text || base::is_valid_utf8(publication.payload);
}

/// `publication` is text.
Content content_of(const Publication& publication) {
  if (publication.message != nullptr) return {publication.message->author, publication.message->data};
  const std::string_view text = base::text_of(publication.payload);
  const auto json = read_json_message(text);
  if (!json) return {0, text};
  return {json->author, json->raw_data, json->raw_data.find('\\') != std::string_view::npos};
}

std::size_t message_bytes_of(const Content& content) {
  if (!content.is_escaped) return message_bytes({content.author, content.data});
  return message_bytes({content.author, {}}) + ProtobufWriter::text_bytes(unescaped_json_bytes(content.data));
}

void write_escaped(const Content& content, base::MutableBytes out) {
  const std::size_t author_bytes = message_bytes({content.author, {}});
  write_message({content.author, {}}, out.first(author_bytes));
  ProtobufWriter writer(out.subspan(author_bytes));
  writer.head(2, unescaped_json_bytes(content.data));
  writer.skip(unescape_json(content.data, writer.left()));
  CHECK(writer.left().empty());
}

}  // namespace

std::size_t GrpcEncoding::encoded_bytes(const Publication& publication) const {
  if (!is_text(publication)) return 0;
  return grpc_prefix_bytes + message_bytes_of(content_of(publication));
}

void GrpcEncoding::encode(const Publication& publication, base::MutableBytes out) const {
  const Content content = content_of(publication);
  write_grpc_prefix(out.size() - grpc_prefix_bytes, out);
  const base::MutableBytes message = out.subspan(grpc_prefix_bytes);
  if (content.is_escaped) return write_escaped(content, message);
  write_message({content.author, content.data}, message);
}

}  // namespace codec
