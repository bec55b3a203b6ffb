// One connection to an entry, as the flows on it see it: what waits to be sent, and which label is
// whose.
#pragma once

#include <deque>

#include "client/flows/flow_ports.hpp"
#include "node/flow/label_table.hpp"
#include "node/flow/send_queue.hpp"

namespace rap::client {

// An entry takes this many from one client, unless it is configured to take fewer.
inline constexpr std::size_t kMaxFlowsOfLink = 256;

struct FlowLink {
  // A label is of a flow that asks for a path there, or of a path that it has or had.
  struct Labelled {
    FlowNumber flow = 0;
    std::uint64_t path = 0;  // 0: it asks
    std::uint64_t served = 0;  // bytes that it was given room for, or that others were meanwhile
  };

  LinkNumber number = 0;
  Candidate entry;
  flow::SendQueue queue;
  flow::LabelTable<Labelled> labels{flow::LabelSide::odd};
  std::deque<FlowNumber> waiting;  // these ask once it is up
  Bytes exporter;                  // of its TLS; empty until it is up
  bool retired = false;            // it carries what it has to the end, and nothing new
  std::size_t limit = kMaxFlowsOfLink;
  std::uint64_t served = 0;  // by that measure, whose turn it was last

  bool is_up() const { return !exporter.empty(); }
  std::size_t flows() const { return labels.size() + waiting.size(); }
  bool has_room() const { return !retired && flows() < limit; }
};

}  // namespace rap::client
