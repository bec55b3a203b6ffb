// Which addresses an egress may open (scenario 30): ranges that are allowed and denied, at levels
// from the widest to the narrowest. The most specific range that holds the address decides; of
// equally specific ones the narrower level's, and there the denial. So "allow 0.0.0.0/0" opens
// neither loopback nor a cloud's metadata, and "allow 127.0.0.1" opens just that.
//
// An IPv6 address that leads to an IPv4 address (mapped, NAT64, 6to4) must be allowed as both.
#pragma once

#include <span>
#include <vector>

#include "policy/addresses/ip_address.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::policy {

struct RangeList {
  std::vector<IpPrefix> allow = {};
  std::vector<IpPrefix> deny = {};
  bool operator==(const RangeList&) const = default;
};

// What holds before anybody says anything: loopback, link-local, the metadata services of clouds,
// multicast, unspecified, reserved and broadcast addresses, and tunnels that hide one, are denied.
const RangeList& default_ranges();

// The addresses that a packet to this one may arrive at: itself, and an IPv4 address inside.
std::vector<IpAddress> ways_of(const IpAddress& address);

// `levels` are asked after the default ranges.
bool may_open(const IpAddress& address, std::span<const RangeList* const> levels);

}  // namespace rap::policy
