// One life of rap-control as far as its keys and trust files go: the shipped state directory and
// trust files, against what a model of the database says.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "control/keys/state_directory.hpp"
#include "control/keys/trust_files.hpp"
#include "io/system/system.hpp"

namespace rap::crash {

// What the database says of the trust.
struct TrustRows {
  control::TrustState state;
  control::TokenKeyState tokens;
  std::vector<std::string> bundles;

  // The step that the control plane takes in one transaction, of which nothing is in a file yet.
  void begin(const control::PreparedTrust& next);
  void reissue() { state.phase = control::TrustPhase::reissuing; }
  void retire(const control::PreparedTrust& next);
  void settle();
  void begin_token_key(const snapshot::TokenKey& current, const snapshot::TokenKey& next);
  void overlap_token_keys() { tokens.phase = control::TokenKeyPhase::overlapping; }
  void settle_token_key();
};

class ControlLife {
 public:
  explicit ControlLife(const std::filesystem::path& directory) : directory_(directory) {}

  // Each of these returns an error, or the empty string.
  std::string init();  // what rap-control init does of files
  std::string prepare(const std::filesystem::path& out_root_key);
  // What 'rap-control serve' does before it listens, at `now`.
  std::string start(const TrustRows& rows, WallTime now = kStart);
  // A running server hears that the database says something else.
  std::string follow(const TrustRows& rows);
  control::PreparedTrust prepared();
  snapshot::TokenKey next_token_key();

  const control::Authority& authority() const { return *current_->get(); }
  const crypto::TlsIdentity& identity() const { return *identity_; }

  static constexpr WallTime kStart{std::chrono::seconds{1'800'000'000}};

 private:
  std::filesystem::path directory_;
  io::SystemRandom rng_;
  std::optional<control::server::StateDirectory> state_;
  std::optional<control::server::LockedAuthority> current_;
  std::optional<control::server::TrustFiles> files_;
  std::optional<crypto::TlsIdentity> identity_;
};

}  // namespace rap::crash
