#include "node/agent/configuration/document_store.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/tokens/dsse.hpp"

namespace rap::agent {
namespace {

using nlohmann::json;
using snapshot::DocumentRef;

std::unexpected<ConfigRefusal> refuse_document(ConfigFault fault, std::string detail) {
  return std::unexpected(ConfigRefusal{fault, std::move(detail)});
}

std::expected<std::pair<crypto::Sha256, snapshot::Document>, ConfigRefusal> open(
    const std::string& envelope, const ConfigScope& scope) {
  const auto payload = crypto::open_envelope(envelope, snapshot::kDocumentType, scope.keys);
  if (!payload) {
    return refuse_document(ConfigFault::bad_envelope,
                           std::string(crypto::to_string(payload.error())));
  }
  auto document = snapshot::parse_document(as_text(*payload));
  if (!document) return refuse_document(ConfigFault::malformed, document.error());
  if (document->cluster != scope.cluster) {
    return refuse_document(ConfigFault::wrong_cluster,
                           "it is for cluster " + document->cluster.str());
  }
  return std::pair{crypto::sha256(*payload), std::move(*document)};
}

}  // namespace

void DocumentStore::load(const ConfigScope& scope) {
  const auto text = directory_.read(kDocumentsFile);
  if (!text || !*text) return;
  const json stored = json::parse(**text, nullptr, false);
  if (!stored.is_array()) return;
  for (const json& item : stored) {
    if (!item.is_string() || kept_.size() == 2 * snapshot::kMaxDocuments) continue;
    const auto envelope = item.get<std::string>();
    if (auto opened = open(envelope, scope)) {
      kept_.insert_or_assign(opened->first, Kept{envelope, std::move(opened->second)});
    }
  }
}

std::expected<void, ConfigRefusal> DocumentStore::add(const DocumentRef& ref,
                                                      const std::string& envelope,
                                                      const ConfigScope& scope) {
  auto opened = open(envelope, scope);
  if (!opened) return std::unexpected(std::move(opened.error()));
  if (opened->first != ref.sha256 || !ref.is_of(opened->second)) {
    return refuse_document(ConfigFault::mix_and_match,
                           "version " + std::to_string(opened->second.version) + " of " +
                               opened->second.type +
                               " is not what the configuration lists as version " +
                               std::to_string(ref.version) + " of " + ref.type);
  }
  kept_.insert_or_assign(opened->first, Kept{envelope, std::move(opened->second)});
  return {};
}

std::vector<std::string> DocumentStore::hashes() const {
  std::vector<std::string> out;
  out.reserve(kept_.size());
  for (const auto& [hash, kept] : kept_) out.push_back(to_hex(hash));
  return out;
}

std::vector<snapshot::Document> DocumentStore::documents(
    const std::vector<DocumentRef>& refs) const {
  std::vector<snapshot::Document> out;
  for (const DocumentRef& ref : refs) {
    if (const auto it = kept_.find(ref.sha256); it != kept_.end()) {
      out.push_back(it->second.document);
    }
  }
  return out;
}

StoreResult DocumentStore::save(const std::vector<DocumentRef>& one,
                                const std::vector<DocumentRef>& other) const {
  const auto is_in = [](const std::vector<DocumentRef>& refs, const crypto::Sha256& hash) {
    return std::ranges::find(refs, hash, &DocumentRef::sha256) != refs.end();
  };
  json out = json::array();
  for (const auto& [hash, kept] : kept_) {
    if (is_in(one, hash) || is_in(other, hash)) out.push_back(kept.envelope);
  }
  return directory_.write({std::string(kDocumentsFile), out.dump()});
}

void DocumentStore::keep_only(const std::vector<DocumentRef>& refs) {
  std::erase_if(kept_, [&](const auto& item) {
    return std::ranges::find(refs, item.first, &DocumentRef::sha256) == refs.end();
  });
}

}  // namespace rap::agent
