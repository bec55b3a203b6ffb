// The keys of a rotation of trust.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "control/pki/rotation/trust_state.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::control {

// The two bundles on the way of a rotation, as they were made on the control plane's host.
struct PreparedTrust {
  std::string ca_ref;  // of the root in force
  std::string next_ca_ref;  // of the new one
  StoredBundle both;
  StoredBundle only_new;
};

// The keys for a rotation of trust, on the control plane's host (rap-control trust prepare).
class TrustKeys {
 public:
  virtual ~TrustKeys() = default;
  // What was prepared; nullopt when nothing was. An error is a sentence.
  virtual std::expected<std::optional<PreparedTrust>, std::string> prepared() = 0;
  // Makes the authority that the state calls for the current one. May be repeated.
  virtual std::expected<void, std::string> follow(const TrustState& state,
                                                  const TokenKeyState& tokens,
                                                  std::vector<std::string> bundles) = 0;
  // The next key for tokens, made unless there is one; nobody uses it before a state names it.
  virtual std::expected<snapshot::TokenKey, std::string> next_token_key() = 0;
};

}  // namespace rap::control
