// Covers native/codec/http_publish/http_publish_codec.cc: requests whole and cut anywhere, one behind the other, and what ends a connection.
// Owner: the test. Thread: main.
#include "test/native/codec/http_publish/posts.h"
#include "test/native/doctest_last.h"

namespace {

const std::string host = " HTTP/1.1\r\nHost: a\r\n";

std::string post_of(const std::string& target, const std::string& body, const std::string& more = "") {
  return "POST " + target + host + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunked_of(const std::string& chunks) { return "POST /a" + host + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks; }

const std::string text = "Content-Type: text/plain\r\n";

}  // namespace

TEST_CASE("posts: one, and several behind each other") {
  posts::check(post_of("/a", "hello", text), "head(/a) post(text,hello) open");
  posts::check(post_of("/a", "one", text) + post_of("/b", "two") + post_of("/a", "three", text),
               "head(/a) post(text,one) head(/b) post(binary,two) head(/a) post(text,three) open");
  posts::check("\r\n" + post_of("/a", "hello", text), "head(/a) post(text,hello) open");
}

TEST_CASE("posts: without a length there is no body") {
  posts::check("POST /a" + host + "\r\n" + post_of("/b", "x", text), "head(/a) post(binary,) head(/b) post(text,x) open");
  posts::check(post_of("/a", "", text), "head(/a) post(text,) open");
}

TEST_CASE("posts: text, binary, and what curl says of everything") {
  const auto kind = [](const std::string& type, const std::string& body) {
    posts::Run run;
    run.feed(post_of("/a", body, type.empty() ? "" : "Content-Type: " + type + "\r\n"));
    return run.result();
  };
  for (const char* const type : {"text/plain", "TEXT/HTML; charset=x", "application/json", "application/JSON;charset=utf-8", "application/x-www-form-urlencoded"}) {
    CHECK(kind(type, "x") == "head(/a) post(text,x) open");
  }
  for (const char* const type : {"", "application/octet-stream", "image/png", "application/jsonx", "textual"}) CHECK(kind(type, "x") == "head(/a) post(binary,x) open");
  CHECK(kind("application/x-www-form-urlencoded", "\xff") == "head(/a) post(binary,\xff) open");
  CHECK(kind("text/plain", "\xff") == "head(/a) refused(400) open");
}

TEST_CASE("posts: chunks are one message") {
  posts::check(chunked_of("5\r\nhello\r\n0\r\n\r\n"), "head(/a) post(text,hello) open");
  posts::check(chunked_of("1\r\na\r\n00B\r\n\r\n0\r\n\r\n0\r\n\r\r\n0\r\n\r\n") + post_of("/b", "x", text), "head(/a) post(text,a\r\n0\r\n\r\n0\r\n\r) head(/b) post(text,x) open");
  posts::check(chunked_of("0\r\n\r\n"), "head(/a) post(text,) open");
  posts::check(chunked_of("A;x=y;\"z\"\r\n0123456789\r\n0;last\r\nX-Trailer: 1\r\nOther:\r\n\r\n") + post_of("/b", "x", text),
               "head(/a) post(text,0123456789) head(/b) post(text,x) open");
}

TEST_CASE("posts: what two readers could read differently is refused, and ends it") {
  const std::string refused = "head(/a) refused(400) closed";
  for (const std::string chunks : {"5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "-1\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
                                   "5\r\nhello!\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\rx\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n", "5 x\r\nhello\r\n0\r\n\r\n",
                                   "0\r\nno colon\r\n\r\n", "0\r\n folded: x\r\n\r\n", "0\r\nX : y\r\n\r\n", "00000000000000005\r\nhello\r\n0\r\n\r\n", "5\x01\r\nhello\r\n0\r\n\r\n"}) {
    CAPTURE(chunks);
    posts::check(chunked_of(chunks), refused);
  }
  posts::check("POST /a" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "refused(400) closed");
  posts::check("POST /a" + host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "refused(400) closed");
  posts::check("POST /a" + host + "Content-Length: 5, 5\r\n\r\nhello", "refused(400) closed");
  posts::check("POST /a" + host + "Content-Length: +5\r\n\r\nhello", "refused(400) closed");
  posts::check("POST /a" + host + "Content-Length : 5\r\n\r\nhello", "refused(400) closed");
  posts::check("POST /a" + host + "X: a\r\n b\r\nContent-Length: 5\r\n\r\nhello", "refused(400) closed");
  posts::check("POST /a" + host + "Transfer-Encoding: chunked, identity\r\n\r\n", "refused(501) closed");
  posts::check("POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "head(/a) refused(400) closed");
}

TEST_CASE("posts: a message's bound, from the head or a chunk's size alone") {
  posts::Setup small;
  small.limits.websocket.message_bytes_max = 10;
  posts::check(post_of("/a", "0123456789", text), "head(/a) post(text,0123456789) open", small);
  posts::check("POST /a" + host + "Content-Length: 11\r\n\r\n", "head(/a) refused(413) closed", small);
  posts::check("POST /a" + host + "Content-Length: 99999999999999999999999999\r\n\r\n", "head(/a) refused(413) closed", small);
  posts::check(chunked_of("a\r\n0123456789\r\n0\r\n\r\n"), "head(/a) post(text,0123456789) open", small);
  posts::check(chunked_of("5\r\n01234\r\n6\r\n"), "head(/a) refused(413) closed", small);
  posts::check(chunked_of("ffffffffffffffff\r\n"), "head(/a) refused(413) closed", small);
}

TEST_CASE("posts: what stands between chunks has a bound, also where no line ends") {
  const auto result = [](const std::string& chunks) {
    posts::Run run;
    run.feed(chunked_of(chunks));
    return run.result();
  };
  CHECK(result("5;" + std::string(5000, 'x')) == "head(/a) refused(400) closed");
  CHECK(result("0\r\n" + std::string(5000, 'x')) == "head(/a) refused(400) closed");
  std::string many;
  for (int i = 0; i < 20; ++i) many += "1;" + std::string(1000, 'x') + "\r\ny\r\n";
  CHECK(result(many) == "head(/a) refused(400) closed");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 20; ++i) trailers += "X: " + std::string(1000, 'x') + "\r\n";
  CHECK(result(trailers) == "head(/a) refused(400) closed");
}

TEST_CASE("posts: a refusal behind which the next request is found leaves the connection open") {
  const std::string next = post_of("/b", "x", text);
  posts::Run whole;
  whole.feed(post_of("/refused", "hello", text) + next);
  CHECK(whole.result() == "head(/refused) refused(403) head(/b) post(text,x) open");
  posts::Run in_part;
  in_part.feed("POST /refused" + host + "Content-Length: 5\r\n\r\nhel");
  CHECK(in_part.result() == "head(/refused) refused(403) closed");
  posts::check("POST /refused" + host + "\r\n" + next, "head(/refused) refused(403) head(/b) post(text,x) open");
  posts::Run coded;
  coded.feed(post_of("/a", "hello", "Content-Encoding: gzip\r\n") + post_of("/a", "x", "Expect: a miracle\r\n") + next);
  CHECK(coded.result() == "head(/a) refused(415) head(/a) refused(417) head(/b) post(text,x) open");
}

TEST_CASE("posts: the last request of a connection") {
  posts::check(post_of("/a", "x", text + "Connection: close\r\n") + post_of("/b", "y"), "head(/a) post(text,x) closed");
  posts::check("POST /a HTTP/1.0\r\nContent-Length: 1\r\n\r\nxPOST", "head(/a) post(binary,x) closed");
  posts::check(post_of("/a", "\xff", text + "Connection: keep-alive, Close\r\n"), "head(/a) refused(400) closed");
}

TEST_CASE("posts: Expect gets its word only while the body has not come") {
  posts::Run waits;
  waits.feed("POST /a" + host + text + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(waits.recorder().continued);
  CHECK(waits.codec().unfinished().any);
  waits.feed("hello");
  CHECK(waits.result() == "head(/a) post(text,hello) open");
  posts::Run sends;
  sends.feed("POST /a" + host + text + "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\nhello");
  CHECK(!sends.recorder().continued);
  posts::Run old;
  old.feed("POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  CHECK(!old.recorder().continued);
}

TEST_CASE("posts: an Idempotency-Key goes with its request, and with no other") {
  posts::check(post_of("/a", "x", text + "Idempotency-Key: \"8e03978e\"\r\n") + post_of("/a", "y", text), "head(/a) post(text,x,\"8e03978e\") head(/a) post(text,y) open");
  for (const std::string key : {"", " ", "a b", "\xc3\xa4"}) {
    posts::Run run;
    run.feed(post_of("/a", "x", "Idempotency-Key: " + key + "\r\n"));
    CHECK(run.result() == "head(/a) refused(400) open");
  }
  posts::Run two;
  two.feed(post_of("/a", "x", "Idempotency-Key: a\r\nidempotency-key: b\r\n") + post_of("/a", "x", "Idempotency-Key: " + std::string(256, 'k') + "\r\n"));
  CHECK(two.result() == "head(/a) refused(400) head(/a) refused(400) open");
}

TEST_CASE("posts: what is another's is given back from its first byte on") {
  const std::string other = "GET /up" + host + "\r\n";
  posts::Run run;
  run.feed(post_of("/a", "x", text) + other + "and more");
  CHECK(run.result() == "head(/a) post(text,x) other(" + other + "and more) open");
  for (std::size_t split = 0; split < other.size(); ++split) {
    posts::Run cut;
    cut.feed(post_of("/a", "x", text) + other.substr(0, split));
    cut.feed(other.substr(split) + "and more");
    CHECK(cut.result() == "head(/a) post(text,x) other(" + other + "and more) open");
  }
}

TEST_CASE("posts: who has to wait behind a request loses none") {
  posts::Setup waits;
  waits.flow = codec::PostFlow::wait;
  posts::check(post_of("/a", "one", text) + chunked_of("3\r\ntwo\r\n0\r\n\r\n") + post_of("/b", "three", text),
               "head(/a) post(text,one) head(/a) post(text,two) head(/b) post(text,three) open", waits);
}

TEST_CASE("posts: what is kept of a request grows with what has come of it, and is let go") {
  codec::CodecLimits limits;
  limits.websocket.message_bytes_max = 1 << 20;
  posts::Run run({limits});
  CHECK(!run.codec().unfinished().any);
  run.feed("POST /a" + host + "Content-Length: 1000000\r\n\r\n");
  CHECK(run.codec().unfinished().any);
  CHECK(run.codec().unfinished().bytes < 10'000);
  run.feed(std::string(500'000, 'x'));
  CHECK(run.codec().unfinished().bytes >= 500'000);
  CHECK(run.codec().unfinished().bytes < 1'100'000);
  run.feed(std::string(500'000, 'x'));
  CHECK(!run.codec().unfinished().any);
  CHECK(run.codec().unfinished().bytes < 10'000);
}
