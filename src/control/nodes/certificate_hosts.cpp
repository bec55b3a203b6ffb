#include "control/nodes/certificate_hosts.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "control/nodes/node.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "policy/addresses/names.hpp"
#include "snapshot/values/node_names.hpp"
#include "wire/url.hpp"

namespace rap::control {
namespace {

// One form of a host, so that the same one compares equal.
std::string plain(const std::string& host) {
  if (const auto ip = policy::IpAddress::parse(host)) return ip->unmapped().str();
  std::string out = host;
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto ip = policy::IpAddress::parse(host);
  return ip && (policy::IpPrefix::parse("127.0.0.0/8")->contains(*ip) ||
                policy::IpPrefix::parse("::1")->contains(*ip));
}

bool is_own(const OwnNames* own, const std::string& host) {
  if (own == nullptr || is_loopback(host)) return false;
  return std::ranges::any_of(own->hosts(), [&](const auto& name) { return plain(name) == host; });
}

snapshot::NodeNames policy_of(Transaction& tx, ClusterId cluster) {
  std::vector<wire::JsonValue> values;
  for (const std::string& text : tx.nodes().name_policies(cluster)) {
    values.push_back(wire::JsonValue::of(text));
  }
  return snapshot::node_names_from(values);
}

}  // namespace

Outcome<void> check_certificate_hosts(Transaction& tx, const IssuingPorts& ports, ClusterId cluster,
                                      const crypto::SubjectNames& names) {
  const auto policy = policy_of(tx, cluster);
  for (const auto* list : {&names.dns, &names.ips}) {
    for (const std::string& name : *list) {
      const std::string host = plain(name);
      if (is_own(ports.own_names, host)) {
        return refuse(ProblemCode::names_not_allowed,
                      "'" + host +
                          "' is a name of the control plane, and no node may have it. "
                          "Advertise another host.");
      }
      if (const char* wrong = policy::check_target_host(host)) {
        return refuse(ProblemCode::names_not_allowed, "'" + host + "' " + wrong + ".");
      }
      if (!policy.allows(host)) {
        return refuse(ProblemCode::names_not_allowed,
                      "'" + host +
                          "' is none of the hosts that nodes may advertise here. "
                          "Advertise another, or have the platform's owner allow it: 'rap admin "
                          "configs set node_names'.");
      }
    }
  }
  return {};
}

Outcome<void> check_hosts_of_others(Transaction& tx, ClusterId cluster,
                                    std::optional<OrganizationId> owner,
                                    const crypto::SubjectNames& names) {
  std::set<std::string> taken;
  for (const std::string& address : tx.nodes().addresses_of_others(owner)) {
    if (const auto parsed = wire::parse_host_port(address)) taken.insert(plain(parsed->host));
  }
  const auto policy = policy_of(tx, cluster);
  for (const auto* list : {&names.dns, &names.ips}) {
    for (const std::string& name : *list) {
      const std::string host = plain(name);
      if (!taken.contains(host) || is_loopback(host) || policy.names(host)) continue;
      return refuse(ProblemCode::names_not_allowed,
                    "'" + host +
                        "' is where a node of somebody else is reached already. Advertise another "
                        "host, or have the platform's owner name this one, if both are meant: "
                        "'rap admin configs set node_names'.");
    }
  }
  return {};
}

}  // namespace rap::control
