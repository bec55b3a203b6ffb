#include "snapshot/configuration/documents.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "snapshot/configuration/document_json.hpp"

namespace rap::snapshot {

using Json = nlohmann::json;

wire::JsonValue to_value(const Document& document) {
  Json out = {{"cluster", document.cluster.str()},
              {"type", document.type},
              {"version", document.version},
              {"value", document.value.get()}};
  put_scope(out, document.scope);
  return wire::JsonValue(std::move(out));
}

std::string to_json(const Document& document) { return to_value(document).dump(); }

std::expected<Document, std::string> parse_document(std::string_view json) {
  auto value = wire::parse_strict_json(json);
  if (!value) {
    return std::unexpected("the document must be a JSON object without duplicate members");
  }
  return read_document(wire::JsonValue(std::move(*value)));
}

std::expected<Document, std::string> read_document(const wire::JsonValue& whole) {
  if (!whole.get().is_object()) {
    return std::unexpected("the document must be a JSON object without duplicate members");
  }
  wire::JsonFault fault;
  wire::JsonReader in(whole.get(), "", fault);
  Document document;
  document.value = wire::JsonValue(in.object("value"));
  document.cluster = in.id<ClusterId>("cluster");
  document.type = in.text("type", kMaxTypeName);
  document.version = static_cast<std::uint64_t>(in.integer("version", 0, INT64_MAX));
  document.scope = read_scope(in);
  in.finish();
  if (fault.any()) return std::unexpected(fault.text());
  if (const ConfigType* type = find_config_type(document.type)) {
    if (const auto wrong = find_value_fault(*type, document.value)) {
      return std::unexpected("in \"value\", " + *wrong);
    }
  }
  return document;
}

std::vector<wire::JsonValue> values_of(const std::vector<Document>& documents,
                                       std::string_view type, OrganizationId organization) {
  std::vector<const Document*> found;
  for (const Document& d : documents) {
    if (d.type != type) continue;
    if (d.scope.organization == OrganizationId{} || d.scope.organization == organization) {
      found.push_back(&d);
    }
  }
  std::ranges::stable_sort(found, {}, [](const Document* d) { return d->scope.layer; });
  std::vector<wire::JsonValue> out;
  out.reserve(found.size());
  for (const Document* d : found) out.push_back(d->value);
  return out;
}

AppPolicies policies_of(const std::vector<Document>& documents) {
  AppPolicies out;
  for (const Document& d : documents) {
    if (d.type != kAppPolicy) continue;
    out[d.scope.organization] =
        app_policy_from(values_of(documents, kAppPolicy, d.scope.organization));
  }
  return out;
}

}  // namespace rap::snapshot
