#include "snapshot/configuration/node_config.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "policy/addresses/names.hpp"
#include "snapshot/configuration/document_json.hpp"
#include "wire/class_names.hpp"
#include "wire/json_reader.hpp"
#include "wire/json_text.hpp"
#include "wire/url.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;
using wire::JsonFault;
using wire::JsonReader;

constexpr std::size_t kMaxRoles = 3;
constexpr std::size_t kMaxKeyId = 64;
constexpr std::size_t kMaxRoleName = 16;
constexpr std::size_t kMaxProtocolName = 16;
constexpr std::size_t kMaxEndpointBytes = policy::kMaxHostBytes + sizeof "[]:65535";
constexpr std::size_t kMaxClassName = 16;
constexpr std::size_t kMaxSeverityName = 16;
constexpr std::size_t kMaxSerialText = 40;  // 20 octets, RFC 5280
constexpr std::size_t kSha256Text = 64;
constexpr std::size_t kUuidText = 36;
constexpr std::size_t kSealKeyText = 44;  // 32 bytes in base64
constexpr std::int64_t kMaxPort = 65'535;

Json roles_json(const std::vector<policy::NodeRole>& roles) {
  Json out = Json::array();
  for (const policy::NodeRole role : roles) out.push_back(policy::to_string(role));
  return out;
}

Json classes_json(wire::TrafficClassSet classes) { return wire::names_of(classes); }

Json to_value(const TokenKey& key) {
  return {{"kid", key.kid}, {"public_key_pem", key.public_key_pem}};
}

Json to_value(const Peer& peer) {
  return {{"node", peer.node.str()},
          {"roles", roles_json(peer.roles)},
          {"dial", peer.dial},
          {"endpoints", peer.endpoints},
          {"classes", classes_json(peer.classes)},
          {"draining", peer.draining},
          {"disabled", peer.disabled},
          {"bootstrap", peer.bootstrap}};
}

Json to_value(const Revocation& r) {
  const bool is_node = r.kind == RevocationKind::node;
  const bool is_certificate = r.kind == RevocationKind::certificate;
  const bool is_key = r.kind == RevocationKind::key;
  return {{"kind", to_string(r.kind)},
          {"node", is_node ? r.node.str() : ""},
          {"issuer", is_certificate ? to_hex(r.issuer) : ""},
          {"serial", is_certificate ? r.serial : ""},
          {"key", is_key ? to_hex(r.key) : ""},
          {"severity", to_string(r.severity)}};
}

Json to_value(const ConfiguredRoute& route) {
  Json hops = Json::array();
  for (const NodeId hop : route.next_hops) hops.push_back(hop.str());
  return {{"egress", route.egress.str()}, {"next_hops", std::move(hops)}};
}

Json to_value(const ConfiguredOrigin& origin) {
  return {{"node", origin.node.str()}, {"public_keys_pem", origin.public_keys_pem}};
}

Json to_value(const PoolMember& member) {
  return {{"node", member.node.str()}, {"seal_key", to_base64(member.seal_key)}};
}

Json to_value(const ConfiguredResource& resource) {
  return {{"id", resource.id.str()},     {"organization", resource.organization.str()},
          {"pool", resource.pool.str()}, {"protocol", to_string(resource.protocol)},
          {"host", resource.host},       {"port", resource.port}};
}

Json to_value(const DocumentRef& ref) {
  Json out = {{"type", ref.type}, {"version", ref.version}, {"sha256", to_hex(ref.sha256)}};
  put_scope(out, ref.scope);
  return out;
}

Json to_value(const KeyedPool& pool);

template <class T>
Json list_json(const std::vector<T>& items) {
  Json out = Json::array();
  for (const T& item : items) out.push_back(to_value(item));
  return out;
}

Json to_value(const KeyedPool& pool) {
  return {{"id", pool.id.str()}, {"members", list_json(pool.members)}};
}

