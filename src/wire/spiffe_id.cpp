#include "wire/spiffe_id.hpp"

namespace rap::wire {
namespace {

std::string_view to_string(SpiffeId::Kind kind) {
  switch (kind) {
    case SpiffeId::Kind::node: return "node";
    case SpiffeId::Kind::control: return "control";
    case SpiffeId::Kind::worker: return "worker";
  }
  return "";
}

bool take(std::string_view& s, std::string_view prefix) {
  if (!s.starts_with(prefix)) return false;
  s.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string SpiffeId::str() const {
  return "spiffe://" + std::string(kTrustDomain) + "/cluster/" + cluster.str() + "/" +
         std::string(to_string(kind)) + "/" + format_uuid(subject);
}

std::optional<SpiffeId> SpiffeId::parse(std::string_view uri) {
  constexpr std::size_t kUuid = 36;
  if (!take(uri, "spiffe://") || !take(uri, kTrustDomain) || !take(uri, "/cluster/")) {
    return std::nullopt;
  }
  auto cluster = ClusterId::parse(uri.substr(0, kUuid));
  if (!cluster) return std::nullopt;
  uri.remove_prefix(kUuid);
  SpiffeId id;
  id.cluster = *cluster;
  if (take(uri, "/node/")) {
    id.kind = Kind::node;
  } else if (take(uri, "/control/")) {
    id.kind = Kind::control;
  } else if (take(uri, "/worker/")) {
    id.kind = Kind::worker;
  } else {
    return std::nullopt;
  }
  auto subject = parse_uuid(uri);
  if (!subject) return std::nullopt;
  id.subject = *subject;
  return id;
}

}  // namespace rap::wire
