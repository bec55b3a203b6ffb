// The join token as the operator hands it to a new node, both ends: where the control plane is,
// which root certificate it must show, which node this is, and a secret that works once.
//
//   "rapjt1." base64url(JSON {"v":1,"url","ca","cluster","node","secret"})
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "wire/url.hpp"

namespace rap::wire {

inline constexpr std::size_t kMaxJoinTokenBytes = 4096;

struct JoinToken {
  Url control;
  std::string root_fingerprint;  // SHA-256 of the root's DER, 64 lower-case hex digits
  ClusterId cluster;
  NodeId node;
  std::string secret;
};

// The text of a token. `control_url` stands there as the control plane's settings have it.
std::string encode_join_token(std::string_view control_url, std::string_view root_fingerprint,
                              ClusterId cluster, NodeId node, std::string_view secret);

// Surrounding white space is ignored. The error is a sentence for the operator.
std::expected<JoinToken, std::string> parse_join_token(std::string_view text);

}  // namespace rap::wire
