#include "node/agent/enrolment/readmission.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::agent {
namespace {

constexpr std::string_view kIdentityFolder = "identity/";

// What an enrolment makes, in the order in which it takes the old one's place.
constexpr std::array kMoved = {kTrustBundleFile, kSealKeyFile, kEnrolmentFile,
                               kStapleFile,      kNextKeyFile, kChainFile};
// What was about the identity before.
constexpr std::array kSuperseded = {kStapleFile, kWorkerChainFile, kWorkerKeyFile,
                                    kWorkerNextKeyFile, kWorkerStapleFile};

std::string staged(std::string_view name) {
  if (!name.starts_with(kIdentityFolder)) return std::string(name);
  return std::string(kReadmissionFolder) + "/" + std::string(name.substr(kIdentityFolder.size()));
}

std::string digest_of(const wire::JoinToken& token) {
  return crypto::sha256_hex(as_bytes(token.secret));
}

std::vector<std::string> spent_tokens(NodeFiles& state) {
  const auto text = state.read(kSpentTokensFile);
  std::vector<std::string> out;
  if (!text || !*text) return out;
  const auto kept = nlohmann::json::parse(**text, nullptr, false);
  if (!kept.is_array()) return out;
  for (const auto& item : kept) {
    if (item.is_string() && out.size() < kMaxSpentTokens) out.push_back(item.get<std::string>());
  }
  return out;
}

StoreResult spend(NodeFiles& state, const std::string& digest) {
  auto spent = spent_tokens(state);
  if (std::ranges::find(spent, digest) != spent.end()) return {};
  if (spent.size() == kMaxSpentTokens) spent.erase(spent.begin());
  spent.push_back(digest);
  return state.write({std::string(kSpentTokensFile), nlohmann::json(spent).dump() + "\n"});
}

StoreResult remove_staged(NodeFiles& state) {
  const auto names = RAP_TRY(state.list(kReadmissionFolder));
  for (const std::string& name : names) RAP_TRY(state.remove(name));
  return {};
}

std::string date_of(WallTime at) {
  const auto day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(to_unix(at))));
  const std::chrono::year_month_day date{day};
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two(static_cast<unsigned>(date.month())) + "-" + two(static_cast<unsigned>(date.day()));
}

std::string way_back(NodeId node) {
  return " Enrol this node again: an administrator of the platform runs 'rap admin nodes readmit " +
         node.str() +
         "', and this agent is started with the token that prints (--join-token-file). It keeps "
         "its name, roles and pools.";
}

// Why the identity cannot be gone on with; empty: it can.
std::string trouble(const NodeIdentity& identity, const AdvertisedAddresses& addresses,
                    WallTime now) {
  const EnrolmentRecord& record = identity.record;
  const WallTime until = identity.tls.chain.front().not_after();
  if (until <= now) {
    return "The certificate of this node expired on " + date_of(until) +
           " (by this host's clock "
           "today is " +
           date_of(now) + "; if that is wrong, set it instead)." + way_back(record.node);
  }
  if (record.data_plane_advertise != addresses.data_plane.str() ||
      record.fabric_advertise != addresses.fabric.str()) {
    return "This node was enrolled as " + record.data_plane_advertise + " (data plane) and " +
           record.fabric_advertise + " (fabric), and is started as " + addresses.data_plane.str() +
           " and " + addresses.fabric.str() +
           ": its certificate and its peers know the first. Start it as before, or move it." +
           way_back(record.node);
  }
  return {};
}

}  // namespace

std::expected<std::optional<std::string>, std::string> ReadmissionFiles::read(
    std::string_view name) {
  return real_.read(staged(name));
}

StoreResult ReadmissionFiles::write(const FileWrite& file) {
  return real_.write({staged(file.name), file.content, file.mode});
}

StoreResult ReadmissionFiles::remove(std::string_view name) { return real_.remove(staged(name)); }

std::expected<std::vector<std::string>, std::string> ReadmissionFiles::list(
    std::string_view folder) {
  return real_.list(staged(folder));
}

StartDecision decide_start(NodeFiles& state, const NodeIdentity& identity,
                           const std::optional<wire::JoinToken>& token,
                           const AdvertisedAddresses& addresses, WallTime now) {
  const std::string why = trouble(identity, addresses, now);
  if (token && digest_of(*token) != identity.record.join_secret_hash) {
    const auto spent = spent_tokens(state);
    if (std::ranges::find(spent, digest_of(*token)) == spent.end()) {
      if (token->node == identity.record.node && token->cluster == identity.record.cluster) {
        return {StartStep::readmit, why};
      }
      return {StartStep::refuse,
              "The join token is for another node than the one whose identity is in this state "
              "directory. Give that node a state directory of its own, or start without the "
              "token."};
    }
  }
  return {why.empty() ? StartStep::go_on : StartStep::refuse, why};
}

// The new key goes to identity/next.key and its chain follows, as in a renewal: whoever reads the
// two in between finds that they belong together (node_identity.hpp).
StoreResult finish_readmission(NodeFiles& state) {
  const auto chain = RAP_TRY(state.read(staged(kChainFile)));
  if (!chain) return {};
  const auto old = RAP_TRY(state.read(kEnrolmentFile));
  if (const auto record = parse_enrolment_record(old.value_or(""))) {
    RAP_TRY(spend(state, record->join_secret_hash));
  }
  for (const std::string_view name : kSuperseded) RAP_TRY(state.remove(name));
  for (const std::string_view name : kMoved) {
    const bool is_key = name == kNextKeyFile;
    auto content = RAP_TRY(state.read(staged(is_key ? kNodeKeyFile : name)));
    if (content) RAP_TRY(state.write({std::string(name), std::move(*content)}));
  }
  return remove_staged(state);
}

StoreResult abandon_readmission(NodeFiles& state, const wire::JoinToken& token) {
  RAP_TRY(spend(state, digest_of(token)));
  return remove_staged(state);
}

}  // namespace rap::agent
