#include "snapshot/configuration/document_json.hpp"

#include <nlohmann/json.hpp>

namespace rap::snapshot {

using Json = nlohmann::json;

void put_scope(Json& out, const DocumentScope& scope) {
  out["layer"] = to_string(scope.layer);
  out["organization"] = scope.organization == OrganizationId{} ? "" : scope.organization.str();
  out["resource"] = scope.resource == ResourceId{} ? "" : scope.resource.str();
}

DocumentScope read_scope(wire::JsonReader& in) {
  constexpr std::size_t kUuidText = 36;
  DocumentScope scope;
  const auto layer = layer_from(in.text("layer", kUuidText));
  if (!layer) in.wrong("layer", "must be platform, cluster, organization or service");
  scope.layer = layer.value_or(Layer::platform);
  const bool of_organization = scope.layer >= Layer::organization;
  const std::string organization = in.text("organization", kUuidText);
  const auto organization_id = OrganizationId::parse(organization);
  if (of_organization != organization_id.has_value() ||
      (!of_organization && !organization.empty())) {
    in.wrong("organization", "must be a UUID in lower case for its layer, and else empty");
  }
  scope.organization = organization_id.value_or(OrganizationId{});
  const std::string resource = in.text("resource", kUuidText);
  const auto resource_id = ResourceId::parse(resource);
  const bool of_service = scope.layer == Layer::service;
  if (of_service != resource_id.has_value() || (!of_service && !resource.empty())) {
    in.wrong("resource", "must be a UUID in lower case for its layer, and else empty");
  }
  scope.resource = resource_id.value_or(ResourceId{});
  return scope;
}

}  // namespace rap::snapshot
