// A node's configuration as JSON: parse, print and parse again agree.

#include "fuzz.hpp"
#include "snapshot/configuration/node_config.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = rap::snapshot::parse_node_config(rap::fuzz::as_text(data, size));
  if (!config) return 0;
  const auto again = rap::snapshot::parse_node_config(to_json(*config));
  rap::fuzz::require(again && *again == *config);
  return 0;
}
