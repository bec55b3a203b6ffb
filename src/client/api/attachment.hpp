// An access session as the client sees it, and one attachment to it: where to connect and the
// tokens that open one flow each.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"
#include "client/core/profile.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/tokens/resume_grant.hpp"
#include "wire/traffic_class.hpp"
#include "wire/url.hpp"

namespace rap::client {

inline constexpr std::size_t kMaxCandidates = 64;
inline constexpr std::size_t kMaxFlowsPerAttachment =
    128;  // the control plane gives no more tokens
inline constexpr std::size_t kMaxKeysOfEntry = 4;  // two, and some time for what comes

// What an entry's certificate is verified by. The host is checked with both.
enum class TrustMode : std::uint8_t {
  platform_ca,  // the platform's roots: it must be the worker's
  public_ca,    // the machine's own bundle of authorities, and a key that the platform names
};

struct Candidate {
  wire::Url url;      // wss://…
  std::string token;  // for this entry only, once, within a minute
  ClusterId cluster;  // whose worker the entry must prove to be
  NodeId worker;      // and which one
  std::vector<std::string> more_tokens = {};  // like `token`, for other flows
  TrustMode trust = TrustMode::platform_ca;
  std::vector<crypto::Sha256> keys = {};  // with public_ca: its certificate is of one of these
};

// An egress that the client may end its flows at, and the key that it is known by.
struct KnownEgress {
  NodeId node;
  crypto::ClientKey flow_key{};
};
inline constexpr std::size_t kMaxKnownEgresses = 16;

// With what flows of a session are sealed to the egress, and go on at any entry.
struct SealingTerms {
  std::string grant;
  std::int64_t expires_at = 0;
  std::chrono::seconds hold{300};  // for so long an egress keeps a flow that has no path
  std::vector<KnownEgress> egresses;  // in the order in which they are asked
};

struct Attachment {
  std::string session_id;
  std::string organization;  // name
  std::string resource_id;
  std::string resource;  // name
  std::string protocol;
  std::optional<std::string> ssh_host_key;
  std::int64_t token_expires_at = 0;
  wire::TrafficClassSet classes;
  std::vector<Candidate> candidates;  // the server's order; at least one
  std::shared_ptr<const SealingTerms> resume = std::make_shared<SealingTerms>();  // never null
};

// The answer to POST sessions and POST sessions/{id}/attachments is read, and the deny list
// that came with it taken. A candidate that is verified by nothing, or is for smoke tests only, is
// left out (PK-4): production never trusts it.
Fallible<Attachment> read_attachment(const nlohmann::json& answer, Account& account, WallTime now);

// An attachment for each flow that this one has tokens for; the first has every candidate.
std::vector<Attachment> for_each_flow(const Attachment& attachment);

}  // namespace rap::client
