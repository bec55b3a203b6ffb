// A join token as the operator hands it to a new node: where the control plane is, which root
// certificate it must show, which node this is, and a secret that works once.
//
//   "rapjt1." base64url(JSON {"v":1,"url","ca","cluster","node","secret"})
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "wire/url.hpp"

namespace rap::agent {

inline constexpr std::size_t kMaxJoinTokenBytes = 4096;

struct JoinToken {
  wire::Url control;
  std::string root_fingerprint;  // SHA-256 of the root's DER, 64 lower-case hex digits
  ClusterId cluster;
  NodeId node;
  std::string secret;
};

// Surrounding white space is ignored. The error is a sentence for the operator.
std::expected<JoinToken, std::string> parse_join_token(std::string_view text);

}  // namespace rap::agent
