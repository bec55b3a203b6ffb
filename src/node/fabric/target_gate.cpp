#include "node/fabric/target_gate.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace rap::fabric {

using policy::IpAddress;

namespace {

bool is_loopback(const IpAddress& address) {
  return address.v6 ? address == IpAddress::parse("::1") : address.bytes[0] == 127;
}

// Whether a listener at all addresses listens there.
bool is_of_this_machine(const IpAddress& address) {
  if (is_loopback(address) || address.is_unspecified()) return true;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return true;  // nobody knows: then no
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, &::freeifaddrs);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const void* bytes = nullptr;
    if (!address.v6 && one->ifa_addr->sa_family == AF_INET) {
      bytes = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    } else if (address.v6 && one->ifa_addr->sa_family == AF_INET6) {
      bytes = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    }
    const std::size_t size = address.v6 ? sizeof(in6_addr) : sizeof(in_addr);
    if (bytes != nullptr && std::memcmp(bytes, address.bytes.data(), size) == 0) return true;
  }
  return false;
}

// Whether whoever dials the address reaches what listens at the host. What is no address is a name
// of this machine.
bool leads_to(const IpAddress& address, const std::string& host) {
  const auto at = IpAddress::parse(host);
  if (!at || at->is_unspecified()) return is_of_this_machine(address);
  return at->unmapped() == address;
}

bool is_same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

TargetGate::TargetGate(io::EventLoop& loop, std::vector<Address> own, Log& log)
    : loop_(loop), own_(std::move(own)), log_(log), again_(loop) {}

void TargetGate::set_control(std::vector<wire::HostPort> control) {
  if (control == control_) return;
  control_ = std::move(control);
  std::erase_if(control_addresses_, [&](const auto& known) {
    return std::ranges::none_of(control_, [&](const auto& c) { return c.host == known.first; });
  });
  look_up_control();
}

void TargetGate::configure(snapshot::TargetRanges ranges, std::string node_name) {
  ranges_ = std::move(ranges);
  node_name_ = std::move(node_name);
}

bool TargetGate::may_open(const adapters::ResourceRequest& request, const IpAddress& address) {
  const std::uint16_t port = request.settings.port;
  bool is_own = false;
  for (const IpAddress& way : policy::ways_of(address)) {
    is_own = is_own || is_own_listener(way, port) || is_control_listener(request, way);
  }
  if (!is_own && ranges_.allows(address, request.pool, node_name_, control_ranges_)) return true;
  log_.warn(LogCause::stranger(request.organization.str()), "target.denied",
            {{"resource", request.resource.str()},
             {"organization", request.organization.str()},
             {"host", request.settings.host},
             {"address", address.str()}});
  return false;
}

bool TargetGate::is_own_listener(const IpAddress& address, std::uint16_t port) const {
  const auto leads_there = [&](const auto& listener) {
    return listener.port == port && leads_to(address, listener.host);
  };
  return std::ranges::any_of(own_, leads_there) || std::ranges::any_of(agent_, leads_there);
}

bool TargetGate::is_control_listener(const adapters::ResourceRequest& request,
                                     const IpAddress& address) const {
  return std::ranges::any_of(control_, [&](const wire::HostPort& listener) {
    if (listener.port != request.settings.port) return false;
    if (is_same_name(listener.host, request.settings.host)) return true;
    const auto known = control_addresses_.find(listener.host);
    return known != control_addresses_.end() &&
           std::ranges::find(known->second, address) != known->second.end();
  });
}

void TargetGate::look_up_control() {
  for (const wire::HostPort& listener : control_) {
    const std::string& host = listener.host;
    if (const auto literal = IpAddress::parse(host)) {
      control_addresses_[host] = {literal->unmapped()};
      continue;
    }
    if (lookups_[host] != nullptr) continue;
    lookups_[host] = io::resolver_of(loop_).look_up(
        host, {}, [this, host](const io::LookupPart& part) { control_found(host, part); });
  }
  note_control();
  again_.after(kControlLookupInterval, [this] { look_up_control(); });
}

// What is known of a name stays until another answer is there.
void TargetGate::control_found(const std::string& host, const io::LookupPart& part) {
  auto& found = found_[host];
  found.insert(found.end(), part.addresses.begin(), part.addresses.end());
  if (part.more) return;
  if (!found.empty()) control_addresses_[host] = found;
  found_.erase(host);
  lookups_.erase(host);
  note_control();
}

void TargetGate::note_control() {
  control_ranges_ = {};
  for (const auto& [host, addresses] : control_addresses_) {
    for (const IpAddress& address : addresses) {
      const IpAddress plain = address.unmapped();
      control_ranges_.deny.push_back(policy::IpPrefix::of(plain, plain.v6 ? 128 : 32));
    }
  }
}

}  // namespace rap::fabric
