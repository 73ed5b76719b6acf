// Covers native/codec/websocket/websocket_upgrade.cc (RFC 6455 §4.2; Autobahn does not test handshakes).
// Owner: the test. Thread: main.
#include "native/codec/websocket/websocket_upgrade.h"

#include <string>

#include "test/native/vendor/doctest.h"

namespace {

const std::string host = "Host: server.example.com\r\n";
const std::string upgrade = "Upgrade: websocket\r\n";
const std::string connection = "Connection: Upgrade\r\n";
const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string version = "Sec-WebSocket-Version: 13\r\n";

codec::Upgrade answer_to(const std::string& headers, const std::string& method = "GET") {
  const std::string text = method + " /chat HTTP/1.1\r\n" + headers + "\r\n";
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  return codec::accept_websocket_upgrade(parsed.request);
}

/// 101, or the status of the refusal.
int status_of(const std::string& headers, const std::string& method = "GET") {
  const codec::Upgrade answer = answer_to(headers, method);
  if (answer.accepted) return 101;
  REQUIRE(!answer.refusal.reason.empty());
  REQUIRE(answer.accept_key.empty());
  return answer.refusal.status;
}

}  // namespace

TEST_CASE("upgrade: the example of RFC 6455 §1.3") {
  const codec::Upgrade answer = answer_to(host + upgrade + connection + key + version);
  REQUIRE(answer.accepted);
  CHECK(answer.accept_key == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(codec::write_upgrade_response(answer, "") ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  CHECK(codec::write_upgrade_response(answer, "subscribe").ends_with("YGzzhZRbK+xOo=\r\nBroker-Role: subscribe\r\n\r\n"));
}

TEST_CASE("upgrade: what browsers and proxies add is accepted") {
  CHECK(status_of(host + upgrade + "Connection: keep-alive, Upgrade\r\n" + key + version) == 101);
  CHECK(status_of(host + upgrade + "Connection: keep-alive\r\nConnection: upgrade\r\n" + key + version) == 101);
  CHECK(status_of(host + "upgrade: WebSocket\r\n" + "connection: UPGRADE\r\n" + key + version) == 101);
  CHECK(status_of(host + "Upgrade: h2c , websocket\r\n" + connection + key + version) == 101);
  CHECK(status_of(host + upgrade + connection + key + version + "Content-Length: 0\r\n") == 101);
  CHECK(status_of(host + upgrade + connection + key + version +
                  "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n") == 101);
}

TEST_CASE("upgrade: each missing or wrong part has its own status") {
  CHECK(status_of(host + upgrade + connection + key + version, "POST") == 405);
  CHECK(status_of(host + upgrade + connection + key + version, "get") == 501);  // methods have a case (RFC 9110 §9.1)
  CHECK(status_of(host + upgrade + connection + key + version, "BREW") == 501);
  CHECK(status_of(host + connection + key + version) == 426);
  CHECK(status_of(host + "Upgrade: h2c\r\n" + connection + key + version) == 426);
  CHECK(status_of(host + "Upgrade: websockets\r\n" + connection + key + version) == 426);
  CHECK(status_of(host + upgrade + key + version) == 400);
  CHECK(status_of(host + upgrade + "Connection: keep-alive\r\n" + key + version) == 400);
  CHECK(status_of(host + upgrade + "Connection: upgraded\r\n" + key + version) == 400);
  CHECK(status_of(host + upgrade + connection + key) == 426);
  CHECK(status_of(host + upgrade + connection + key + "Sec-WebSocket-Version: 8\r\n") == 426);
  CHECK(status_of(host + upgrade + connection + key + "Sec-WebSocket-Version: 13, 8\r\n") == 426);
  CHECK(status_of(host + upgrade + connection + key + version + version) == 426);
  CHECK(status_of(host) == 426);  // a plain HTTP request
}

TEST_CASE("upgrade: the key is one header with 16 bytes in base64") {
  const auto with_key = [](const std::string& value) {
    return status_of(host + upgrade + connection + version + "Sec-WebSocket-Key: " + value + "\r\n");
  };
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAAAA==") == 101);
  CHECK(with_key("") == 400);
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAAAAAA") == 400);      // 18 bytes
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAAAAA=") == 400);      // 17 bytes
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAA") == 400);          // 15 bytes
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAAA===") == 400);
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAA!A==") == 400);
  CHECK(with_key("AAAAAAAAAA AAAAAAAAAAA==") == 400);
  CHECK(with_key("AAAAAAAAAAAAAAAAAAAAAA") == 400);
  CHECK(status_of(host + upgrade + connection + version) == 400);
  CHECK(status_of(host + upgrade + connection + version + key + key) == 400);
}

TEST_CASE("upgrade: a body would be taken for frames") {
  CHECK(status_of(host + upgrade + connection + key + version + "Content-Length: 10\r\n") == 400);
  CHECK(status_of(host + upgrade + connection + key + version + "Transfer-Encoding: chunked\r\n") == 400);
}

TEST_CASE("upgrade: the first subprotocol offered is selected, credentials never") {
  const auto selected = [](const std::string& lines) {
    const codec::Upgrade answer = answer_to(host + upgrade + connection + key + version + lines);
    REQUIRE(answer.accepted);
    const std::string response = codec::write_upgrade_response(answer, "");
    CHECK((response.find("Sec-WebSocket-Protocol: ") != std::string::npos) == !answer.subprotocol.empty());
    return std::string(answer.subprotocol);
  };
  CHECK(selected("Sec-WebSocket-Protocol: chat, superchat\r\n") == "chat");
  CHECK(selected("Sec-WebSocket-Protocol: v12.stomp\r\nSec-WebSocket-Protocol: mqtt\r\n") == "v12.stomp");
  CHECK(selected("Sec-WebSocket-Protocol: bearer.c2VjcmV0, chat\r\n") == "chat");
  CHECK(selected("Sec-WebSocket-Protocol: bearer.c2VjcmV0\r\n") == "");
  CHECK(selected("Sec-WebSocket-Protocol: bearer, bearer.c2VjcmV0\r\n") == "bearer");
  CHECK(selected("") == "");
  for (const std::string bad : {"", "a b", "a,,b", "a,", "a;b", "\"a\""}) {
    CAPTURE(bad);
    CHECK(status_of(host + upgrade + connection + key + version + "Sec-WebSocket-Protocol: " + bad + "\r\n") == 400);
  }
}

TEST_CASE("upgrade: HTTP/1.0 cannot, and is told what to set") {
  for (const std::string& headers : {host + "Connection: close\r\n", host + upgrade + connection + key + version, std::string()}) {
    const std::string text = "GET /chat HTTP/1.0\r\n" + headers + "\r\n";
    const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
    REQUIRE(parsed.status == codec::HttpParseStatus::complete);
    const codec::Upgrade answer = codec::accept_websocket_upgrade(parsed.request);
    CHECK(answer.refusal.status == 426);
    CHECK(answer.refusal.reason.find("proxy_http_version 1.1") != std::string::npos);
  }
}

TEST_CASE("upgrade: OPTIONS * is answered, HEAD without a body") {
  const std::string text = "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto parsed = codec::parse_http_request(base::bytes_of(text), 0, {});
  REQUIRE(parsed.status == codec::HttpParseStatus::complete);
  CHECK(codec::accept_websocket_upgrade(parsed.request).refusal.status == 204);
  CHECK_FALSE(answer_to(host, "HEAD").refusal.body);
  CHECK(answer_to(host, "PUT").refusal.body);
  CHECK(status_of(host, "OPTIONS") == 405);
}
