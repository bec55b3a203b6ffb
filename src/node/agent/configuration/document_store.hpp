// The documents a node was given beside its configuration (CP-7, SN-2): kept by hash, verified when
// they come and again when they are read from disk. Bounded by what the configuration lists.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include "node/agent/configuration/config_gate.hpp"
#include "node/agent/node_files.hpp"
#include "snapshot/configuration/documents.hpp"

namespace rap::agent {

inline constexpr std::string_view kDocumentsFile = "config/documents.json";

class DocumentStore {
 public:
  explicit DocumentStore(NodeFiles& directory) : directory_(directory) {}

  // What an earlier run stored. What cannot be read is not there, and is pulled again.
  void load(const ConfigScope& scope);

  // An envelope for `ref`: signed by a key of ours, of this cluster, and the very document that the
  // configuration lists.
  std::expected<void, ConfigRefusal> add(const snapshot::DocumentRef& ref,
                                         const std::string& envelope, const ConfigScope& scope);
  bool has(const snapshot::DocumentRef& ref) const { return kept_.contains(ref.sha256); }
  std::vector<std::string> hashes() const;  // in lower-case hex
  std::vector<snapshot::Document> documents(const std::vector<snapshot::DocumentRef>& refs) const;

  // Writes those of both lists. A configuration goes to disk after its documents, and those of the
  // one before it stay until then.
  StoreResult save(const std::vector<snapshot::DocumentRef>& one,
                   const std::vector<snapshot::DocumentRef>& other) const;
  void keep_only(const std::vector<snapshot::DocumentRef>& refs);

 private:
  struct Kept {
    std::string envelope;
    snapshot::Document document;
  };

  NodeFiles& directory_;
  std::map<crypto::Sha256, Kept> kept_;
};

}  // namespace rap::agent
