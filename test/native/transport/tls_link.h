// A client in memory and the engine's transport, with a kernel between them that does what the test says.
// Owner: the test. Thread: main.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "native/transport/transports.h"
#include "test/native/shard/null_kernel.h"
#include "test/native/transport/certificates.h"
#include "test/native/transport/tls_client.h"

namespace tls_link {

using transport::TransportId;

/// One connection, whose descriptor is `fd`.
class LinkKernel final : public ceilings::NullKernel {
 public:
  static constexpr int fd = 7;
  std::string to_server, to_client;
  std::size_t takes_max = SIZE_MAX;      // of one send
  std::size_t takes_left = SIZE_MAX;     // of all that come
  std::size_t brings_max = SIZE_MAX;     // of one receive
  bool client_gone = false;              // its stream has ended
  bool broken = false;                   // every send fails
  bool shut = false, closed = false, aborted = false;
  std::int64_t clock_ns = 1'000'000'000;
  std::size_t sends = 0;

  std::int64_t now_ns() override { return clock_ns; }
  os::IoResult receive(int, base::MutableBytes into) override {
    if (to_server.empty()) return client_gone ? os::IoResult{os::IoOutcome::end, 0, 0} : os::IoResult{os::IoOutcome::would_block, 0, 0};
    const std::size_t count = std::min({into.size(), to_server.size(), brings_max});
    std::copy_n(to_server.begin(), count, into.begin());
    to_server.erase(0, count);
    return {os::IoOutcome::ok, count, 0};
  }
  os::IoResult send(int, base::Bytes bytes) override {
    ++sends;
    if (broken) return {os::IoOutcome::failed, 0, 104};
    const std::size_t count = std::min({bytes.size(), takes_max, takes_left});
    if (count == 0) return {os::IoOutcome::would_block, 0, 0};
    if (takes_left != SIZE_MAX) takes_left -= count;
    to_client += base::text_of(bytes.first(count));
    return {os::IoOutcome::ok, count, 0};
  }
  void send_batch(std::span<os::SendOp> ops) override {
    for (os::SendOp& op : ops) op.result = send(op.fd, {op.bytes, op.length});
  }
  void shutdown_send(int) override { shut = true; }
  void close(int) override { closed = true; }
  void abort(int) override { aborted = true; }
};

inline transport::TlsOptions options_of(const certificates::Pair& pair) {
  transport::TlsOptions options;
  options.certificates.push_back({{}, pair.chain, pair.key});
  return options;
}

/// What the shards of an engine share.
struct Server {
  explicit Server(const transport::TlsOptions& options = options_of(certificates::localhost())) {
    transport::TlsProblem problem;
    contexts.add(transport::TlsContext::make(options, contexts.tickets(), problem));
  }
  void replace(const transport::TlsOptions& options) {
    transport::TlsProblem problem;
    contexts.set(0, transport::TlsContext::make(options, contexts.tickets(), problem));
  }
  transport::TlsContexts contexts;
};

class Link {
 public:
  explicit Link(Server& server, const tls_client::Setup& setup = {}, std::string_view alpn = "http/1.1")
      : transports({kernel, block, &server.contexts}), client(setup) {
    begun = transports.begin(TransportId::tls, LinkKernel::fd, {0, alpn});
  }
  ~Link() {
    if (!kernel.closed && !kernel.aborted) transports.abort(TransportId::tls, LinkKernel::fd);
  }

  os::IoResult receive(std::size_t room = 64 * 1024) {
    std::vector<std::uint8_t> into(room);
    const os::IoResult result = transports.receive(TransportId::tls, LinkKernel::fd, into);
    if (result.outcome == os::IoOutcome::ok) heard += base::text_of(base::Bytes(into).first(result.bytes));
    return result;
  }
  os::IoResult send(const std::string& text) { return transports.send(TransportId::tls, LinkKernel::fd, base::bytes_of(text)); }
  os::IoResult send_nothing() { return transports.send_gather(TransportId::tls, LinkKernel::fd, {}); }
  bool is_ready() { return transports.is_ready(TransportId::tls, LinkKernel::fd); }
  bool wants_write() { return transports.wants_write(TransportId::tls, LinkKernel::fd); }
  bool has_more() { return transports.has_more(TransportId::tls, LinkKernel::fd); }
  std::string_view failure() { return transports.failure(TransportId::tls, LinkKernel::fd); }
  std::optional<transport::Identity> identity() { return transports.identity(TransportId::tls, LinkKernel::fd); }
  std::int64_t count(metrics::Metric metric) const { return block.get(metric); }

  /// All that is on its way arrives, until nothing is.
  void settle() {
    for (bool moved = true; moved && !over();) {
      kernel.to_server += client.take_out();
      moved = !kernel.to_server.empty();
      while (!over() && (!kernel.to_server.empty() || has_more())) last = receive();
      if (!over() && wants_write()) send_nothing();
      moved = !kernel.to_client.empty() || moved;
      client.feed(std::exchange(kernel.to_client, {}));
    }
  }
  bool over() const { return last.outcome == os::IoOutcome::end || last.outcome == os::IoOutcome::failed; }
  /// What the kernel has goes to the client.
  std::string client_hears() {
    client.feed(std::exchange(kernel.to_client, {}));
    return client.take_heard();
  }

  LinkKernel kernel;
  metrics::Block block;
  transport::Transports transports;
  tls_client::TlsClient client;
  bool begun = false;
  os::IoResult last{os::IoOutcome::would_block, 0, 0};
  std::string heard;
};

}  // namespace tls_link
