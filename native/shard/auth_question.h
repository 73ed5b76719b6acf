// What is asked of the control plane about who may do what, and what it answers.
// Owner: values. Thread: questions are made by shards and read elsewhere; answers the other way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "native/codec/http1/http_credential.h"
#include "native/codec/protocol.h"
#include "native/topic/grants.h"
#include "native/transport/identity.h"

namespace shard {

/// Texts are as they came, and may be anything but too long: all of them together come from one request's head.
struct AuthQuestion {
  std::uint32_t number = 0;     // of this connection's
  std::uint16_t listener = 0;   // its index in EngineOptions::listeners
  codec::ProtocolId protocol{};
  topic::Use use{};
  bool proxied = false;         // somebody stands between, so that the peer is not known to be of this machine
  std::string peer = {};        // without a port; `unix` on a Unix socket
  std::optional<std::string> origin = {};
  std::vector<std::string> topics = {};  // none where they are named later
  codec::HttpCredential credential = {};
  std::optional<std::string> metadata = {};  // `authorization` of a gRPC call
  std::optional<transport::Identity> certificate = {};  // of the client, verified by TLS
  std::vector<std::pair<std::string, std::string>> headers = {};  // that are wanted besides, names in small letters
};

/// One answer.
struct AuthVerdict {
  std::uint32_t number = 0;  // the question's
  bool allows = false;

  // When it does.
  topic::GrantsRef grants = {};
  std::string subject = {};
  std::optional<std::uint64_t> ends_in_ms = {};  // nothing: never
  std::uint32_t standing = 0;
  bool answers_bearer = false;

  // When it does not. Texts are one line each.
  int status = 503;            // 401, 403, 429 or 503
  std::string challenge = {};  // WWW-Authenticate; empty: none
  std::uint32_t retry_after_s = 0;  // 0: not said
  std::string told = {};       // to the client
};

/// What the control plane says of accesses.
struct AuthOrder {
  AuthVerdict verdict = {};
  std::vector<std::uint32_t> standings = {};  // that have fallen; sorted
  std::int64_t wall_clock_ahead_ms = 0;       // how far it was set forward: ends come so much sooner
};

}  // namespace shard
