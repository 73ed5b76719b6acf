// Texts that look like JSON and are not (RFC 8259); some would be client events if a reader were lenient.
// Owner: the test. Thread: main.
#pragma once

#include <string_view>

using namespace std::string_view_literals;

inline constexpr std::string_view malformed_json[] = {
    // Nothing, or no value.
    ""sv, " "sv, "\n\t"sv, "\0"sv, "\x1F"sv, ","sv, ":"sv, "}"sv, "]"sv, ")"sv, "//"sv, "/* */"sv, "#"sv, "'"sv, "`"sv,
    "\""sv, "\\"sv,
    // Words.
    "t"sv, "tru"sv, "truee"sv, "True"sv, "TRUE"sv, "f"sv, "fals"sv, "falsey"sv, "n"sv, "nul"sv, "nulll"sv, "nil"sv,
    "None"sv, "undefined"sv, "NaN"sv, "Infinity"sv, "-Infinity"sv, "client-typing"sv, "true false"sv, "null,"sv,
    // Numbers.
    "-"sv, "+1"sv, "01"sv, "-01"sv, "00"sv, "1."sv, ".1"sv, "-.1"sv, "1.e1"sv, "1e"sv, "1e+"sv, "1e-"sv, "1E"sv,
    "1ee1"sv, "1e1.5"sv, "1.2.3"sv, "--1"sv, "0x10"sv, "1_000"sv, "1,000"sv, "1 2"sv, "١"sv, "1\0"sv, "0e"sv, "1a"sv,
    // Strings.
    "\"open"sv, "\"\\"sv, "\"\\\""sv, "\"\\x41\""sv, "\"\\a\""sv, "\"\\0\""sv, "\"\\'\""sv, "\"\\U0041\""sv,
    "\"\\u\""sv, "\"\\u1\""sv, "\"\\u12\""sv, "\"\\u123\""sv, "\"\\u123g\""sv, "\"\\u 123\""sv, "\"\\u-123\""sv,
    "\"\\ud83d\\u\""sv, "\"\\u12"sv, "\"line\nbreak\""sv, "\"tab\there\""sv, "\"zero\0here\""sv, "\"\x1F\""sv,
    "'single'"sv, "\"two\" \"strings\""sv, "\"end\"x"sv, "\"a\" + \"b\""sv, "“curly”"sv, "\"\\\n\""sv,
    // Arrays.
    "["sv, "[[]"sv, "[]]"sv, "[,]"sv, "[1,]"sv, "[,1]"sv, "[1,,2]"sv, "[1 2]"sv, "[1;2]"sv, "[1:2]"sv, "[1}"sv,
    "[\"a\":1]"sv, "[1"sv, "[1,"sv, "[\"a\""sv, "[]["sv, "[],"sv, "[/**/]"sv, "[1,//\n2]"sv, "[...]"sv,
    // Objects.
    "{"sv, "{{"sv, "{{}}"sv, "{[]}"sv, "{]"sv, "{}}"sv, "{,}"sv, "{1}"sv, "{1:2}"sv, "{null:1}"sv, "{event:1}"sv,
    "{'event':1}"sv, "{\"a\"}"sv, "{\"a\":}"sv, "{\"a\":1,}"sv, "{,\"a\":1}"sv, "{\"a\":1,,\"b\":2}"sv,
    "{\"a\":1 \"b\":2}"sv, "{\"a\":1;\"b\":2}"sv, "{\"a\" 1}"sv, "{\"a\"=1}"sv, "{\"a\"::1}"sv, "{\"a\":1:2}"sv,
    "{\"a\":1"sv, "{\"a\":1]"sv, "{\"a\""sv, "{\"a"sv, "{\"a\":"sv, "{\"a\":\""sv, "{\"a\":1,"sv, "{\"a\":1,\"b\"}"sv,
    "{} {}"sv, "{}null"sv, "{}\0"sv, "{\"\n\":1}"sv, "{\"\\q\":1}"sv, "{\"a\":tru}"sv, "{\"a\":01}"sv, "{\"a\":[}"sv,
    "{\"a\":[1,2}"sv, "{\"a\":{\"b\":1}"sv,
    // Foreign space, and a byte order mark.
    "\xEF\xBB\xBF{}"sv, "\xC2\xA0{}"sv, "{}\xC2\xA0"sv, "{\v}"sv, "{}\f"sv, "[\xE2\x80\xA8]"sv,
    // Client events and pings that are nearly right.
    R"({"event":"pusher:ping","data":{})"sv, R"({"event":"pusher:ping"}})"sv, R"({"event":"pusher:ping"} x)"sv,
    R"({"event":"pusher:ping",})"sv, R"({'event':'pusher:ping'})"sv, R"({event:"pusher:ping"})"sv,
    R"({"event":"pusher:ping)"sv, R"("event":"pusher:ping")"sv,
    R"({"event":"client-a","channel":"private-c","data":"\x"})"sv,
    R"({"event":"client-a","channel":"private-c","data":})"sv,
    R"({"event":"client-a","channel":"private-c","data":1.})"sv,
    R"({"event":"client-a","channel":"private-c","data":[1,2})"sv,
    R"({"event":"client-a","channel":"private-c","data":"d"}])"sv,
    R"({"event":"client-a","channel":"private-c" "data":"d"})"sv,
    R"({"event":"client-a","channel":"private-\u00g0","data":"d"})"sv,
    "{\"event\":\"client-a\",\"channel\":\"private-c\",\"data\":\"a\nb\"}"sv,
    R"({"event":"client-a","channel":"private-c","data":{"a":{"b":[1,{"c":nul}]}}})"sv,
    R"({"event":"client-a","channel":"private-c","data":"d"},)"sv,
};
