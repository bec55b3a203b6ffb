#include "control/core/model.hpp"

#include <array>

namespace rap::control {
namespace {

constexpr std::array<std::string_view, 6> kNodeStates = {"invited", "pending",  "approved",
                                                         "denied",  "disabled", "revoked"};
constexpr std::array<std::string_view, 3> kEnrolmentStates = {"pending", "approved", "denied"};
constexpr std::array<std::string_view, 4> kSessionStates = {"pending", "active", "detached",
                                                            "terminated"};

constexpr std::array<std::string_view, 3> kTokenKeyPhases = {"stable", "distributing",
                                                             "overlapping"};
constexpr std::array<std::string_view, 4> kTrustPhases = {"stable", "distributing", "reissuing",
                                                          "retiring"};

constexpr std::array<std::string_view, 2> kCertificateKinds = {"node", "worker"};

template <class Enum, std::size_t N>
std::optional<Enum> from_name(const std::array<std::string_view, N>& names, std::string_view s) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == s) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(CertificateKind kind) {
  return kCertificateKinds[static_cast<std::size_t>(kind)];
}
std::optional<CertificateKind> certificate_kind_from(std::string_view s) {
  return from_name<CertificateKind>(kCertificateKinds, s);
}
std::string_view to_string(NodeState state) { return kNodeStates[static_cast<std::size_t>(state)]; }
std::optional<NodeState> node_state_from(std::string_view s) {
  return from_name<NodeState>(kNodeStates, s);
}
std::string_view to_string(EnrolmentState state) {
  return kEnrolmentStates[static_cast<std::size_t>(state)];
}
std::optional<EnrolmentState> enrolment_state_from(std::string_view s) {
  return from_name<EnrolmentState>(kEnrolmentStates, s);
}
std::string_view to_string(TokenKeyPhase phase) {
  return kTokenKeyPhases[static_cast<std::size_t>(phase)];
}
std::optional<TokenKeyPhase> token_key_phase_from(std::string_view s) {
  return from_name<TokenKeyPhase>(kTokenKeyPhases, s);
}
std::string_view to_string(TrustPhase phase) {
  return kTrustPhases[static_cast<std::size_t>(phase)];
}
std::optional<TrustPhase> trust_phase_from(std::string_view s) {
  return from_name<TrustPhase>(kTrustPhases, s);
}
std::string_view to_string(SessionState state) {
  return kSessionStates[static_cast<std::size_t>(state)];
}
std::optional<SessionState> session_state_from(std::string_view s) {
  return from_name<SessionState>(kSessionStates, s);
}

}  // namespace rap::control
