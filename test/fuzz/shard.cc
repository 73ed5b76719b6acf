// Fuzzes a whole engine on the fake kernel (test/native/sim): the input says who connects, what arrives in which pieces, who
// reads, leaves or is reset, what the control plane asks for and when. Beside all that two witnesses, one WebSocket and one gRPC
// subscriber, get every publication once, in order and unharmed; sessions that open end once; afterwards nothing is left.
// Owner: the fuzzer. Thread: main; shards are stepped, never run.
#include <deque>
#include <map>
#include <memory>

#include "native/codec/websocket/websocket_text.h"
#include "native/shard/engine.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/websocket_frames.h"
#include "test/native/sim/client.h"
#include "test/native/sim/grpc_client.h"

namespace {

using codec::ProtocolId;

constexpr std::uint16_t publish_port = 8001, subscribe_port = 8002, session_port = 8003, grpc_port = 8004, lines_port = 8005, raw_port = 8006;
const std::string witnessed = "witnessed-7c0ffee1";  // no input says this
const std::string app = "pusher/1/";
constexpr std::uint32_t window_max = 0x7FFFFFFF;  // RFC 9113 §6.9.1

shard::EngineOptions options_of(fuzz::Input& input) {
  const std::uint8_t flags = input.byte();
  shard::EngineOptions options;
  const auto listener = [&](ProtocolId protocol, std::uint16_t port) {
    options.listeners.push_back({protocol, *os::Address::parse("127.0.0.1", port), false});
  };
  listener(ProtocolId::websocket_publish, publish_port);
  listener(ProtocolId::websocket_subscribe, subscribe_port);
  listener(ProtocolId::pusher, session_port);
  listener(ProtocolId::grpc, grpc_port);
  listener(ProtocolId::responder_line, lines_port);
  listener(ProtocolId::responder_raw, raw_port);
  options.shards = flags & 1 ? 2 : 1;
  options.connections_max = 64;
  if (flags & 2) options.log_bytes_max = 256 * 1024;
  if (flags & 4) options.control_frames_per_second_max = 3;
  options.slow_rules.back().policy = static_cast<conn::SlowPolicyId>((flags >> 3) % conn::slow_policy_count);
  options.slow_rules.back().limits.bytes_behind_max = flags & 32 ? 2000 : 16u << 20;
  options.responder.reply = static_cast<shard::Reply>((flags >> 6) % 3);
  options.responder.idle_ms = 10'000;  // who reads no reply and has only ended its direction is let go when this is over
  options.retain.topics = {"*"};
  return options;
}

/// The engine and everybody around it.
class World final : private shard::EventSink {
 public:
  explicit World(fuzz::Input& input) : input_(input), kernel_(1), random_(1) {
    shard::StartError error;
    engine_ = shard::Engine::start(options_of(input), kernel_, *this, error);
    fuzz::require(engine_ != nullptr, "it starts");
    engine_->set_connection_events(true);
    sim::ClientSetup setup;
    setup.port = subscribe_port;
    setup.target = "/" + witnessed;
    setup.address = sim::address_of(1);
    setup.send_buffer_bytes = std::size_t{1} << 40;
    websocket_ = std::make_unique<sim::TextClient>(kernel_, random_, setup);
    // Windows that are never full: who lets us wait for one is slow, and loses messages by its topic's rules.
    grpc_ = std::make_unique<sim::GrpcClient>(kernel_, sim::GrpcSetup{grpc_port, sim::address_of(2), std::size_t{1} << 40, window_max});
    grpc_->grow_window(0, window_max - 65'535);
    grpc_->subscribe(witnessed);
    calm();
    fuzz::require(websocket_->is_open(), "the witness is let in");
  }

  void run() {
    for (int acts = 0; acts < 400 && !input_.empty(); ++acts) {
      act();
      if (input_.below(2) == 0) turn();
    }
    end();
  }

 private:
  struct Peer {
    int socket;
    std::uint16_t port;
    std::deque<std::uint8_t> unsent;
    bool ended = false;
  };

  void act() {
    switch (input_.below(16)) {
      case 0: return connect();
      case 1: return greet();
      case 2:
      case 3: return write_any();
      case 4:
      case 5: return write_frame();
      case 6: return read();
      case 7: return leave();
      case 8: return wait();
      case 9:
      case 10: return publish_witnessed();
      case 11: return publish_any();
      case 12: return set_faults();
      case 13: return call();
      case 14: return flush();
      default: return congest();
    }
  }

  // Peers.

  void connect() {
    const auto port = static_cast<std::uint16_t>(publish_port + input_.below(6));
    const std::size_t buffers[] = {1, 300, 4096, 65'536};
    const int socket = kernel_.connect(port, sim::address_of(100 + static_cast<std::uint32_t>(peers_.size())), buffers[input_.below(4)]);
    if (socket >= 0) peers_.push_back({socket, port, {}});
  }
  Peer* someone() { return peers_.empty() ? nullptr : &peers_[input_.below(peers_.size())]; }
  void append(Peer& peer, base::Bytes bytes) {
    if (peer.unsent.size() < 1 << 20) peer.unsent.insert(peer.unsent.end(), bytes.begin(), bytes.end());
    write(peer);
  }
  void write(Peer& peer) {
    if (peer.ended) return;
    const fuzz::Bytes some(peer.unsent.begin(), peer.unsent.end());
    const std::size_t sent = some.empty() ? 0 : kernel_.peer_write(peer.socket, some);
    peer.unsent.erase(peer.unsent.begin(), peer.unsent.begin() + static_cast<std::ptrdiff_t>(sent));
  }
  void flush() {
    for (Peer& peer : peers_) write(peer);
  }
  /// What a client of that port begins with.
  void greet() {
    Peer* const peer = someone();
    if (peer == nullptr) return;
    if (peer->port == grpc_port) {
      const std::uint32_t stream = 1 + 2 * static_cast<std::uint32_t>(input_.below(8));
      const h2::Wire start = input_.below(2) == 0 ? h2::preface() : input_.below(2) == 0 ? h2::subscribe(stream, {{"topic", "a"}}) : h2::call(stream, h2::publish_path);
      return append(*peer, start);
    }
    const char* const targets[] = {"/", "/a", "/a?topic=b&topic=c", "/app/key?protocol=7"};
    const std::string head = std::string("GET ") + targets[input_.below(4)] + " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: " +
                             (input_.below(8) == 0 ? "h2c" : "websocket") + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    append(*peer, base::bytes_of(head));
  }
  void write_any() {
    if (Peer* const peer = someone()) append(*peer, input_.bytes(input_.below(300)));
  }
  void write_frame() {
    Peer* const peer = someone();
    if (peer == nullptr) return;
    const std::string text = input_.text();
    fuzz::Bytes frame;
    if (peer->port == grpc_port) {
      const std::uint32_t stream = 1 + 2 * static_cast<std::uint32_t>(input_.below(8));
      frame = input_.below(2) == 0 ? h2::data(stream, h2::grpc(h2::message(1, text.substr(0, 100)))) : h2::window_update(input_.below(2) == 0 ? 0 : stream, 1 + input_.byte());
    } else if (peer->port == session_port && input_.below(2) == 0) {
      const char* const events[] = {"pusher:ping", "client-a", "pusher:subscribe"};
      fuzz::append_frame(frame, 0x81, std::string("{\"event\":\"") + events[input_.below(3)] + "\",\"channel\":\"a\",\"data\":{}}", 1);
    } else {
      const std::uint8_t first_bytes[] = {0x81, 0x82, 0x01, 0x80, 0x89, 0x88};
      // Longer than what arrives at once, now and then.
      const std::string payload = input_.below(16) == 0 ? std::string(60'000, 'x') : fuzz::valid_utf8(text);
      fuzz::append_frame(frame, first_bytes[input_.below(6)], payload, input_.byte());
    }
    append(*peer, frame);
  }
  void read() {
    Peer* const peer = someone();
    if (peer == nullptr) return;
    fuzz::Bytes into(1 + input_.below(65'536));
    kernel_.peer_read(peer->socket, into);
  }
  void leave() {
    Peer* const peer = someone();
    if (peer == nullptr || std::exchange(peer->ended, true)) return;
    switch (input_.below(3)) {
      case 0: return kernel_.peer_shutdown(peer->socket);
      case 1: return kernel_.peer_close(peer->socket);
      default: return kernel_.peer_abort(peer->socket);
    }
  }

  // The engine's owner.

  void publish_witnessed() {
    const std::string text = std::to_string(published_.size()) + ":" + std::string(input_.below(2) == 0 ? 10 : input_.below(9000), 'w');
    if (engine_->publish(witnessed, {codec::PayloadKind::text, base::bytes_of(text)}).status == shard::PublishStatus::ok) published_.push_back(text);
  }
  void publish_any() {
    const char* const topics[] = {"a", "b", "c", "default", "pusher/1/a"};
    const std::string topic = topics[input_.below(5)];
    const bool is_text = input_.below(2) == 0;
    const std::string payload = input_.below(4) == 0 ? std::string(60'000, 'y') : is_text ? fuzz::valid_utf8(input_.text()) : input_.text();
    engine_->publish(topic, {is_text ? codec::PayloadKind::text : codec::PayloadKind::binary, base::bytes_of(payload)});
  }
  /// Up to four minutes at once, as after a suspended laptop: longer than every deadline that the engine has.
  void wait() {
    const auto time = static_cast<std::int64_t>(input_.below(65'536));
    kernel_.advance_ns((time < 32'768 ? time : (time - 32'768) * 8) * 1'000'000);
    for (int turns = 0; turn() && turns < 100; ++turns) {}
  }
  void set_faults() {
    kernel_.faults.short_send = static_cast<unsigned>(input_.below(4) * 200);
    kernel_.faults.aborted_accept = static_cast<unsigned>(input_.below(4) * 200);
    kernel_.faults.exhausted_accept = static_cast<unsigned>(input_.below(4) * 200);
    kernel_.faults.refused_map = static_cast<unsigned>(input_.below(4) * 333);
    kernel_.faults.refused_watch = static_cast<unsigned>(input_.below(4) * 200);
  }
  void congest() { congested_ = input_.below(2) == 0; }

  void call() {
    const conn::ConnectionId id = opened_.empty() ? input_.byte() : std::next(opened_.begin(), static_cast<std::ptrdiff_t>(input_.below(opened_.size())))->first;
    const std::string topic = app + (input_.below(2) == 0 ? "a" : fuzz::valid_utf8(input_.text()));
    switch (input_.below(6)) {
      case 0:
      case 1: return engine_->accept_session(id, {app, static_cast<std::uint32_t>(input_.below(5)), input_.below(2) == 0, 100});
      case 2: {
        topic::Join join;
        join.connection = id;
        if (input_.below(2) == 0) join.greeting = codec::write_text_frame("greeting");
        join.publishes = input_.below(2) == 0;
        if (input_.below(2) == 0) join.user_id = "user";
        engine_->join_topic(topic, std::move(join));
        return;
      }
      case 3: return engine_->leave_topic(id, topic);
      case 4: return engine_->send_to_session(id, codec::write_text_frame(fuzz::valid_utf8(input_.text())));
      default: return engine_->close_session(id, static_cast<std::uint16_t>(4000 + input_.below(300)), fuzz::valid_utf8(input_.text()));
    }
  }

  bool post(shard::Event&& event) override {
    if (const auto* const request = std::get_if<shard::HttpConnection>(&event)) taken_over_.push_back(request->fd);
    if (const auto* const opened = std::get_if<shard::SessionOpened>(&event)) fuzz::require(opened_.emplace(opened->id, false).second, "a session opens once");
    if (const auto* const ended = std::get_if<shard::SessionEnded>(&event)) {
      const auto found = opened_.find(ended->id);
      fuzz::require(found != opened_.end() && !std::exchange(found->second, true), "a session that opened ends, once");
    }
    return true;
  }
  bool congested() const override { return congested_; }

  // Time.

  bool turn() {
    kernel_.advance_ns(1'000'000);
    for (unsigned i = 0; i < engine_->shards(); ++i) engine_->shard(i).turn(0);
    const bool moved = websocket_->step();
    return grpc_->step() || moved;
  }
  void calm() {
    for (int quiet = 0, rounds = 0; quiet < 4; ++quiet) {
      if (turn() || kernel_.unaccepted() > 0) quiet = 0;
      fuzz::require(++rounds < 20'000, "it comes to rest");
    }
  }

  void end() {
    kernel_.faults = {};
    congested_ = false;
    for (Peer& peer : peers_) {
      if (!std::exchange(peer.ended, true)) kernel_.peer_abort(peer.socket);
    }
    // Those that only ended their direction, or wait to be told that they are closed, have until the close timer.
    calm();
    for (int step = 0; step < 20; ++step) {
      kernel_.advance_ns(1'000'000'000);
      turn();
    }
    calm();
    check();
    for (const int fd : taken_over_) kernel_.close(fd);
    engine_.reset();
    fuzz::require(kernel_.open_fds() == 0, "no descriptor is left");
    fuzz::require(kernel_.mappings() == 0, "no mapping is left");
  }

  void check() {
    fuzz::require(websocket_->trouble.empty() && grpc_->trouble.empty(), "witnesses see what they should");
    fuzz::require(websocket_->is_open(), "the WebSocket witness is still there");
    fuzz::require(websocket_->texts == published_, "the WebSocket witness got all, in order");
    fuzz::require(grpc_->streams.size() == 1, "the gRPC witness has its stream");
    std::vector<std::string> heard;
    for (const auto& [author, data] : grpc_->streams.begin()->second.messages) heard.push_back(data);
    fuzz::require(heard == published_, "the gRPC witness got all, in order");
    fuzz::require(engine_->memory().bytes_now() == 0, "the logs are empty when everybody has everything");
    fuzz::require(engine_->stream_bytes() == 0 && engine_->received_bytes() == 0, "nothing is kept of messages that came in part");
  }

  fuzz::Input& input_;
  sim::FakeKernel kernel_;
  sim::Random random_;
  std::unique_ptr<shard::Engine> engine_;
  std::unique_ptr<sim::TextClient> websocket_;
  std::unique_ptr<sim::GrpcClient> grpc_;
  std::deque<Peer> peers_;
  std::vector<int> taken_over_;
  std::map<conn::ConnectionId, bool> opened_;  // and whether it ended
  std::vector<std::string> published_;         // for the witnesses
  bool congested_ = false;
};

}  // namespace

FUZZ_TARGET(shard) {
  fuzz::Input input(bytes);
  World(input).run();
}
