// What a node's data plane looks like from outside (OB-1): rap-fabric says it to the node-agent
// every few seconds, and the agent to the control plane at the next check-in, word by word.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "wire/frames/channel_frames.hpp"
#include "wire/json_reader.hpp"
#include "wire/traffic_class.hpp"

namespace rap::wire {

inline constexpr std::size_t kMaxObservedNameBytes = 64;  // of a state, a reason, a direction

struct ObservedChannel {
  ChannelId id;
  std::optional<NodeId> peer;  // nullopt: it has not said yet who it is
  std::string direction;       // "dial" or "accept"
  std::string state;
  TrafficClassSet classes;
  std::vector<LaneKind> lanes;  // those that are up
  std::int64_t age_s = 0;
  std::int64_t rtt_us = 0;
  std::int64_t jitter_us = 0;
  std::int64_t loss_permille = 0;
  std::uint64_t flows = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t config_version = 0;  // as the peer's hello said
  std::uint64_t route_epoch = 0;
  std::int64_t revalidate_in_s = 0;  // below zero when it is due
  std::string last_reason;

  bool operator==(const ObservedChannel&) const = default;
};

// A peer that is dialled again and again.
struct ObservedReconnect {
  NodeId peer;
  std::uint64_t attempts = 0;
  std::int64_t next_in_ms = 0;
  std::string last_reason;
  bool stopped = false;  // nothing but a new configuration makes it go on

  bool operator==(const ObservedReconnect&) const = default;
};

// The counts since the fabric started; what each means is in node/channel/counters.hpp.
struct ObservedCounters {
  std::uint64_t established = 0;
  std::uint64_t attempts = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t handshake_failures = 0;
  std::uint64_t authorization_failures = 0;
  std::uint64_t revalidations = 0;
  std::uint64_t revalidation_failures = 0;
  std::uint64_t revocations = 0;
  std::uint64_t drains = 0;
  std::uint64_t drains_forced = 0;
  std::uint64_t replaced = 0;
  std::uint64_t bulk_lanes_lost = 0;
  std::uint64_t failover_hints = 0;
  std::map<std::string, std::uint64_t> ended;  // by reason, those that occurred

  bool operator==(const ObservedCounters&) const = default;
};

struct ObservedSession {
  SessionId session_id;
  std::uint64_t flows = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;

  bool operator==(const ObservedSession&) const = default;
};

// Why a listener is not open. It is tried again every second.
enum class ListenerFault : std::uint8_t {
  address_missing,  // the host does not have the address, or not yet
  port_taken,
  not_permitted,  // a port below 1024, without the right to it
  failed
};
inline constexpr std::array<std::string_view, 4> kListenerFaultNames = {
    "address_missing", "port_taken", "not_permitted", "failed"};
constexpr std::string_view to_string(ListenerFault fault) {
  return name_in(kListenerFaultNames, fault);
}

// A listener that is wanted and not open.
struct ObservedListener {
  std::string listener;
  std::string address;  // IP:PORT
  std::string fault;    // of kListenerFaultNames

  bool operator==(const ObservedListener&) const = default;
};

struct Observations {
  std::uint64_t config_version = 0;  // what the fabric runs with
  std::int64_t pid = 0;
  std::string entry;  // how it stands with clients
  std::vector<ObservedChannel> channels;
  std::vector<ObservedReconnect> reconnects;
  ObservedCounters counters;
  bool draining = false;
  bool drained = false;
  std::vector<ObservedSession> sessions;
  std::uint64_t clients = 0;  // connections of theirs, idle ones too
  std::map<std::string, std::uint64_t> refusals;  // of flows, by reason
  // The flows since the fabric started, by what this node was to each (policy::NodeRole), those
  // that occurred.
  std::map<std::string, std::uint64_t> opened_flows;
  std::vector<ObservedListener> failed_listeners;

  bool operator==(const Observations&) const = default;
};

nlohmann::json to_value(const Observations& observations);
// Reads the members of `in`, whose text is no longer than `max_bytes`: that bounds the lists too.
// The caller finishes the reader.
Observations read_observations(JsonReader& in, std::size_t max_bytes, JsonFault& fault);

}  // namespace rap::wire
