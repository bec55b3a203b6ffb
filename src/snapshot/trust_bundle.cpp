#include "snapshot/trust_bundle.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "crypto/tokens/dsse.hpp"
#include "wire/json_reader.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxRootBytes = 8192;

std::optional<TrustBundle> parse_bundle(std::string_view text) {
  const auto value = wire::parse_strict_json(text);
  if (!value) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader in(*value, "", fault);
  TrustBundle bundle;
  bundle.version = static_cast<std::uint64_t>(in.integer("version", 1, INT64_MAX));
  bundle.cluster = in.id<ClusterId>("cluster");
  const Json& roots = in.array("roots", kMaxRoots);
  for (std::size_t i = 0; i < roots.size(); ++i) {
    const auto root =
        crypto::Certificate::from_pem(in.item_text("roots", i, roots[i], kMaxRootBytes));
    if (!root || !root->is_ca() || !root->self_issued()) return std::nullopt;
    bundle.roots.push_back(*root);
  }
  in.finish();
  if (fault.any() || bundle.roots.empty()) return std::nullopt;
  return bundle;
}

std::vector<crypto::VerificationKey> keys_of(const std::vector<crypto::Certificate>& roots) {
  std::vector<crypto::VerificationKey> keys;
  for (const crypto::Certificate& root : roots) {
    keys.push_back({root.fingerprint_hex(), root.public_key()});
  }
  return keys;
}

}  // namespace

std::string_view to_string(TrustBundleFault fault) {
  switch (fault) {
    case TrustBundleFault::bad_envelope: return "bad_envelope";
    case TrustBundleFault::malformed: return "malformed";
    case TrustBundleFault::wrong_cluster: return "wrong_cluster";
    case TrustBundleFault::rolled_back: return "rolled_back";
  }
  return "";
}

std::string seal_trust_bundle(const TrustBundle& bundle,
                              const std::vector<crypto::Issuer>& signers) {
  Json roots = Json::array();
  for (const crypto::Certificate& root : bundle.roots) roots.push_back(root.pem());
  const std::string payload =
      Json{{"version", bundle.version}, {"cluster", bundle.cluster.str()}, {"roots", roots}}.dump();
  Json sealed;
  for (const crypto::Issuer& signer : signers) {
    Json one = Json::parse(crypto::seal_envelope(signer.key, signer.certificate.fingerprint_hex(),
                                                 kTrustBundleType, as_bytes(payload)));
    if (sealed.is_null()) {
      sealed = std::move(one);
    } else {
      sealed["signatures"].push_back(std::move(one["signatures"][0]));
    }
  }
  return sealed.dump();
}

std::expected<TrustBundle, TrustBundleFault> open_trust_bundle(
    std::string_view envelope, std::optional<ClusterId> cluster,
    const std::vector<crypto::Certificate>& trusted, std::uint64_t floor) {
  const auto payload = crypto::open_envelope(envelope, kTrustBundleType, keys_of(trusted));
  if (!payload) return std::unexpected(TrustBundleFault::bad_envelope);
  auto bundle = parse_bundle(as_text(*payload));
  if (!bundle) return std::unexpected(TrustBundleFault::malformed);
  if (cluster && bundle->cluster != *cluster)
    return std::unexpected(TrustBundleFault::wrong_cluster);
  if (bundle->version < floor) return std::unexpected(TrustBundleFault::rolled_back);
  return std::move(*bundle);
}

TrustedRoots follow_trust_bundles(TrustedRoots held, std::optional<ClusterId> cluster,
                                  std::span<const std::string> envelopes) {
  for (const std::string& envelope :
       envelopes.first(std::min(envelopes.size(), kMaxBundlesFollowed))) {
    auto bundle = open_trust_bundle(envelope, cluster, held.roots, held.version + 1);
    if (bundle) held = {bundle->version, std::move(bundle->roots)};
  }
  return held;
}

bool are_all_trusted(const std::vector<crypto::Certificate>& roots,
                     const std::vector<crypto::Certificate>& trusted) {
  return std::ranges::all_of(roots, [&](const crypto::Certificate& root) {
    return std::ranges::any_of(trusted, [&](const crypto::Certificate& other) {
      return other.fingerprint() == root.fingerprint();
    });
  });
}

}  // namespace rap::snapshot
