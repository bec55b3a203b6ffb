// How a node that is enrolled enrols again as the same node: its certificate expired, or it is
// reached at another address. The new identity is made beside the old one and takes its place only
// once it is whole, so that a join token that is refused costs nothing.
//
//   readmission/…        what the enrolment has so far; its chain.pem is written last
//   identity/spent.json  digests of the join tokens that are of no use any more
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/agent/enrolment/enrolment_plan.hpp"
#include "node/agent/enrolment/node_identity.hpp"

namespace rap::agent {

inline constexpr std::string_view kReadmissionFolder = "readmission";
inline constexpr std::string_view kSpentTokensFile = "identity/spent.json";
inline constexpr std::size_t kMaxSpentTokens = 16;

// The state directory as the enrolment that readmits sees it: with another identity folder.
class ReadmissionFiles final : public NodeFiles {
 public:
  explicit ReadmissionFiles(NodeFiles& real) : real_(real) {}

  std::expected<std::optional<std::string>, std::string> read(std::string_view name) override;
  StoreResult write(const FileWrite& file) override;
  StoreResult remove(std::string_view name) override;
  std::expected<std::vector<std::string>, std::string> list(std::string_view folder) override;

 private:
  NodeFiles& real_;
};

// What an agent with an identity does when it starts.
enum class StartStep : std::uint8_t {
  go_on,    // with the identity it has
  readmit,  // enrol with the token
  refuse,   // it cannot go on, and has no token that would help
};
struct StartDecision {
  StartStep start = StartStep::go_on;
  std::string why = {};  // it cannot go on as it is; a sentence that says what to do
};

// A token is for readmission when it is for this node and was not spent. Without one, an expired
// certificate, or addresses that are not those it was enrolled with, are refused.
StartDecision decide_start(NodeFiles& state, const NodeIdentity& identity,
                           const std::optional<wire::JoinToken>& token,
                           const AdvertisedAddresses& addresses, WallTime now);

// Puts the identity of a finished readmission in the place of the old one, or goes on with that
// where it was cut short. Does nothing when there is none.
StoreResult finish_readmission(NodeFiles& state);

// The token led nowhere: it is not tried again, and nothing is left of what it began.
StoreResult abandon_readmission(NodeFiles& state, const wire::JoinToken& token);

}  // namespace rap::agent
