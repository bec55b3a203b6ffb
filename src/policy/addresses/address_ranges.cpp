#include "policy/addresses/address_ranges.hpp"

#include <algorithm>
#include <string_view>

namespace rap::policy {
namespace {

constexpr std::string_view kDenied[] = {
    "0.0.0.0/8",  // "this host on this network" (RFC 6890): connect() takes it for loopback
    "127.0.0.0/8",  // loopback
    "169.254.0.0/16",  // link-local
    "169.254.169.254",  // metadata: AWS, Azure, Google, OpenStack and others
    "169.254.170.2",  // credentials of AWS containers
    "169.254.170.23",  // the same in Kubernetes
    "169.254.0.23",  // metadata: Tencent
    "169.254.42.42",  // metadata: Scaleway
    "100.100.100.200",  // metadata: Alibaba
    "168.63.129.16",  // metadata: Azure's host
    "192.0.0.192",  // metadata: Oracle's classic cloud
    "224.0.0.0/4",  // multicast
    "240.0.0.0/4",  // reserved, and broadcast
    "::/96",  // unspecified, loopback, and IPv4 inside (RFC 4291 §2.5.5.1)
    "64:ff9b:1::/48",  // NAT64 of a network's own (RFC 8215): nobody can say what is inside
    "2001::/32",  // Teredo
    "::ffff:0:0:0/96",  // IPv4 inside, to be translated (RFC 2765)
    "fd00:ec2::/32",  // metadata, credentials and other services of an AWS machine
    "fd20:ce::254",  // metadata: Google
    "fd00:c1::a9fe:a9fe",  // metadata: Oracle
    "fd00:42::42",  // metadata: Scaleway
    "fe80::/10",  // link-local
    "fec0::/10",  // site-local (RFC 3879)
    "ff00::/8",  // multicast
};

IpAddress v4_at(const IpAddress& address, std::size_t offset) {
  IpAddress inside;
  std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(offset), 4, inside.bytes.begin());
  return inside;
}

struct Ruling {
  unsigned bits = 0;
  bool allowed = true;
};

void judge(const IpAddress& address, const RangeList& level, Ruling& ruling) {
  const auto ask = [&](const std::vector<IpPrefix>& ranges, bool allowed) {
    for (const IpPrefix& range : ranges) {
      if (range.bits >= ruling.bits && range.contains(address)) ruling = {range.bits, allowed};
    }
  };
  ask(level.allow, true);
  ask(level.deny, false);
}

}  // namespace

const RangeList& default_ranges() {
  static const RangeList list = [] {
    RangeList out;
    for (const auto text : kDenied) out.deny.push_back(IpPrefix::parse(text).value());
    return out;
  }();
  return list;
}

std::vector<IpAddress> ways_of(const IpAddress& address) {
  static const IpPrefix kNat64 = IpPrefix::parse("64:ff9b::/96").value();  // RFC 6052
  static const IpPrefix k6to4 = IpPrefix::parse("2002::/16").value();  // RFC 3056
  constexpr std::size_t kInNat64 = 12;
  constexpr std::size_t kIn6to4 = 2;
  std::vector<IpAddress> ways = {address.unmapped()};
  if (kNat64.contains(ways[0])) ways.push_back(v4_at(address, kInNat64));
  if (k6to4.contains(ways[0])) ways.push_back(v4_at(address, kIn6to4));
  return ways;
}

bool may_open(const IpAddress& address, std::span<const RangeList* const> levels) {
  return std::ranges::all_of(ways_of(address), [&](const IpAddress& way) {
    Ruling ruling;
    judge(way, default_ranges(), ruling);
    for (const RangeList* level : levels) judge(way, *level, ruling);
    return ruling.allowed;
  });
}

}  // namespace rap::policy
