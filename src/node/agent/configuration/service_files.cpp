#include "node/agent/configuration/service_files.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/try.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::agent {
namespace {

using snapshot::Document;
using snapshot::Layer;

// Certificates of authorities are no secret, and variables are told to every member.
constexpr mode_t kForEveryone = 0644;

std::string folder_of(std::string_view of, const snapshot::DocumentScope& scope) {
  return std::string(of) + "/" +
         (scope.layer < Layer::organization ? "platform" : scope.organization.str()) + "/";
}

// Text between the certificates stays behind.
std::optional<std::string> certificates_of(const Document& document) {
  const auto chain = crypto::Certificate::chain_from_pem(snapshot::bundle_pem_from(document.value));
  return chain ? std::optional(crypto::chain_pem(*chain)) : std::nullopt;
}

struct ServiceFile {
  std::string name;
  std::optional<std::string> text;
};

std::optional<ServiceFile> file_of(const Document& document) {
  const snapshot::DocumentScope& scope = document.scope;
  if (document.type == snapshot::kAppVariables) {
    return ServiceFile{folder_of(kAppVariablesFolder, scope) + "variables.json",
                       document.value.get().dump(2) + "\n"};
  }
  if (document.type == snapshot::kAppClientCaBundle) {
    return ServiceFile{folder_of(kAppTrustFolder, scope) + "client-ca.pem",
                       certificates_of(document)};
  }
  if (document.type == snapshot::kAppMtlsTrustBundle) {
    const std::string of = scope.layer == Layer::service ? scope.resource.str() + "." : "";
    return ServiceFile{folder_of(kAppTrustFolder, scope) + of + "mtls.pem",
                       certificates_of(document)};
  }
  return std::nullopt;
}

// What is to be in the files, by their names.
std::map<std::string, std::string> files_of(const std::vector<Document>& documents) {
  std::map<std::string, std::string> out;
  for (const Document& document : documents) {
    auto file = file_of(document);
    if (file && file->text) out.emplace(std::move(file->name), std::move(*file->text));
  }
  return out;
}

}  // namespace

StoreResult write_service_files(NodeFiles& directory, const std::vector<Document>& documents) {
  for (const auto& [name, text] : files_of(documents)) {
    if (const auto there = directory.read(name); there && *there == text) continue;
    if (auto stored = directory.write({name, text, kForEveryone}); !stored) return stored;
  }
  return {};
}

StoreResult remove_other_service_files(NodeFiles& directory,
                                       const std::vector<Document>& documents) {
  const auto wanted = files_of(documents);
  for (const auto folder : {kAppTrustFolder, kAppVariablesFolder}) {
    for (const std::string& name : RAP_TRY(directory.list(folder))) {
      if (wanted.contains(name)) continue;
      if (auto removed = directory.remove(name); !removed) return removed;
    }
  }
  return {};
}

}  // namespace rap::agent
