// The files of a root that is prepared to take over (CH-12), from 'trust prepare' until they take
// the place of what is in pki/. Whoever is killed at any of these operations loses no key that the
// database may name:
//
//   pki/next/        root.crt intermediate.crt intermediate.key both.dsse new.dsse: what was
//                    prepared last; `promote` beside them says that they are being taken over
//   pki/next.new/    what 'trust prepare' is making; it becomes pki/next at one moment
//   pki/superseded/  by ca_ref: what was prepared before. A rotation to it may have begun at the
//                    moment in which another was prepared, so only the server removes it
//   pki/retired/     what took over, while it is removed
//   pki/trust.json   how far the rotation is, for 'trust prepare' to know
//   pki/trust.lock   held by who adds to these folders or removes from them
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "control/pki/authority.hpp"
#include "control/pki/rotation/trust_state.hpp"

namespace rap::control::server {

template <class T>
using Result = std::expected<T, std::string>;  // the error is a sentence

inline constexpr std::chrono::seconds kRootLifetime = std::chrono::years{20};
inline constexpr std::chrono::seconds kIntermediateLifetime = std::chrono::years{5};

struct NextTrust {
  crypto::Certificate root;
  crypto::Issuer intermediate;
  control::StoredBundle both;      // signed by both roots, and names both
  control::StoredBundle only_new;  // signed by both roots, and names the new one
};

// How far a rotation of the trust was when the server last looked.
struct TrustNote {
  control::TrustPhase phase = control::TrustPhase::stable;
  std::uint64_t bundle_version = snapshot::kFirstTrustBundle;

  friend bool operator==(const TrustNote&, const TrustNote&) = default;
};

class NextTrustFiles {
 public:
  explicit NextTrustFiles(std::filesystem::path pki) : pki_(std::move(pki)) {}

  // What was prepared last; nullopt when nothing is.
  Result<std::optional<NextTrust>> load(const control::Authority& active) const;
  // Brings the root that the database names back to pki/next, if it was superseded. Fails while
  // 'trust prepare' runs.
  Result<void> recall(const std::string& ca_ref) const;
  // The SHA-256 of a root made to follow `old_root`, which vouches for it. Its key goes to
  // `out_root_key`, which no server reads, before anything names the root. Fails while another
  // 'trust prepare' runs.
  Result<std::string> prepare(const control::Authority& active, const crypto::Issuer& old_root,
                              const std::string& out_root_key, WallTime now,
                              RandomSource& rng) const;
  // pki/next takes over. Cut short anywhere, finish_promotion() goes on.
  Result<void> promote() const;
  Result<void> finish_promotion() const;
  // What cut-short commands left, and roots that no rotation will ever be to: to be called when the
  // database names no next root. Does nothing while 'trust prepare' runs.
  void remove_leftovers() const;

  Result<TrustNote> read_note() const;
  Result<void> write_note(const TrustNote& note) const;

 private:
  Result<void> prepare_locked(const control::Authority& active, const crypto::Issuer& old_root,
                              const crypto::Issuer& root, std::uint64_t bundle_version,
                              const std::string& out_root_key, WallTime now,
                              RandomSource& rng) const;
  Result<void> supersede_next() const;

  std::filesystem::path pki_;
};

}  // namespace rap::control::server
