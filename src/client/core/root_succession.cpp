#include "client/core/root_succession.hpp"

#include <charconv>

#include "client/core/api_types.hpp"
#include "client/core/profile.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::client {

namespace {

constexpr std::size_t kMaxBundles = 64;

std::uint64_t bundle_in_force(Home& home) {
  std::uint64_t version = snapshot::kFirstTrustBundle;
  const auto text = home.read(kBundleVersionFile);
  if (text && *text) std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), version);
  return version;
}

}  // namespace

std::optional<std::string> follow_trust(Home& home, Network& network, const wire::HostPort& server,
                                        const std::string& roots_pem) {
  auto roots = crypto::Certificate::chain_from_pem(roots_pem);
  if (!roots) return std::nullopt;
  // The server is not verified here, and told nothing secret.
  const auto answer = op::as<op::GetTrustBundleAnswer>(
      ApiClient(network, server, std::nullopt, {}).ask(op::get_trust_bundle()));
  if (!answer || answer->bundles.size() > kMaxBundles) return std::nullopt;

  std::uint64_t version = bundle_in_force(home);
  bool moved = false;
  for (const std::string& envelope : answer->bundles) {
    auto bundle = snapshot::open_trust_bundle(envelope, std::nullopt, *roots, version + 1);
    if (!bundle) continue;  // one we are past, or signed by roots we do not know
    version = bundle->version;
    roots = std::move(bundle->roots);
    moved = true;
  }
  if (!moved) return std::nullopt;
  std::string pem = crypto::chain_pem(*roots);
  // The roots are written first: with them alone the same bundles are taken once more.
  if (!home.write(kRootsFile, pem)) return std::nullopt;
  if (!home.write(kBundleVersionFile, std::to_string(version) + "\n")) return std::nullopt;
  return pem;
}

}  // namespace rap::client
