// The files of a rotation of trust, and the authority they make in each of its phases (CH-12).
//
//   pki/next/   root.crt intermediate.crt intermediate.key both.dsse new.dsse: what 'trust prepare'
//               made, until the rotation is over; then it takes the place of what is in pki/
//   pki/trust.json   how far the rotation is, for 'trust prepare' to know
#pragma once

#include <functional>
#include <mutex>

#include "control/core/services.hpp"
#include "control/server/locked_authority.hpp"
#include "control/server/state_directory.hpp"

namespace rap::control::server {

struct NextTrust {
  crypto::Certificate root;
  crypto::Issuer intermediate;
  control::StoredBundle both;
  control::StoredBundle only_new;
};

class TrustFiles final : public control::TrustKeys {
 public:
  // `changed` is called, from any thread, after the authority was replaced.
  TrustFiles(const StateDirectory& state, LockedAuthority& current, std::function<void()> changed)
      : state_(state), current_(current), changed_(std::move(changed)) {}

  std::expected<std::optional<control::PreparedTrust>, std::string> prepared() override;
  std::expected<void, std::string> follow(const control::TrustState& state,
                                          const control::TokenKeyState& tokens,
                                          std::vector<std::string> bundles) override;
  std::expected<snapshot::TokenKey, std::string> next_token_key() override;

 private:
  Result<control::SigningKey> signing_key(const control::SigningKey& stored,
                                          const control::TokenKeyState& tokens) const;
  Result<control::Authority> authority_of(const control::TrustState& state) const;

  const StateDirectory& state_;
  LockedAuthority& current_;
  std::function<void()> changed_;
  std::mutex mutex_;
  std::string followed_;  // the state that current_ is of
};

}  // namespace rap::control::server