Json value_json(std::uint64_t value) { return value; }
Json value_json(std::int64_t value) { return value; }
Json value_json(bool value) { return value; }
Json value_json(const std::string& value) { return value; }
Json value_json(ClusterId id) { return id.str(); }
Json value_json(NodeId id) { return id.str(); }
Json value_json(wire::TrafficClassSet classes) { return classes_json(classes); }
Json value_json(const std::vector<policy::NodeRole>& roles) { return roles_json(roles); }
template <class T>
Json value_json(const std::vector<T>& items) {
  return list_json(items);
}

template <class T>
DifferingMember difference(std::string_view name, const T& one, const T& other) {
  return {name, wire::JsonValue(value_json(one)), wire::JsonValue(value_json(other)), std::nullopt};
}
template <class T>
DifferingMember difference(std::string_view name, const std::vector<T>& one,
                           const std::vector<T>& other) {
  const auto [at, other_at] = std::ranges::mismatch(one, other);
  const auto [end, other_end] =
      std::ranges::mismatch(std::ranges::subrange(one.rbegin(), std::reverse_iterator(at)),
                            std::ranges::subrange(other.rbegin(), std::reverse_iterator(other_at)));
  return {name, wire::JsonValue(value_json(std::vector<T>(at, end.base()))),
          wire::JsonValue(value_json(std::vector<T>(other_at, other_end.base()))),
          static_cast<std::size_t>(at - one.begin())};
}

// What to_json() makes of a member: the text that the library prints of its value. Of a relay's
// thousands of peers and an entry's routes there is no tree of it in between.
template <class T>
std::string json_text(const T& value) {
  return value_json(value).dump();
}

template <class T, class Append>
std::string list_text(const std::vector<T>& items, Append append) {
  std::string out = "[";
  for (const T& item : items) {
    if (out.size() > 1) out.push_back(',');
    append(item, out);
  }
  out.push_back(']');
  return out;
}

std::string json_text(const std::vector<Peer>& peers) {
  const auto boolean = [](bool value) { return value ? "true" : "false"; };
  wire::TrafficClassSet classes;
  std::string classes_text = classes_json(classes).dump();
  return list_text(peers, [&](const Peer& peer, std::string& out) {
    if (peer.classes != classes) {
      classes = peer.classes;
      classes_text = classes_json(classes).dump();
    }
    out.append("{\"bootstrap\":").append(boolean(peer.bootstrap));
    out.append(",\"classes\":").append(classes_text);
    out.append(",\"dial\":").append(boolean(peer.dial));
    out.append(",\"disabled\":").append(boolean(peer.disabled));
    out.append(",\"draining\":").append(boolean(peer.draining));
    out.append(",\"endpoints\":").append(list_text(peer.endpoints, wire::append_json_text));
    out.append(",\"node\":\"").append(peer.node.str()).append("\",\"roles\":");
    out.append(list_text(peer.roles, [](policy::NodeRole role, std::string& text) {
      wire::append_json_text(policy::to_string(role), text);
    }));
    out.push_back('}');
  });
}

std::string json_text(const std::vector<ConfiguredRoute>& routes) {
  return list_text(routes, [](const ConfiguredRoute& route, std::string& out) {
    out.append("{\"egress\":\"").append(route.egress.str()).append("\",\"next_hops\":");
    out.append(list_text(route.next_hops, [](NodeId hop, std::string& text) {
      text.append(1, '"').append(hop.str()).push_back('"');
    }));
    out.push_back('}');
  });
}

// Every member, by its name in JSON.
template <class Visit>
void each_member(Visit visit) {
  visit("version", &NodeConfig::version);
  visit("cluster", &NodeConfig::cluster);
  visit("node", &NodeConfig::node);
  visit("node_name", &NodeConfig::node_name);
  visit("issued_at", &NodeConfig::issued_at);
  visit("valid_for_s", &NodeConfig::valid_for_s);
  visit("roles", &NodeConfig::roles);
  visit("draining", &NodeConfig::draining);
  visit("drain_deadline", &NodeConfig::drain_deadline);
  visit("degraded_classes", &NodeConfig::degraded_classes);
  visit("peer_directory_version", &NodeConfig::peer_directory_version);
  visit("trust_bundle_version", &NodeConfig::trust_bundle_version);
  visit("trust_bundle_floor", &NodeConfig::trust_bundle_floor);
  visit("revocation_version", &NodeConfig::revocation_version);
  visit("route_epoch", &NodeConfig::route_epoch);
  visit("route_epoch_floor", &NodeConfig::route_epoch_floor);
  visit("trust_bundle_pem", &NodeConfig::trust_bundle_pem);
  visit("token_keys", &NodeConfig::token_keys);
  visit("peers", &NodeConfig::peers);
  visit("routes", &NodeConfig::routes);
  visit("origins", &NodeConfig::origins);
  visit("pools", &NodeConfig::pools);
  visit("resources", &NodeConfig::resources);
  visit("revocations", &NodeConfig::revocations);
  visit("documents", &NodeConfig::documents);
}

