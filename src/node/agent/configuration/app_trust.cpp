#include "node/agent/configuration/app_trust.hpp"

#include <map>
#include <optional>

#include "base/try.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::agent {
namespace {

using snapshot::Document;
using snapshot::Layer;

constexpr mode_t kForEveryone = 0644;  // certificates of authorities are no secret

std::optional<std::string> file_of(const Document& document) {
  const bool is_client_ca = document.type == snapshot::kAppClientCaBundle;
  if (!is_client_ca && document.type != snapshot::kAppMtlsTrustBundle) return std::nullopt;
  const snapshot::DocumentScope& scope = document.scope;
  std::string name = std::string(kAppTrustFolder) + "/";
  name += scope.layer < Layer::organization ? "platform" : scope.organization.str();
  name += "/";
  if (scope.layer == Layer::service) name += scope.resource.str() + ".";
  return name + (is_client_ca ? "client-ca.pem" : "mtls.pem");
}

// The PEM files by their names. Text between the certificates stays behind.
std::map<std::string, std::string> files_of(const std::vector<Document>& documents) {
  std::map<std::string, std::string> out;
  for (const Document& document : documents) {
    const auto name = file_of(document);
    if (!name) continue;
    const auto chain =
        crypto::Certificate::chain_from_pem(snapshot::bundle_pem_from(document.value));
    if (chain) out.emplace(*name, crypto::chain_pem(*chain));
  }
  return out;
}

}  // namespace

StoreResult write_app_trust(NodeFiles& directory, const std::vector<Document>& documents) {
  for (const auto& [name, pem] : files_of(documents)) {
    if (const auto there = directory.read(name); there && *there == pem) continue;
    if (auto stored = directory.write({name, pem, kForEveryone}); !stored) return stored;
  }
  return {};
}

StoreResult remove_other_app_trust(NodeFiles& directory, const std::vector<Document>& documents) {
  const auto there = RAP_TRY(directory.list(kAppTrustFolder));
  const auto wanted = files_of(documents);
  for (const std::string& name : there) {
    if (wanted.contains(name)) continue;
    if (auto removed = directory.remove(name); !removed) return removed;
  }
  return {};
}

}  // namespace rap::agent
