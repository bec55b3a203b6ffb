#include "control/pki/rotation/trust_state.hpp"

#include "control/core/enum_names.hpp"

namespace rap::control {
namespace {

constexpr EnumNames<TrustPhase, 4> kTrustPhases("stable", "distributing", "reissuing", "retiring");
constexpr EnumNames<TokenKeyPhase, 3> kTokenKeyPhases("stable", "distributing", "overlapping");

}  // namespace

std::string_view to_string(TrustPhase phase) { return kTrustPhases.of(phase); }
std::optional<TrustPhase> trust_phase_from(std::string_view s) { return kTrustPhases.named(s); }

std::string_view to_string(TokenKeyPhase phase) { return kTokenKeyPhases.of(phase); }
std::optional<TokenKeyPhase> token_key_phase_from(std::string_view s) {
  return kTokenKeyPhases.named(s);
}

}  // namespace rap::control
