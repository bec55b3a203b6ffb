// Makes the authority of each phase of a rotation of trust (CH-12, PK-8) out of the files in the
// state directory, as the database's state says, and moves the files on with it.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "control/keys/locked_authority.hpp"
#include "control/keys/state_directory.hpp"
#include "control/pki/rotation/trust_keys.hpp"

namespace rap::control::server {

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
  // What of the database's state an authority depends on.
  struct Followed {
    control::TrustPhase phase;
    std::string ca_ref;
    std::string next_ca_ref;
    std::uint64_t bundle_version;
    control::TokenKeyPhase token_phase;
    std::string token_kid;
    std::string next_token_kid;

    static Followed of(const control::TrustState& state, const control::TokenKeyState& tokens);
    friend bool operator==(const Followed&, const Followed&) = default;
  };

  Result<control::SigningKey> signing_key(const control::SigningKey& stored,
                                          const control::TokenKeyState& tokens) const;
  Result<control::Authority> authority_of(const control::TrustState& state) const;
  Result<control::Authority> stable_authority(const control::TrustState& state) const;
  // The next root, whose name the state knows.
  Result<NextTrust> next_trust(const std::string& ca_ref, const control::Authority& active) const;

  const StateDirectory& state_;
  LockedAuthority& current_;
  std::function<void()> changed_;
  std::mutex mutex_;
  std::optional<Followed> followed_;  // what current_ was made of
};

}  // namespace rap::control::server
