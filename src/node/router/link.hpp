// A neighbour of the router: a node behind an established channel, or a client at an entry.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/ids.hpp"
#include "node/flow/label_table.hpp"
#include "node/flow/send_queue.hpp"
#include "node/flow/window.hpp"
#include "node/router/ports.hpp"
#include "policy/ip_address.hpp"
#include "wire/channel_frames.hpp"
#include "wire/traffic_class.hpp"

namespace rap::router {

// One end of a flow on one link.
struct FlowEnd {
  enum class Kind : std::uint8_t {
    none,
    relay,         // goes on under other_label on other_link
    entry_client,  // towards the client; `ref` is an EntryRole flow
    entry_node,    // towards the egress; `ref` is an EntryRole flow
    egress,        // `ref` is an EgressRole flow
  };
  Kind kind = Kind::none;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  bool fin_received = false;
  LinkId other_link = 0;
  std::uint32_t other_label = 0;
  std::uint32_t ref = 0;
  flow::SendWindow window;  // what the neighbour may still send us on this flow
};

struct Link {
  enum class Kind : std::uint8_t { node, client };

  Link(Kind k, flow::LabelSide side)
      : kind(k),
        queue(k == Kind::client ? flow::Framing::websocket : flow::Framing::bare),
        flows(side) {}

  Kind kind;
  NodeId node;                    // kind node
  std::optional<policy::IpAddress> address;  // kind client: where they come from
  wire::Lane lane = wire::Lane::interactive;  // kind node: which of the channel's connections
  wire::TrafficClassSet classes;  // what may be carried here now
  bool takes_new_flows = true;    // false while the channel is suspect or draining
  flow::SendQueue queue;
  flow::LabelTable<FlowEnd> flows;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

}  // namespace rap::router
