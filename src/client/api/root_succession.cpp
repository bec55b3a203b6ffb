#include "client/api/root_succession.hpp"

#include <charconv>

#include "base/try.hpp"
#include "client/api/api_types.hpp"
#include "client/core/profile.hpp"
#include "crypto/x509/ca.hpp"

namespace rap::client {

snapshot::TrustedRoots held_roots(Home& home, const std::string& roots_pem) {
  snapshot::TrustedRoots held;
  held.roots =
      crypto::Certificate::chain_from_pem(roots_pem).value_or(std::vector<crypto::Certificate>{});
  const auto kept = home.read(kRootsFile);
  if (!kept || *kept != roots_pem) return held;  // somebody gave them just now
  const auto text = home.read(kBundleVersionFile);
  if (!text || !*text) return held;
  std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), held.version);
  return held;
}

snapshot::TrustedRoots follow_bundles(snapshot::TrustedRoots held,
                                      const std::vector<std::string>& bundles) {
  const auto cluster = crypto::cluster_of_roots(held.roots);
  return snapshot::follow_trust_bundles(std::move(held), cluster, bundles);
}

// The roots are written first: with them alone the same bundles are taken once more.
Fallible<void> keep_roots(Home& home, const snapshot::TrustedRoots& roots) {
  RAP_TRY(home.write(kRootsFile, crypto::chain_pem(roots.roots)));
  return home.write(kBundleVersionFile, std::to_string(roots.version) + "\n");
}

std::optional<std::string> follow_trust(Home& home, Network& network, const wire::HostPort& server,
                                        const std::string& roots_pem) {
  // The server is not verified here, and told nothing secret.
  const auto answer = op::as<op::GetTrustBundleAnswer>(
      ApiClient(network, server, std::nullopt, {}).ask(op::get_trust_bundle()));
  if (!answer) return std::nullopt;
  const auto held = held_roots(home, roots_pem);
  const auto now = follow_bundles(held, answer->bundles);
  if (now.version == held.version || !keep_roots(home, now)) return std::nullopt;
  return crypto::chain_pem(now.roots);
}

}  // namespace rap::client
