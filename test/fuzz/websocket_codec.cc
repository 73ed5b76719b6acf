// Fuzzes native/codec/websocket/websocket_codec.cc: any bytes give the same commands however they are cut; and what a client frames from
// messages, with fragments and control frames between them, comes out as those messages.
// Owner: the fuzzer. Thread: main.
#include "native/codec/websocket/websocket_codec.h"

#include "test/fuzz/fuzz.h"
#include "test/fuzz/websocket_frames.h"
#include "test/native/codec/recorded_commands.h"

namespace {

std::string decoded(base::Bytes all, std::uint8_t how, const wire::Setup& setup) {
  wire::Run run(setup);
  fuzz::in_pieces(all, how, [&](base::MutableBytes piece) {
    run.feed(fuzz::Bytes(piece.begin(), piece.end()));
    return true;  // also after the end: what follows is dropped
  });
  const std::string& reason = std::string(run.last().reason);
  return run.result() + reason;
}

/// Messages as a client may send them, and the commands that they are.
struct Conversation {
  fuzz::Bytes bytes;
  std::string commands;
};

void say(Conversation& conversation, fuzz::Input& input, codec::DataFrames data_frames) {
  const std::uint8_t kind = static_cast<std::uint8_t>(input.below(4));
  const std::uint8_t fragments = static_cast<std::uint8_t>(input.below(4));
  const std::string payload = input.text();
  if (kind >= 2) {
    const std::string short_payload = payload.substr(0, 125);
    fuzz::append_frame(conversation.bytes, kind == 2 ? 0x89 : 0x8A, short_payload, input.byte());
    conversation.commands += (kind == 2 ? "ping(" : "pong(") + short_payload + ") ";
    return;
  }
  const std::string text = kind == 1 ? fuzz::valid_utf8(payload) : payload;
  for (std::size_t i = 0, at = 0; i <= fragments; ++i) {
    const std::size_t end = i == fragments ? text.size() : at + input.below(text.size() - at + 1);
    const std::uint8_t opcode = i > 0 ? 0 : kind == 1 ? 1 : 2;
    fuzz::append_frame(conversation.bytes, static_cast<std::uint8_t>((i == fragments ? 0x80 : 0) | opcode), text.substr(at, end - at), input.byte());
    at = end;
  }
  if (data_frames == codec::DataFrames::ignore) conversation.commands += "ignored ";
  else conversation.commands += kind == 1 ? "text(" + text + ") " : "binary(" + wire::to_hex(text) + ") ";
}

}  // namespace

FUZZ_TARGET(websocket_codec) {
  fuzz::Input input(bytes);
  const std::uint8_t how = input.byte();
  const std::uint8_t options = input.byte();
  wire::Setup setup;
  setup.limits = {options & 1 ? 100u : 65'536u, options & 2 ? 3u : 1024u};
  setup.data_frames = options & 4 ? codec::DataFrames::ignore : codec::DataFrames::deliver;
  if (options & 8) {
    setup.limits = {};
    Conversation conversation;
    for (int i = 0; i < 20 && !input.empty(); ++i) say(conversation, input, setup.data_frames);
    fuzz::require(decoded(conversation.bytes, how, setup) == conversation.commands + "open", "what was framed comes out");
    return;
  }
  const base::Bytes all = input.rest();
  const std::string whole = decoded(all, 255, setup);
  fuzz::require(decoded(all, how, setup) == whole, "the same commands however it is cut");
  if (all.size() < 300) fuzz::require(decoded(all, 0, setup) == whole, "the same commands byte by byte");
}
