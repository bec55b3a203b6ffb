// The scope of a document: the owner of its value, of which layer.
#pragma once

#include <compare>

#include "base/ids.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::snapshot {

// The owner of a value. Ids that the layer has no use for are nil.
struct DocumentScope {
  Layer layer = Layer::platform;
  OrganizationId organization = {};
  ResourceId resource = {};
  auto operator<=>(const DocumentScope&) const = default;
};

}  // namespace rap::snapshot