// The items of an array of objects, each read by `read` and then finished.
template <class T>
std::vector<T> read_list(JsonReader& in, std::string_view name, std::size_t limit, JsonFault& fault,
                         T (*read)(JsonReader&, JsonFault&)) {
  const Json& items = in.array(name, limit);
  std::vector<T> out;
  out.reserve(items.size());
  for (std::size_t i = 0; i < items.size() && !fault.any(); ++i) {
    JsonReader item(items[i], in.item_path(name, i), fault);
    out.push_back(read(item, fault));
    item.finish();
  }
  return out;
}

std::string read_required_text(JsonReader& in, std::string_view name, std::size_t limit) {
  std::string out = in.text(name, limit);
  if (out.empty()) in.wrong(name, "must not be empty");
  return out;
}

std::vector<policy::NodeRole> read_roles(JsonReader& in) {
  std::vector<policy::NodeRole> out;
  const Json& items = in.array("roles", kMaxRoles);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto role = policy::node_role_from(in.item_text("roles", i, items[i], kMaxRoleName));
    if (!role || std::ranges::find(out, *role) != out.end()) {
      in.wrong("roles", "must be different roles of a node");
      break;
    }
    out.push_back(*role);
  }
  return out;
}

wire::TrafficClassSet read_classes(JsonReader& in, std::string_view name) {
  wire::TrafficClassSet out;
  const Json& items = in.array(name, wire::kTrafficClassCount);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto one = wire::traffic_class_from(in.item_text(name, i, items[i], kMaxClassName));
    if (!one || out.contains(*one)) {
      in.wrong(name, "must be different traffic classes");
      break;
    }
    out.add(*one);
  }
  return out;
}

std::uint64_t read_counter(JsonReader& in, std::string_view name) {
  return static_cast<std::uint64_t>(in.integer(name, 0, INT64_MAX));
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Empty when the kind of revocation has no such member, and only then.
std::string read_hex_of_kind(JsonReader& in, std::string_view name, std::size_t limit,
                             bool expected) {
  std::string text = in.text(name, limit);
  if (text.empty() == expected) in.wrong(name, "must be there for its kind, and only then");
  if (!is_lower_hex(text)) in.wrong(name, "must be in lower-case hex");
  return text;
}

crypto::Sha256 read_digest_of_kind(JsonReader& in, std::string_view name, bool expected) {
  crypto::Sha256 out{};
  const std::string text = read_hex_of_kind(in, name, kSha256Text, expected);
  if (text.empty()) return out;
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != out.size()) {
    in.wrong(name, "must be 64 hex digits");
    return out;
  }
  std::ranges::copy(*bytes, out.begin());
  return out;
}

Revocation read_revocation(JsonReader& in, JsonFault&) {
  Revocation r;
  const auto kind = revocation_kind_from(in.text("kind", kMaxSeverityName));
  if (!kind) in.wrong("kind", "must be node, certificate or key");
  r.kind = kind.value_or(RevocationKind::node);
  const std::string node = in.text("node", kUuidText);
  const auto id = NodeId::parse(node);
  if (node.empty() == (r.kind == RevocationKind::node) || (!node.empty() && !id)) {
    in.wrong("node", "must be a UUID in lower case for kind node, and else empty");
  }
  r.node = id.value_or(NodeId{});
  const bool is_certificate = r.kind == RevocationKind::certificate;
  r.issuer = read_digest_of_kind(in, "issuer", is_certificate);
  r.serial = read_hex_of_kind(in, "serial", kMaxSerialText, is_certificate);
  r.key = read_digest_of_kind(in, "key", r.kind == RevocationKind::key);
  const auto severity = wire::severity_from(in.text("severity", kMaxSeverityName));
  if (!severity) in.wrong("severity", "must be close or drain");
  r.severity = severity.value_or(wire::Severity::close);
  return r;
}

