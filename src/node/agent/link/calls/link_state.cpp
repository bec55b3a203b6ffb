#include "node/agent/link/calls/link_state.hpp"

#include "base/try.hpp"

#include <nlohmann/json.hpp>

namespace rap::agent {

std::expected<LinkState, std::string> load_link_state(NodeFiles& directory, ClusterId cluster) {
  const auto text = RAP_TRY(directory.read(kLinkFile));
  if (!text) return LinkState{.cluster = cluster};
  try {
    const auto json = nlohmann::json::parse(*text);
    // One that names none was written before there could be several.
    if (json.value("cluster", cluster.str()) != cluster.str()) {
      return std::unexpected(std::string(kLinkFile) +
                             " is of another cluster. Give this one a state directory of its own.");
    }
    return LinkState{cluster, json.at("config_floor").get<std::uint64_t>(),
                     json.at("commands_seq").get<std::uint64_t>(),
                     json.value("trust_bundle", snapshot::kFirstTrustBundle)};
  } catch (const nlohmann::json::exception&) {
    return std::unexpected(std::string(kLinkFile) +
                           " is damaged. Restore it from a backup, or remove the 'config' "
                           "directory to fetch the configuration anew.");
  }
}

StoreResult save_link_state(NodeFiles& directory, const LinkState& state) {
  const nlohmann::json json{{"cluster", state.cluster.str()},
                            {"config_floor", state.config_floor},
                            {"commands_seq", state.commands_seq},
                            {"trust_bundle", state.trust_bundle}};
  return directory.write({std::string(kLinkFile), json.dump() + "\n"});
}

}  // namespace rap::agent
