#include "snapshot/certificate_names.hpp"

#include <algorithm>

#include "policy/addresses/ip_address.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::snapshot {
namespace {

void to_lower(std::string& text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

void sort_unique(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
}

crypto::SubjectNames names_of(const wire::SpiffeId& identity,
                              std::span<const wire::HostPort> advertised) {
  crypto::SubjectNames names;
  names.uris.push_back(identity.str());
  for (const wire::HostPort& address : advertised) {
    if (const auto ip = policy::IpAddress::parse(address.host)) {
      names.ips.push_back(ip->str());
    } else {
      names.dns.push_back(address.host);
    }
  }
  return canonical_names(std::move(names));
}

}  // namespace

crypto::SubjectNames node_certificate_names(ClusterId cluster, NodeId node,
                                            std::span<const wire::HostPort> advertised) {
  return names_of(wire::SpiffeId::of_node(cluster, node), advertised);
}

crypto::SubjectNames worker_certificate_names(ClusterId cluster, NodeId node,
                                              const wire::HostPort& entry) {
  return names_of(wire::SpiffeId::of_worker(cluster, node), {&entry, 1});
}

crypto::SubjectNames canonical_names(crypto::SubjectNames names) {
  for (std::string& dns : names.dns) to_lower(dns);
  for (auto* list : {&names.dns, &names.ips, &names.uris}) sort_unique(*list);
  return names;
}

}  // namespace rap::snapshot