DocumentRef read_document(JsonReader& in, JsonFault&) {
  DocumentRef ref;
  ref.type = read_required_text(in, "type", kMaxTypeName);
  ref.scope = read_scope(in);
  ref.version = read_counter(in, "version");
  const auto hash = from_hex(in.text("sha256", kSha256Text));
  if (!hash || hash->size() != ref.sha256.size()) {
    in.wrong("sha256", "must be 64 hex digits");
  } else {
    std::ranges::copy(*hash, ref.sha256.begin());
  }
  return ref;
}

TokenKey read_token_key(JsonReader& in, JsonFault&) {
  return {read_required_text(in, "kid", kMaxKeyId),
          read_required_text(in, "public_key_pem", kMaxPemText)};
}

Peer read_peer(JsonReader& in, JsonFault&) {
  Peer peer;
  peer.node = in.id<NodeId>("node");
  peer.roles = read_roles(in);
  peer.dial = in.boolean("dial");
  const Json& endpoints = in.array("endpoints", kMaxEndpoints);
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    peer.endpoints.push_back(in.item_text("endpoints", i, endpoints[i], kMaxEndpointBytes));
    if (!wire::parse_host_port(peer.endpoints.back())) {
      in.wrong("endpoints", "must hold host:port");
    }
  }
  if (peer.dial == peer.endpoints.empty()) {
    in.wrong("endpoints", "must be there for a peer to dial, and only then");
  }
  peer.classes = read_classes(in, "classes");
  peer.draining = in.boolean("draining");
  peer.disabled = in.boolean("disabled");
  if (peer.disabled && peer.dial) in.wrong("dial", "must not be set for a disabled peer");
  peer.bootstrap = in.boolean("bootstrap");
  return peer;
}

ConfiguredRoute read_route(JsonReader& in, JsonFault&) {
  ConfiguredRoute route;
  route.egress = in.id<NodeId>("egress");
  const Json& hops = in.array("next_hops", kMaxNextHops);
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const auto hop = NodeId::parse(in.item_text("next_hops", i, hops[i], kUuidText));
    if (!hop) in.wrong("next_hops", "must hold UUIDs in lower case");
    route.next_hops.push_back(hop.value_or(NodeId{}));
  }
  if (route.next_hops.empty()) in.wrong("next_hops", "must not be empty");
  return route;
}

ConfiguredOrigin read_origin(JsonReader& in, JsonFault&) {
  ConfiguredOrigin origin;
  origin.node = in.id<NodeId>("node");
  const Json& keys = in.array("public_keys_pem", kMaxOriginKeys);
  for (std::size_t i = 0; i < keys.size(); ++i)
    origin.public_keys_pem.push_back(
        in.item_text("public_keys_pem", i, keys[i], kMaxOriginKeyText));
  return origin;
}

PoolMember read_pool_member(JsonReader& in, JsonFault&) {
  PoolMember member;
  member.node = in.id<NodeId>("node");
  const auto key = from_base64(in.text("seal_key", kSealKeyText));
  if (!key || key->size() != member.seal_key.size()) {
    in.wrong("seal_key", "must be 32 bytes in base64");
    return member;
  }
  std::ranges::copy(*key, member.seal_key.begin());
  return member;
}

KeyedPool read_pool(JsonReader& in, JsonFault& fault) {
  KeyedPool pool;
  pool.id = in.id<EgressPoolId>("id");
  pool.members = read_list(in, "members", kMaxPoolMembers, fault, read_pool_member);
  return pool;
}

