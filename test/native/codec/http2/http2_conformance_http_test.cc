// Covers native/codec/grpc/grpc_request.cc and http2_connection_headers.cc against RFC 9113 §8, HTTP's semantics: fields, pseudo-fields, content.
// Requests that are sound and do not speak gRPC are answered with HTTP statuses (docs/protocols.md).
// Owner: the test. Thread: main.
#include "test/native/codec/http2/http2_conformance.h"

using namespace h2;
using enum codec::Http2Error;

namespace {

Wire request_of(const Fields& fields) { return headers(1, block(fields)); }

/// A call with one field more behind the others.
Wire with(const std::string& name, const std::string& value) { return call(1, publish_path, {{name, value}}); }

/// A call without one of its fields.
Wire without(const std::string& name) {
  Fields fields = call_fields(publish_path);
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return request_of(fields);
}

/// One field more before the others.
Wire after(const std::string& name, const std::string& value) {
  Fields fields = call_fields(publish_path);
  fields.insert(fields.begin(), {name, value});
  return request_of(fields);
}

Wire trailers_with(const std::string& name, const std::string& value) {
  return open_stream() + headers(1, block({{name, value}}), flag::end_headers | flag::end_stream);
}

const Wire content = grpc(message(1, "x"));  // 10 bytes
const std::string published = ok_headers(1) + "DATA(1,00000000040a026f6b) " + ended(1, 0);

}  // namespace

TEST_CASE("http2 conformance: §8.1, the order of a request's parts") {
  check_rows({
      {"8.1", "headers, content, trailers", open_stream() + data(1, content) + headers(1, block({{"x", "y"}}), flag::end_headers | flag::end_stream), says(published)},
      {"8.1", "headers that end the request", headers(1, block(call_fields(publish_path)), flag::end_headers | flag::end_stream), says(published)},
      {"8.1", "a second header block that does not end it", open_stream() + headers(1, block({{"x", "y"}})), resets(1, protocol_error)},
      {"8.1", "a request, then trailers that name a method", trailers_with(":method", "POST"), resets(1, protocol_error)},
      {"8.1", "trailers with a field that is malformed", trailers_with("X", "y"), resets(1, protocol_error)},
      {"8.1.1", "content as long as it was announced", with("content-length", "10") + data(1, content) + end_data(1), says(published)},
      {"8.1.1", "content of several frames as long as it was announced",
       with("content-length", "10") + data(1, Wire(content.begin(), content.begin() + 4)) + end_data(1, Wire(content.begin() + 4, content.end())), says(published)},
      {"8.1.1", "longer content", with("content-length", "9") + end_data(1, content), resets(1, protocol_error)},
      {"8.1.1", "shorter content", with("content-length", "11") + end_data(1, content), resets(1, protocol_error)},
      {"8.1.1", "shorter content of several frames", with("content-length", "21") + data(1, content) + end_data(1, content), resets(1, protocol_error)},
      {"8.1.1", "none, where some was announced", headers(1, block(call_fields(publish_path, {{"content-length", "1"}})), flag::end_headers | flag::end_stream), resets(1, protocol_error)},
      {"8.1.1", "two lengths that differ", call(1, publish_path, {{"content-length", "1"}, {"content-length", "2"}}), resets(1, protocol_error)},
      {"8.1.1", "a length that is no number", with("content-length", "ten"), resets(1, protocol_error)},
  });
}

TEST_CASE("http2 conformance: §8.2, fields") {
  check_rows({
      {"8.2", "any field in lower case", with("x-custom_1!#$%&'*+-.^`|~", "any value, \"quoted\" \xC3\xA9"), takes_call()},
      {"8.2", "an empty value", with("x", ""), takes_call()},
      {"8.2.1", "a name in upper case", with("X-Test", "y"), resets(1, protocol_error)},
      {"8.2.1", "an empty name", with("", "y"), resets(1, protocol_error)},
      {"8.2.1", "a space in a name", with("a b", "y"), resets(1, protocol_error)},
      {"8.2.1", "a control character in a name", with("a\x01", "y"), resets(1, protocol_error)},
      {"8.2.1", "DEL in a name", with("a\x7F", "y"), resets(1, protocol_error)},
      {"8.2.1", "a byte over 127 in a name", with("a\xFF", "y"), resets(1, protocol_error)},
      {"8.2.1", "a colon within a name", with("a:b", "y"), resets(1, protocol_error)},
      {"8.2.1", "NUL in a value", with("x", std::string("a\0b", 3)), resets(1, protocol_error)},
      {"8.2.1", "LF in a value", with("x", "a\nb"), resets(1, protocol_error)},
      {"8.2.1", "CR in a value", with("x", "a\rb"), resets(1, protocol_error)},
      {"8.2.1", "a value that begins with a space", with("x", " a"), resets(1, protocol_error)},
      {"8.2.1", "a value that ends with a tab", with("x", "a\t"), resets(1, protocol_error)},
      {"8.2.2", "connection", with("connection", "keep-alive"), resets(1, protocol_error)},
      {"8.2.2", "keep-alive", with("keep-alive", "timeout=5"), resets(1, protocol_error)},
      {"8.2.2", "proxy-connection", with("proxy-connection", "keep-alive"), resets(1, protocol_error)},
      {"8.2.2", "transfer-encoding", with("transfer-encoding", "chunked"), resets(1, protocol_error)},
      {"8.2.2", "upgrade", with("upgrade", "h2c"), resets(1, protocol_error)},
      {"8.2.2", "te with another value than trailers", with("te", "trailers, deflate"), resets(1, protocol_error)},
      {"8.2.3", "crumbs of a cookie", call(1, publish_path, {{"cookie", "a=b"}, {"cookie", "c=d"}}), takes_call()},
  });
}

TEST_CASE("http2 conformance: §8.3, pseudo-fields") {
  check_rows({
      {"8.3", "one that is unknown", after(":test", "x"), resets(1, protocol_error)},
      {"8.3", "one of responses", after(":status", "200"), resets(1, protocol_error)},
      {"8.3", "one of them in trailers", trailers_with(":path", "/"), resets(1, protocol_error)},
      {"8.3", "one behind other fields", with(":authority", "localhost"), resets(1, protocol_error)},
      {"8.3.1", "no method", without(":method"), resets(1, protocol_error)},
      {"8.3.1", "no scheme", without(":scheme"), resets(1, protocol_error)},
      {"8.3.1", "no path", without(":path"), resets(1, protocol_error)},
      {"8.3.1", "no authority", without(":authority"), takes_call()},
      {"8.3.1", "an empty path", call(1, ""), resets(1, protocol_error)},
      {"8.3.1", "two methods", after(":method", "POST"), resets(1, protocol_error)},
      {"8.3.1", "two schemes", after(":scheme", "http"), resets(1, protocol_error)},
      {"8.3.1", "two paths", after(":path", "/"), resets(1, protocol_error)},
      {"8.3.1", "two authorities", after(":authority", "localhost"), resets(1, protocol_error)},
      {"8.3.1", "a sound GET (this server speaks gRPC only)", request_of({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "localhost"}}),
       says("ENDHEADERS(1 :status=405 allow=POST) ")},
      {"8.3.1", "a sound POST of something else (the same)", request_of({{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {"content-type", "text/plain"}}),
       says("ENDHEADERS(1 :status=415) ")},
      {"8.5", "CONNECT, which has neither scheme nor path (this server is no proxy)", request_of({{":method", "CONNECT"}, {":authority", "localhost:80"}}), resets(1, protocol_error)},
  });
}
