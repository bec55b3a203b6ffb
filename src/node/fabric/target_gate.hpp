// What an egress asks before it dials an address for a resource: the platform's ranges
// (snapshot/values/target_ranges.hpp), and what is the fabric's own. The listeners of this node,
// its agent's too, and of the control plane are never targets; any other port of the control
// plane's addresses is one only if a range names the address.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/contract/adapter.hpp"
#include "base/log/log.hpp"
#include "io/dialling/resolver.hpp"
#include "io/loop/event_loop.hpp"
#include "node/fabric/settings.hpp"
#include "snapshot/values/target_ranges.hpp"
#include "wire/url.hpp"

namespace rap::fabric {

// How often the control plane's names are looked up again.
inline constexpr std::chrono::seconds kControlLookupInterval{60};

class TargetGate {
 public:
  TargetGate(io::EventLoop& loop, std::vector<Address> own, Log& log);

  // The control plane's listeners.
  void set_control(std::vector<wire::HostPort> control);

  // The node-agent's listeners.
  void set_agent(std::vector<wire::HostPort> agent) { agent_ = std::move(agent); }

  void configure(snapshot::TargetRanges ranges, std::string node_name);
  bool may_open(const adapters::ResourceRequest& request, const policy::IpAddress& address);

 private:
  bool is_own_listener(const policy::IpAddress& address, std::uint16_t port) const;
  bool is_control_listener(const adapters::ResourceRequest& request,
                           const policy::IpAddress& address) const;
  void look_up_control();
  void control_found(const std::string& host, const io::LookupPart& part);
  void note_control();

  io::EventLoop& loop_;
  std::vector<wire::HostPort> control_;
  std::vector<wire::HostPort> agent_;
  std::vector<Address> own_;
  Log& log_;
  snapshot::TargetRanges ranges_;
  std::string node_name_;
  std::map<std::string, std::vector<policy::IpAddress>> control_addresses_;  // by host
  std::map<std::string, std::vector<policy::IpAddress>> found_;  // by the look-ups under way
  std::map<std::string, std::unique_ptr<io::Lookup>> lookups_;
  policy::RangeList control_ranges_;
  io::Timer again_;
};

}  // namespace rap::fabric
