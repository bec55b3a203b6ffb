// A value of a registered configuration type as nodes are given it: one signed document, the same
// for every node that needs it. A node's configuration lists those that belong to it by type,
// scope, version and hash, so that it cannot be shown parts of different times together (SN-2).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "crypto/keys/digest.hpp"
#include "snapshot/configuration/document_scope.hpp"
#include "snapshot/values/config_types.hpp"
#include "wire/json_value.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kDocumentType = "application/vnd.rap.config-document+json";
// What one node may hold. It may be given all there are, so these are the bounds of all there are,
// kept where they are edited: whatever is placed where, no node can come to more than it may hold.
inline constexpr std::size_t kMaxDocuments = 1024;
inline constexpr std::size_t kMaxPlatformDocuments = 64;  // one a type, of platform and cluster
inline constexpr std::size_t kMaxOrganizationDocuments = kMaxDocuments - kMaxPlatformDocuments;
inline constexpr std::size_t kMaxServiceDocuments = 64;  // of the resources of one organization
inline constexpr std::size_t kMaxTypeName = 64;
// The longest that the control plane may want a node to wait with an acknowledgement.
inline constexpr std::chrono::milliseconds kMaxAckSpread{5000};

struct Document {
  ClusterId cluster = {};
  std::string type = {};
  DocumentScope scope = {};
  std::uint64_t version = 0;
  wire::JsonValue value = {};  // an object
  bool operator==(const Document&) const = default;
};

// A document as a configuration lists it.
struct DocumentRef {
  std::string type = {};
  DocumentScope scope = {};
  std::uint64_t version = 0;
  crypto::Sha256 sha256{};  // of the document's text
  bool operator==(const DocumentRef&) const = default;

  bool is_of(const Document& document) const {
    return type == document.type && scope == document.scope && version == document.version;
  }
};

wire::JsonValue to_value(const Document& document);
std::string to_json(const Document& document);
// Strict; a value of a type that is known here is checked like at the edit.
std::expected<Document, std::string> parse_document(std::string_view json);
// The same of a text that was parsed already, by parse_strict_json.
std::expected<Document, std::string> read_document(const wire::JsonValue& value);

// The values of one type and organization, widest layer first.
std::vector<wire::JsonValue> values_of(const std::vector<Document>& documents,
                                       std::string_view type, OrganizationId organization = {});

using AppPolicies = std::map<OrganizationId, AppPolicy>;
AppPolicies policies_of(const std::vector<Document>& documents);

}  // namespace rap::snapshot
