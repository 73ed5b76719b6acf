// Covers native/codec/http2/http2_headers.cc.
// Owner: the test. Thread: main.
#include "native/codec/http2/http2_headers.h"

#include <string>

#include "test/native/codec/http2/http2_wire.h"

using codec::HeaderList;
using codec::Http2Headers;
using namespace std::string_view_literals;

namespace {

/// What a user is handed on.
struct Taken final : codec::Http2Fields {
  void on_field(std::string_view name, std::string_view value) override { fields.emplace_back(name, value); }
  h2::Fields fields;
};

Http2Headers headers_of(const h2::Fields& fields, Taken* user, const codec::HeaderLimits& limits) {
  Http2Headers headers(limits, user);
  for (const auto& [name, value] : fields) headers.on_field({name, value});
  return headers;
}

constexpr codec::HeaderLimits usual_limits;

h2::Fields good(const h2::Fields& more = {}) { return h2::call_fields("/MessageService/Publish", more); }

/// The fields of a good request without that one, or with another value.
h2::Fields changed(const std::string& name, const std::string& value = {}) {
  h2::Fields fields = good();
  std::erase_if(fields, [&](auto& field) { return field.first == name && value.empty(); });
  for (auto& field : fields) {
    if (field.first == name) field.second = value;
  }
  return fields;
}

/// Of a request.
bool malformed(const h2::Fields& fields) {
  Taken taken;
  return headers_of(fields, &taken, usual_limits).malformed();
}

std::optional<std::uint64_t> content_length(const h2::Fields& fields) {
  Taken taken;
  return headers_of(fields, &taken, usual_limits).content_length();
}

bool malformed_trailers(const h2::Fields& fields) { return headers_of(fields, nullptr, usual_limits).malformed(); }

}  // namespace

TEST_CASE("http2 headers: the fields of a good request are handed on as they are, in their order") {
  const h2::Fields fields = good({{"user-agent", "grpc-go/1.50"}, {"x-some", "a b"}, {"x-some", "again"}});
  Taken taken;
  const Http2Headers headers = headers_of(fields, &taken, usual_limits);
  CHECK(!headers.malformed());
  CHECK(headers.list() == HeaderList::whole);
  CHECK(!headers.content_length().has_value());
  CHECK(taken.fields == fields);
}

TEST_CASE("http2 headers: nothing is handed on from where a request is malformed") {
  Taken taken;
  CHECK(headers_of(good({{"x", "1"}, {"Upper", "2"}, {"y", "3"}}), &taken, usual_limits).malformed());
  CHECK(taken.fields == good({{"x", "1"}}));
}

TEST_CASE("http2 headers: pseudo-header fields come first, once, and only those of a request") {
  CHECK(malformed({}));
  CHECK(malformed(changed(":method")));
  CHECK(malformed(changed(":scheme")));
  CHECK(malformed(changed(":path")));
  CHECK(!malformed(changed(":authority")));
  CHECK(malformed({{":method", "POST"}, {":scheme", "http"}, {":path", ""}}));
  CHECK(malformed(good({{":authority", "late"}})));
  h2::Fields twice = good();
  twice.insert(twice.begin(), {":method", "POST"});
  CHECK(malformed(twice));
  for (const std::string name : {":status", ":protocol", ":", ":Method"}) {
    h2::Fields fields = good();
    fields.insert(fields.begin(), {name, "200"});
    CHECK(malformed(fields));
  }
}

TEST_CASE("http2 headers: names and values that HTTP/2 does not allow") {
  for (const std::string_view name : {""sv, "Upper"sv, "with space"sv, "with:colon"sv, "nul\0"sv, "\x80"sv, "tab\t"sv, "cr\r"sv}) {
    CAPTURE(name);
    CHECK(malformed(good({{std::string(name), "x"}})));
  }
  for (const std::string_view value : {"a\nb"sv, "a\rb"sv, "a\0b"sv, " a"sv, "a "sv, "\ta"sv, "a\t"sv}) {
    CHECK(malformed(good({{"x", std::string(value)}})));
  }
  CHECK(!malformed(good({{"x", ""}, {"y", "a b\tc"}, {"z", "\xC3\xA9"}, {"!#$%&'*+-.^_`|~09az", "ok"}})));
}

TEST_CASE("http2 headers: fields of an HTTP/1.1 connection") {
  for (const std::string name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) CHECK(malformed(good({{name, "x"}})));
  CHECK(malformed(good({{"te", "gzip"}})));
  CHECK(malformed(good({{"te", "trailers, deflate"}})));
}

TEST_CASE("http2 headers: the content's length") {
  CHECK(content_length(good({{"content-length", "12"}})) == 12);
  CHECK(content_length(good({{"content-length", "12"}, {"content-length", "12"}})) == 12);
  CHECK(malformed(good({{"content-length", "12"}, {"content-length", "13"}})));
  for (const std::string value : {"", "-1", "+1", "1x", "0x1", "99999999999999999999", "18446744073709551615", "1,1"}) {
    CHECK(malformed(good({{"content-length", value}})));
  }
}

TEST_CASE("http2 headers: fields and bytes are counted as what they stand for") {
  const codec::HeaderLimits limits = {.list_bytes_max = 16 * 1024, .fields_max = 100};
  const auto list_of = [&](const h2::Fields& fields) {
    Taken taken;
    const Http2Headers headers = headers_of(fields, &taken, limits);
    CHECK(!headers.malformed());
    return headers.list();
  };
  h2::Fields fields = good();
  while (fields.size() < 100) fields.emplace_back("cookie", "crumb=1");
  CHECK(list_of(fields) == HeaderList::whole);
  fields.emplace_back("cookie", "crumb=1");
  CHECK(list_of(fields) == HeaderList::too_large);

  const auto padded = [&](std::size_t bytes) { return list_of(good({{"x", std::string(bytes, 'x')}})); };
  std::size_t list_bytes = 33;
  for (const auto& [name, value] : good()) list_bytes += name.size() + value.size() + 32;
  CHECK(padded(16 * 1024 - list_bytes) == HeaderList::whole);
  CHECK(padded(16 * 1024 - list_bytes + 1) == HeaderList::too_large);
}

TEST_CASE("http2 headers: trailers have no pseudo-header fields") {
  CHECK(!malformed_trailers({{"x-checksum", "1"}}));
  CHECK(!malformed_trailers({}));
  CHECK(malformed_trailers({{":path", "/"}}));
  CHECK(malformed_trailers({{"connection", "close"}}));
}
