// The high-risk events of one node's data plane (SE-2), from where they happen to where they are
// audited: counted, told apart by whom and what they are about, and numbered when they are told.
// What was told stays until it is known to be audited, so that nothing is lost and nothing comes
// twice; what happens again meanwhile is counted for the next one.
//
// Whoever causes them decides how often: each kind has room for kMaxApart that are told apart, each
// source for kMaxApartOfASource of these, and both are told at a limited rate. What goes beyond is
// counted as of `others`, so that no count is lost. Of what is told at once, each kind has a place.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "node/router/admission/flow_right.hpp"
#include "node/router/admission/token_admission.hpp"
#include "policy/rate_limit.hpp"
#include "wire/agent/security_events.hpp"
#include "wire/flow_reason.hpp"

namespace rap::router {

inline constexpr std::size_t kMaxApart = 32;
inline constexpr std::size_t kMaxApartOfASource = 4;
inline constexpr std::size_t kMaxToldSources = 1024;
inline constexpr policy::RateLimit kToldOfAKind{8, std::chrono::seconds{30}};
inline constexpr policy::RateLimit kToldOfASource{4, std::chrono::seconds{60}};

// What a token says of whom an event is about.
void describe(wire::SecurityEvent& event, const crypto::DataPlaneToken& token);
void describe(wire::SecurityEvent& event, const TokenRefusal& refusal);
void describe(wire::SecurityEvent& event, const FlowRight& right);

class SecurityLedger {
 public:
  explicit SecurityLedger(RandomSource& rng)
      : rng_(rng), sources_(kToldOfASource, kMaxToldSources) {}

  // Every later call is of this moment.
  void advance(MonoTime now, WallTime wall) {
    now_ = now;
    wall_ = wall;
  }

  // Counts it once more. Number, count and times of `event` are not looked at.
  void note(wire::SecurityEvent event);
  // A flow was refused or ended. Notes nothing of reasons that happen to honest people.
  void note_refusal(wire::FlowReason reason, wire::SecurityEvent about);

  // What is to be audited, told ones first; at most kMaxSecurityEventsAtOnce.
  const wire::SecurityEvents& told();
  void taken(const wire::SecurityEventsTaken& taken);

  // The counts since the beginning, by kind.
  const auto& counts() const { return counts_; }
  std::size_t waiting() const;  // entries that are not known to be audited

 private:
  using Apart = std::vector<wire::SecurityEvent>;

  bool has_place(wire::SecurityEventKind kind) const;
  void tell_some_of(Apart& apart, policy::TokenBucket& bucket);

  RandomSource& rng_;
  MonoTime now_{};
  WallTime wall_{};
  std::array<std::uint64_t, wire::kSecurityEventKinds> counts_{};
  std::array<Apart, wire::kSecurityEventKinds> apart_;  // not told yet, the oldest first
  std::array<policy::TokenBucket, wire::kSecurityEventKinds> kinds_;
  policy::RateLimiter sources_;
  wire::SecurityEvents told_;
  std::uint64_t last_seq_ = 0;
};

}  // namespace rap::router
