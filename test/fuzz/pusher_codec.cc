// Fuzzes native/codec/pusher/pusher_codec.cc and pusher_encoding.cc: one text gives one command, the one that its members ask for; any
// bytes give the same commands however they are cut; an event survives being written and read.
// Owner: the fuzzer. Thread: main.
#include "native/codec/pusher/pusher_codec.h"

#include <optional>

#include "native/codec/encoding.h"
#include "native/codec/text/json_reader.h"
#include "native/codec/text/json_text.h"
#include "native/codec/text/utf8.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/websocket_frames.h"
#include "test/native/codec/recorded_commands.h"

namespace {

const wire::Setup setup{.limits = {}, .data_frames = codec::DataFrames::deliver, .make_codec = codec::make_pusher_codec};

std::string decoded(base::Bytes all, std::uint8_t how) {
  wire::Run run(setup);
  fuzz::in_pieces(all, how, [&](base::MutableBytes piece) {
    run.feed(fuzz::Bytes(piece.begin(), piece.end()));
    return true;
  });
  return run.result();
}

std::string plain(std::string_view raw) {
  fuzz::Bytes out(codec::unescaped_json_bytes(raw));
  codec::unescape_json(raw, out);
  return std::string(base::text_of(out));
}

/// What a text asks for, by the last members of these names (docs/protocols.md).
std::string expected(const std::string& text) {
  std::optional<codec::JsonMember> event, channel, data;
  codec::JsonReader reader(text);
  while (const auto member = reader.next()) {
    const std::string name = plain(member->name);
    if (name == "event") event = *member;
    if (name == "channel") channel = *member;
    if (name == "data") data = *member;
  }
  const auto is_text = [](const std::optional<codec::JsonMember>& member) { return member && member->kind == codec::JsonKind::string; };
  const auto text_of = [&](const std::optional<codec::JsonMember>& member) {
    return !member ? std::string() : is_text(member) ? plain(member->value) : std::string(member->value);
  };
  if (!reader.valid() || !is_text(event)) return "session(" + text + ") open";
  if (text_of(event) == "pusher:ping") return R"(application-ping({"event":"pusher:pong","data":"{}"}) open)";
  if (text_of(event) == "pusher:pong") return "open";
  if (!text_of(event).starts_with("client-") || !is_text(channel)) return "session(" + text + ") open";
  return "client(" + text_of(event) + "|" + text_of(channel) + "|" + text_of(data) + ") open";
}

void check_text(const std::string& text, std::uint8_t how) {
  fuzz::Bytes frame;
  fuzz::append_frame(frame, 0x81, text, how);
  fuzz::require(decoded(frame, how) == expected(text), "one text gives the command that it asks for");
}

std::string quoted(std::string_view text) {
  fuzz::Bytes out(codec::json_string_bytes(text));
  codec::write_json_string(text, out);
  return std::string(base::text_of(out));
}

void check_event(fuzz::Input& input, std::uint8_t how) {
  const std::string name = fuzz::valid_utf8(input.text());
  const std::string topic = fuzz::valid_utf8(input.text());
  const std::string user = input.below(2) == 0 ? "" : fuzz::valid_utf8(input.text());
  const std::string data = fuzz::valid_utf8(base::text_of(input.rest()));
  check_text("{\"event\":" + quoted("client-" + name) + ",\"channel\":" + quoted(topic) + ",\"data\":" + quoted(data) + "}", how);

  codec::Publication publication{codec::PayloadKind::text, base::bytes_of(data), name, user, topic};
  const codec::Encoding& encoding = codec::encoding(codec::EncodingId::pusher);
  fuzz::Bytes frame(encoding.encoded_bytes(publication));
  fuzz::require(!frame.empty(), "any text has a Pusher frame");
  encoding.encode(publication, frame);
  const std::string event(fuzz::payload_of(frame, 0x81));
  codec::JsonReader reader(event);
  std::string members;
  while (const auto member = reader.next()) {
    if (member->name == "event" && !name.empty()) fuzz::require(plain(member->value) == name, "its event");
    if (member->name == "data") fuzz::require(plain(member->value) == data, "its data");
    if (member->name == "user_id") fuzz::require(plain(member->value) == user, "its user");
    members += std::string(member->name) + " ";
  }
  fuzz::require(reader.valid() && members == (user.empty() ? "event channel data " : "event channel data user_id "), "an event of these members");
}

}  // namespace

FUZZ_TARGET(pusher_codec) {
  fuzz::Input input(bytes);
  const std::size_t mode = input.below(3);
  const std::uint8_t how = input.byte();
  if (mode == 0) return check_event(input, how);
  if (mode == 1) return check_text(fuzz::valid_utf8(base::text_of(input.rest())), how);
  const base::Bytes all = input.rest();
  fuzz::require(decoded(all, how) == decoded(all, 255), "the same commands however it is cut");
}
