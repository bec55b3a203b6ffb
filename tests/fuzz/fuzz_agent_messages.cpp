// What the node-agent and rap-fabric say to each other, both directions: what is read and written
// again is the same, and what is inside is read by the room that knows it or refused.

#include "fuzz.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/security_delta.hpp"
#include "wire/agent/agent_messages.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rap;
  const auto text = fuzz::as_text(data, size);
  if (const auto message = wire::decode_to_fabric(text)) {
    const auto again = wire::decode_to_fabric(wire::encode_to_fabric(*message));
    fuzz::require(again && *again == *message);
    if (const auto* configure = std::get_if<wire::Configure>(&*message)) {
      if (const auto config = snapshot::read_node_config(configure->config)) {
        const auto same = snapshot::read_node_config(snapshot::to_value(*config));
        fuzz::require(same && *same == *config);
      }
      for (const wire::JsonValue& document : configure->documents) {
        if (const auto read = snapshot::read_document(document)) {
          const auto same = snapshot::read_document(snapshot::to_value(*read));
          fuzz::require(same && *same == *read);
        }
      }
    }
    if (const auto* changed = std::get_if<wire::SecurityChanged>(&*message)) {
      if (const auto rows = snapshot::read_rows(changed->rows)) {
        fuzz::require(snapshot::read_rows(snapshot::to_rows(*rows)) == *rows);
      }
    }
  }
  if (const auto message = wire::decode_to_agent(text)) {
    const auto again = wire::decode_to_agent(wire::encode_to_agent(*message));
    fuzz::require(again && *again == *message);
  }
  return 0;
}