// nullopt: of a protocol of a newer release.
std::optional<ConfiguredResource> read_resource(JsonReader& in, JsonFault&) {
  ConfiguredResource resource;
  resource.id = in.id<ResourceId>("id");
  resource.organization = in.id<OrganizationId>("organization");
  resource.pool = in.id<EgressPoolId>("pool");
  const auto protocol = policy::protocol_from(read_required_text(in, "protocol", kMaxProtocolName));
  resource.host = in.text("host", policy::kMaxHostBytes);
  if (const char* what = policy::check_host(resource.host)) in.wrong("host", what);
  resource.port = static_cast<std::uint16_t>(in.integer("port", 1, kMaxPort));
  if (!protocol) return std::nullopt;
  resource.protocol = *protocol;
  return resource;
}

}  // namespace

bool NodeConfig::has_role(policy::NodeRole role) const {
  return std::ranges::find(roles, role) != roles.end();
}

wire::JsonValue to_value(const NodeConfig& config) {
  Json out = Json::object();
  each_member([&](const char* name, auto member) { out[name] = value_json(config.*member); });
  return wire::JsonValue(std::move(out));
}

std::vector<DifferingMember> differing_members(const NodeConfig& one, const NodeConfig& other) {
  std::vector<DifferingMember> out;
  each_member([&](const char* name, auto member) {
    if (one.*member != other.*member) out.push_back(difference(name, one.*member, other.*member));
  });
  std::ranges::sort(out, {}, &DifferingMember::name);
  return out;
}

std::string to_json(const NodeConfig& config) {
  std::map<std::string_view, std::string> members;  // in the order in which the library has them
  each_member(
      [&](const char* name, auto member) { members.emplace(name, json_text(config.*member)); });
  std::string out;
  for (const auto& [name, text] : members) {
    out += out.empty() ? "{\"" : ",\"";
    out.append(name).append("\":").append(text);
  }
  return out + "}";
}

std::expected<NodeConfig, std::string> parse_node_config(std::string_view json) {
  auto value = wire::parse_strict_json(json);
  if (!value) return std::unexpected("the document must be JSON without duplicate members");
  return read_node_config(wire::JsonValue(std::move(*value)));
}

std::expected<NodeConfig, std::string> read_node_config(const wire::JsonValue& value) {
  JsonFault fault;
  JsonReader in(value.get(), "", fault);
  NodeConfig config;
  config.version = static_cast<std::uint64_t>(in.integer("version", 0, INT64_MAX));
  config.cluster = in.id<ClusterId>("cluster");
  config.node = in.id<NodeId>("node");
  config.node_name = read_required_text(in, "node_name", policy::kMaxNameBytes);
  config.issued_at = in.integer("issued_at", 0, INT64_MAX);
  config.valid_for_s = in.integer("valid_for_s", 1, kMaxValidForS);
  config.roles = read_roles(in);
  config.draining = in.boolean("draining");
  config.drain_deadline = in.integer("drain_deadline", 0, INT64_MAX);
  config.degraded_classes = read_classes(in, "degraded_classes");
  config.peer_directory_version = read_counter(in, "peer_directory_version");
  config.trust_bundle_version = read_counter(in, "trust_bundle_version");
  config.trust_bundle_floor = read_counter(in, "trust_bundle_floor");
  config.revocation_version = read_counter(in, "revocation_version");
  config.route_epoch = read_counter(in, "route_epoch");
  config.route_epoch_floor = read_counter(in, "route_epoch_floor");
  config.trust_bundle_pem = read_required_text(in, "trust_bundle_pem", kMaxPemText);
  config.token_keys = read_list(in, "token_keys", kMaxTokenKeys, fault, read_token_key);
  config.peers = read_list(in, "peers", kMaxPeers, fault, read_peer);
  config.routes = read_list(in, "routes", kMaxRoutes, fault, read_route);
  config.origins = read_list(in, "origins", kMaxOrigins, fault, read_origin);
  config.pools = read_list(in, "pools", kMaxPools, fault, read_pool);
  for (auto& resource : read_list(in, "resources", kMaxResources, fault, read_resource)) {
    if (resource) config.resources.push_back(std::move(*resource));
  }
  config.revocations = read_list(in, "revocations", kMaxRevocations, fault, read_revocation);
  config.documents = read_list(in, "documents", kMaxDocuments, fault, read_document);
  in.finish();
  if (fault.any()) return std::unexpected(fault.text());
  return config;
}

}  // namespace rap::snapshot
