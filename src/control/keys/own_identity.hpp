// The identity of the listeners over time: issued anew when it is due, when its names were changed
// or when it was revoked; entered into the inventory; and shown with a staple that says how it
// stands.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/log/log.hpp"
#include "control/core/database.hpp"
#include "control/keys/state_directory.hpp"
#include "control/pki/issuing.hpp"

namespace rap::control::server {

// A staple is made anew after that, long before clients find it too old.
inline constexpr std::chrono::seconds kStapleRefresh = std::chrono::minutes{5};

class OwnIdentity final : public control::OwnNames {
 public:
  // All that it is given must outlive it. `reached_at`: more hosts that people and nodes are told.
  OwnIdentity(const StateDirectory& state, control::Database& database,
              const control::CurrentAuthority& authority, const control::IssuingPorts& issuing,
              std::vector<std::string> reached_at, Log& log)
      : state_(state),
        database_(database),
        authority_(authority),
        issuing_(issuing),
        reached_at_(std::move(reached_at)),
        log_(log) {}

  struct Shown {
    crypto::TlsIdentity identity;
    bool changed = false;  // since it was asked last
  };
  // Where the database is away, what was known last of the certificate's standing is said of it.
  Result<Shown> refresh(WallTime now);

  std::vector<std::string> hosts() const override;

 private:
  Result<crypto::TlsIdentity> load(WallTime now, bool anew);

  const StateDirectory& state_;
  control::Database& database_;
  const control::CurrentAuthority& authority_;
  const control::IssuingPorts issuing_;
  const std::vector<std::string> reached_at_;
  Log& log_;
  std::mutex refreshing_;
  std::string serial_;  // of what was shown last
  Bytes staple_;
  WallTime stapled_at_{};
  mutable std::mutex mutex_;  // of what follows
  std::vector<std::string> hosts_;
};

}  // namespace rap::control::server
