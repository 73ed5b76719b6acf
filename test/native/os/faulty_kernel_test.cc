#include "native/os/faulty_kernel.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "test/native/shard/null_kernel.h"

#include "test/native/doctest_last.h"

using os::Fault;
using os::FaultPlan;
using Faulty = os::FaultyKernel<ceilings::NullKernel>;

namespace {

FaultPlan plan(const std::string& text) {
  const auto plan = os::parse_faults(text);
  REQUIRE(plan);
  return *plan;
}

int connected(Faulty& kernel) {
  const os::Listening listening = kernel.listen({os::Endpoint(*os::Address::parse("127.0.0.1", 1))});
  kernel.connect(1, "");
  const os::Accepted accepted = kernel.accept(listening.fd);
  REQUIRE(accepted.outcome == os::AcceptOutcome::ok);
  REQUIRE(kernel.watch(0, accepted.fd, 7, os::Watch::edge_in_out));
  return accepted.fd;
}

}  // namespace

TEST_CASE("faults: what is wanted, and what is not understood") {
  CHECK(os::parse_faults("") == FaultPlan{});
  FaultPlan two{};
  two[static_cast<std::size_t>(Fault::short_write)] = 10;
  two[static_cast<std::size_t>(Fault::emfile)] = 3;
  CHECK(os::parse_faults("short_write=10,emfile=3") == two);
  for (const char* wrong : {"short_write", "short_write=", "short_write=0", "short_write=x", "short_write=1x", "nothing=1", "emfile=1,,enomem=1", "emfile=-1"}) {
    CAPTURE(wrong);
    CHECK(!os::parse_faults(wrong));
  }
}

TEST_CASE("faulty kernel: without a plan it is the one below") {
  Faulty kernel{FaultPlan{}};
  const int fd = connected(kernel);
  for (int i = 0; i < 100; ++i) CHECK(kernel.send(fd, base::bytes_of("12345")).bytes == 5);
  CHECK(kernel.map_private(4096).bytes != nullptr);
}

TEST_CASE("faulty kernel: short writes, alone, gathered and in batches") {
  Faulty kernel(plan("short_write=2"));
  const int fd = connected(kernel);
  CHECK(kernel.send(fd, base::bytes_of("12345")).bytes == 5);
  CHECK(kernel.send(fd, base::bytes_of("12345")).bytes == 1);
  const std::vector<os::Piece> pieces{{"123", 3}, {"45", 2}};
  CHECK(kernel.send_gather(fd, pieces).bytes == 5);
  CHECK(kernel.send_gather(fd, pieces).bytes == 1);
  const base::Bytes bytes = base::bytes_of("12345");
  std::vector<os::SendOp> ops(3);
  for (os::SendOp& op : ops) op = {fd, 5, bytes.data(), -1, 0, {}};
  kernel.send_batch(ops);
  CHECK(ops[0].result.bytes == 5);
  CHECK(ops[1].result.bytes == 1);
  CHECK(ops[1].length == 5);
  CHECK(ops[2].result.bytes == 5);
}

TEST_CASE("faulty kernel: a refused write is followed by an edge") {
  Faulty kernel(plan("would_block=3"));
  const int fd = connected(kernel);
  kernel.calls = {};
  CHECK(kernel.send(fd, base::bytes_of("1")).outcome == os::IoOutcome::ok);
  CHECK(kernel.send(fd, base::bytes_of("1")).outcome == os::IoOutcome::ok);
  CHECK(kernel.send(fd, base::bytes_of("1")).outcome == os::IoOutcome::would_block);
  CHECK(kernel.calls.sends == 2);
  CHECK(kernel.calls.others == 1);  // watched anew
  // Descriptors that report no such edge are not refused: they would wait for ever.
  REQUIRE(kernel.watch(0, fd, 7, os::Watch::edge_in));
  for (int i = 0; i < 9; ++i) CHECK(kernel.send(fd, base::bytes_of("1")).outcome == os::IoOutcome::ok);
}

TEST_CASE("faulty kernel: no descriptors, no memory") {
  Faulty kernel(plan("emfile=2,enomem=2"));
  const os::Listening listening = kernel.listen({os::Endpoint(*os::Address::parse("127.0.0.1", 1))});
  CHECK(kernel.accept(listening.fd).outcome == os::AcceptOutcome::would_block);
  const os::Accepted failed = kernel.accept(listening.fd);
  CHECK(failed.outcome == os::AcceptOutcome::exhausted);
  CHECK(failed.error == EMFILE);
  CHECK(kernel.map_private(4096).bytes != nullptr);
  CHECK(kernel.map_private(4096).bytes == nullptr);
}

TEST_CASE("faulty kernel: a CHECK fails in the N-th wait") {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    Faulty kernel(plan("failed_check=2"));
    std::vector<os::Ready> ready(1);
    kernel.wait(0, ready, 0);
    base::last_words.store([] { ::_exit(3); });
    kernel.wait(0, ready, 0);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 3);
}
