// The scope of a document as JSON members: for documents, and for configurations that list them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "snapshot/configuration/document_scope.hpp"
#include "wire/json_reader.hpp"

namespace rap::snapshot {

void put_scope(nlohmann::json& out, const DocumentScope& scope);
DocumentScope read_scope(wire::JsonReader& in);

}  // namespace rap::snapshot
