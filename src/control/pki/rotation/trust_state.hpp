// How far the changes to another root and to another key for tokens have come, as the database
// keeps it, and the nodes that they wait for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::control {

// The change to another root (CH-12): nodes learn of both roots, get certificates under the new
// one, and forget the old one.
enum class TrustPhase : std::uint8_t { stable, distributing, reissuing, retiring };
inline constexpr std::array<std::string_view, 4> kTrustPhaseNames = {"stable", "distributing",
                                                                     "reissuing", "retiring"};
constexpr std::string_view to_string(TrustPhase phase) { return name_in(kTrustPhaseNames, phase); }
constexpr std::optional<TrustPhase> trust_phase_from(std::string_view name) {
  return value_in<TrustPhase>(kTrustPhaseNames, name);
}

struct TrustState {
  TrustPhase phase = TrustPhase::stable;
  WallTime phase_since{};
  std::uint64_t config_version = 0;  // a node that acknowledged it knows the bundle in force
  std::string ca_ref;                // of the root that issues; empty: the first one
  std::string next_ca_ref;           // of the one that takes over
  std::uint64_t bundle_version = 1;
  std::uint64_t bundle_floor = 1;
};

// The change to another key for tokens: nodes learn of the next one, it signs, and they forget the
// former one when nothing that it signed is good any more.
enum class TokenKeyPhase : std::uint8_t { stable, distributing, overlapping };
inline constexpr std::array<std::string_view, 3> kTokenKeyPhaseNames = {"stable", "distributing",
                                                                        "overlapping"};
constexpr std::string_view to_string(TokenKeyPhase phase) {
  return name_in(kTokenKeyPhaseNames, phase);
}
constexpr std::optional<TokenKeyPhase> token_key_phase_from(std::string_view name) {
  return value_in<TokenKeyPhase>(kTokenKeyPhaseNames, name);
}

struct TokenKeyState {
  TokenKeyPhase phase = TokenKeyPhase::stable;
  WallTime since{};
  std::uint64_t config_version = 0;  // a node that acknowledged it knows the next key
  snapshot::TokenKey current;  // without a kid: the first one, which is in no database
  snapshot::TokenKey next;  // while it is not stable
};

struct StoredBundle {
  std::uint64_t version = 0;
  std::string envelope;
  std::string pem;
};

// A node that a rotation waits for.
struct LateNode {
  NodeId id;
  std::string name;
  WallTime checked_in_at{};  // the epoch: never
};

class TrustRepository {
 public:
  virtual ~TrustRepository() = default;
  // The lock on the row of the trust is held until the transaction ends: one step at a time, of
  // either rotation.
  virtual TrustState lock_state() = 0;
  // A change of the bundle bumps the configuration's version.
  virtual void set_state(const TrustState& state) = 0;
  virtual TokenKeyState token_keys() = 0;
  // A change of the phase bumps the configuration's version.
  virtual void set_token_keys(const TokenKeyState& state) = 0;
  virtual void add_bundle(const StoredBundle& bundle, WallTime now) = 0;
  virtual std::vector<StoredBundle> bundles() = 0;  // oldest first

  // The approved nodes: how many there are, who has not acknowledged a configuration of that
  // version or a later one, and who last came with a certificate under another root than that.
  virtual std::size_t count_nodes() = 0;
  virtual std::vector<LateNode> nodes_behind(std::uint64_t config_version, std::size_t limit) = 0;
  virtual std::vector<LateNode> nodes_under_another_root(std::string_view ca_ref,
                                                         std::size_t limit) = 0;
};

}  // namespace rap::control
