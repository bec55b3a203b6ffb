// What crosses the wire in place of a configuration: an increment, and the documents beside one.
// Neither may do more than be refused, and what is read and written again is the same.

#include "fuzz.hpp"
#include "snapshot/configuration/documents.hpp"
#include "snapshot/configuration/increment.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rap::snapshot;
  const auto text = rap::fuzz::as_text(data, size);
  if (const auto increment = parse_increment(text)) {
    const auto again = parse_increment(to_json(*increment));
    rap::fuzz::require(again && *again == *increment);
    using rap::wire::JsonValue;
    const auto result = apply_patch(
        JsonValue::of(R"({"peers":[{"node":"a"},{"node":"b"}],"version":1})"), increment->patch);
    if (result) rap::fuzz::require(apply_patch(*result, JsonValue::of("[]")) == *result);
  }
  if (const auto document = parse_document(text)) {
    const auto again = parse_document(to_json(*document));
    rap::fuzz::require(again && *again == *document);
  }
  return 0;
}
