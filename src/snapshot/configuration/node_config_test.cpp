#include "snapshot/configuration/node_config.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "base/seeded_random.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;
using policy::NodeRole;

NodeConfig sample(std::uint64_t seed = 1) {
  SeededRandom rng(seed);
  NodeConfig c;
  c.version = rng.below(1'000'000);
  c.cluster = ClusterId::random(rng);
  c.node = NodeId::random(rng);
  c.node_name = "entry-1";
  c.issued_at = 1'800'000'000;
  c.roles = {NodeRole::entry, NodeRole::egress};
  c.trust_bundle_pem = "-----BEGIN CERTIFICATE-----\n…\n";
  c.token_keys = {{"t1", "PEM 1"}, {"t2", "PEM 2"}};
  c.valid_for_s = 3600;
  c.draining = rng.below(2) == 0;
  c.drain_deadline = 1'800'000'600;
  c.peer_directory_version = rng.below(1'000'000);
  c.trust_bundle_version = 3;
  c.trust_bundle_floor = 2;
  c.revocation_version = 4;
  c.route_epoch = 6;
  c.route_epoch_floor = 5;
  c.peers = {{.node = NodeId::random(rng),
              .roles = {NodeRole::relay},
              .dial = true,
              .endpoints = {"relay-1.example:9443", "[::1]:1"},
              .classes = {wire::TrafficClass::health, wire::TrafficClass::input},
              .draining = true},
             {.node = NodeId::random(rng), .roles = {NodeRole::egress}, .bootstrap = true},
             {.node = NodeId::random(rng), .roles = {NodeRole::entry}, .disabled = true}};
  c.routes = {{NodeId::random(rng), {c.peers[0].node, c.peers[1].node}}};
  c.origins = {{c.node, {"PEM 3", "PEM 4"}}};
  KeyedPool pool{EgressPoolId::random(rng), {{NodeId::random(rng), {}}}};
  rng.fill(pool.members[0].seal_key);
  c.pools = {pool};
  c.resources = {{ResourceId::random(rng), OrganizationId::random(rng), pool.id,
                  policy::Protocol::ssh, "10.0.0.5", 22}};
  crypto::Sha256 digest{};
  rng.fill(digest);
  c.revocations = {{.node = NodeId::random(rng), .severity = wire::Severity::drain},
                   {.kind = RevocationKind::certificate, .issuer = digest, .serial = "0f12ab"},
                   {.kind = RevocationKind::key, .key = digest}};
  c.documents = {{.type = "cp_agent_runtime", .version = 3, .sha256 = digest},
                 {.type = "app_mtls_trust_bundle",
                  .scope = {Layer::service, OrganizationId::random(rng), ResourceId::random(rng)},
                  .version = 4,
                  .sha256 = digest}};
  return c;
}

std::string fault_of(const Json& json) {
  const auto parsed = parse_node_config(json.dump());
  return parsed ? "" : parsed.error();
}

std::string fault_after(const std::function<void(Json&)>& change) {
  Json json = Json::parse(to_json(sample()));
  change(json);
  return fault_of(json);
}

TEST(NodeConfig, RoundTrips) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const NodeConfig config = sample(seed);
    const auto parsed = parse_node_config(to_json(config));
    ASSERT_TRUE(parsed) << parsed.error();
    EXPECT_EQ(*parsed, config);
  }
}

TEST(NodeConfig, KnowsItsRoles) {
  EXPECT_TRUE(sample().has_role(NodeRole::entry));
  EXPECT_FALSE(sample().has_role(NodeRole::relay));
}

// Calls `visit` with the path and a pointer to every object of the document.
void each_object(const Json& at, const std::string& path, const Json::json_pointer& pointer,
                 const std::function<void(const std::string&, const Json::json_pointer&)>& visit) {
  if (at.is_object()) visit(path, pointer);
  for (const auto& [key, value] : at.items()) {
    if (!value.is_structured()) continue;
    const std::string inner = at.is_array()  ? path + "[" + key + "]"
                              : path.empty() ? key
                                             : path + "." + key;
    each_object(value, inner, at.is_array() ? pointer / std::stoul(key) : pointer / key, visit);
  }
}

TEST(NodeConfig, NamesEveryMissingUnknownAndMistypedMember) {
  const Json good = Json::parse(to_json(sample()));
  int members = 0;
  each_object(good, "", Json::json_pointer(),
              [&](const std::string& path, const Json::json_pointer& pointer) {
                const std::string prefix = path.empty() ? "" : path + ".";
                for (const auto& [name, value] : good[pointer].items()) {
                  ++members;
                  const std::string quoted = "member \"" + prefix + name + "\"";
                  Json bad = good;
                  bad[pointer].erase(name);
                  EXPECT_EQ(fault_of(bad), quoted + " is missing");
                  for (const Json& wrong :
                       {Json(), Json(-1), Json(2.5), Json::object(), Json("\xc3\xa4")}) {
                    if (name == "node_name" || name == "trust_bundle_pem" || name == "kid" ||
                        name == "public_key_pem" || name == "protocol" || name == "type") {
                      if (wrong.is_string()) continue;  // free text
                    }
                    bad = good;
                    bad[pointer][name] = wrong;
                    EXPECT_TRUE(fault_of(bad).starts_with(quoted))
                        << quoted << wrong << fault_of(bad);
                  }
                }
                Json bad = good;
                bad[pointer]["surplus"] = 1;
                EXPECT_EQ(fault_of(bad), "member \"" + prefix + "surplus\" is unknown");
              });
  EXPECT_EQ(members, 25 + 2 * 2 + 3 * 8 + 2 + 2 + 2 + 2 + 6 + 3 * 6 + 2 * 6);
}

// docs/protocol/configuration.md says of what layer each is (SN-1).
TEST(NodeConfig, EveryMemberIsOfExactlyOneLayerInTheDocumentation) {
  std::ifstream file(std::string(RAP_SOURCE_DIR) + "/docs/protocol/configuration.md");
  std::map<std::string, std::string> layers;
  bool in_table = false;
  for (std::string line; std::getline(file, line);) {
    in_table = line == "| member | layer |" || (in_table && line.starts_with('|'));
    if (!in_table || line.starts_with("|---")) continue;
    const std::size_t middle = line.find('|', 1);
    const std::string layer = line.substr(middle + 2, line.size() - middle - 4);
    for (std::size_t at = line.find('`'); at < middle; at = line.find('`', at + 1)) {
      const std::size_t end = line.find('`', at + 1);
      const std::string member = line.substr(at + 1, end - at - 1);
      EXPECT_TRUE(layers.emplace(member, layer).second) << member << " is of two layers";
      at = end;
    }
  }
  const Json config = Json::parse(to_json(sample()));
  for (const auto& [name, value] : config.items()) {
    ASSERT_TRUE(layers.contains(name)) << name;
    if (layers[name] == "each its own") {
      for (const Json& item : value) EXPECT_TRUE(item.contains("layer")) << name;
    } else {
      EXPECT_TRUE(layer_from(layers[name])) << name << ": " << layers[name];
    }
  }
  EXPECT_EQ(layers.size(), config.size()) << "and there is no other";
}

TEST(NodeConfig, EveryListHasItsLimit) {
  auto fill = [](Json& json, const char* pointer, std::size_t n) {
    Json& list = json[Json::json_pointer(pointer)];
    const Json item = list[0];
    list = Json::array();
    for (std::size_t i = 0; i < n; ++i) list.push_back(item);
  };
  const std::tuple<const char*, const char*, std::size_t> kLists[] = {
      {"/token_keys", "token_keys", kMaxTokenKeys},
      {"/peers", "peers", kMaxPeers},
      {"/peers/0/endpoints", "peers[0].endpoints", kMaxEndpoints},
      {"/routes", "routes", kMaxRoutes},
      {"/routes/0/next_hops", "routes[0].next_hops", kMaxNextHops},
      {"/origins", "origins", kMaxOrigins},
      {"/origins/0/public_keys_pem", "origins[0].public_keys_pem", kMaxOriginKeys},
      {"/pools", "pools", kMaxPools},
      {"/pools/0/members", "pools[0].members", kMaxPoolMembers},
      {"/resources", "resources", kMaxResources},
      {"/revocations", "revocations", kMaxRevocations},
      {"/documents", "documents", kMaxDocuments}};
  for (const auto& [pointer, name, limit] : kLists) {
    EXPECT_EQ(fault_after([&](Json& j) { fill(j, pointer, limit); }), "");
    EXPECT_EQ(
        fault_after([&](Json& j) { fill(j, pointer, limit + 1); }),
        "member \"" + std::string(name) + "\" has more than " + std::to_string(limit) + " items");
  }
}

TEST(NodeConfig, EveryTextHasItsLimit) {
  const std::tuple<const char*, std::size_t> kTexts[] = {{"/node_name", 63},
                                                         {"/trust_bundle_pem", kMaxPemText},
                                                         {"/token_keys/0/kid", 64},
                                                         {"/resources/0/protocol", 16}};
  for (const auto& [pointer, limit] : kTexts) {
    const auto set = [&](std::size_t n) {
      return fault_after([&](Json& j) { j[Json::json_pointer(pointer)] = std::string(n, 'x'); });
    };
    EXPECT_EQ(set(limit), "") << pointer;
    EXPECT_NE(set(limit + 1), "") << pointer;
    EXPECT_NE(set(0), "") << pointer;
  }
}

TEST(NodeConfig, RefusesWhatNoNodeCouldUse) {
  EXPECT_NE(fault_after([](Json& j) { j["roles"] = {"entry", "entry"}; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["roles"] = {"owner"}; }), "");
  EXPECT_EQ(fault_after([](Json& j) { j["roles"] = Json::array(); }), "");
  EXPECT_NE(fault_after([](Json& j) { j["resources"][0]["port"] = 0; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["resources"][0]["port"] = 65536; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["resources"][0]["host"] = "a b"; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["peers"][0]["endpoints"] = {"no port"}; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["peers"][0]["endpoints"] = Json::array(); }), "");
  EXPECT_NE(fault_after([](Json& j) { j["peers"][1]["endpoints"] = {"a:1"}; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["pools"][0]["members"][0]["seal_key"] = "AAAA"; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["routes"][0]["next_hops"] = Json::array(); }), "");
  EXPECT_NE(fault_after([](Json& j) { j["routes"][0]["next_hops"] = {"x"}; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["valid_for_s"] = 0; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["valid_for_s"] = kMaxValidForS + 1; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["peers"][0]["classes"] = {"gossip"}; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["peers"][0]["classes"] = {"input", "input"}; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["degraded_classes"] = {"input", "input"}; }), "");
  EXPECT_EQ(fault_after([](Json& j) { j["degraded_classes"] = Json::array(); }), "");
}

TEST(NodeConfig, ARevocationHasTheMembersOfItsKindAndNoOthers) {
  const Json good = Json::parse(to_json(sample()));
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string at = "/revocations/" + std::to_string(i) + "/";
    for (const char* name : {"node", "issuer", "serial", "key"}) {
      Json bad = good;
      Json& value = bad[Json::json_pointer(at + name)];
      // Takes a member away from its kind, or gives it one of another.
      if (value != "") {
        value = "";
      } else {
        for (const Json& other : good["revocations"]) {
          if (other[name] != "") value = other[name];
        }
      }
      EXPECT_NE(fault_of(bad), "") << i << name;
    }
    for (const char* name : {"kind", "severity"}) {
      Json bad = good;
      bad[Json::json_pointer(at + name)] = "other";
      EXPECT_NE(fault_of(bad), "") << i << name;
    }
  }
  EXPECT_NE(fault_after([](Json& j) { j["revocations"][1]["serial"] = "0G"; }), "");
  EXPECT_NE(fault_after([](Json& j) { j["revocations"][1]["serial"] = std::string(41, 'a'); }), "");
  EXPECT_NE(fault_after([](Json& j) { j["revocations"][1]["issuer"] = "abcd"; }), "");
}

TEST(NodeConfig, RefusesTextThatIsNotOneStrictDocument) {
  const std::string good = to_json(sample());
  for (const std::string& bad : {std::string(), std::string("[]"), good + "x", good + good,
                                 good.substr(0, good.size() - 1) + ",\"version\":1}"}) {
    EXPECT_FALSE(parse_node_config(bad));
  }
}

TEST(NodeConfig, SurvivesRandomDamageWithoutAccident) {
  const NodeConfig original = sample();
  const std::string good = to_json(original);
  SeededRandom rng(9);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
      bad[rng.below(bad.size())] = static_cast<char>(rng.next());
    }
    const auto parsed = parse_node_config(bad);
    if (parsed) {
      EXPECT_EQ(parse_node_config(to_json(*parsed)), *parsed);
    }
  }
}

}  // namespace
}  // namespace rap::snapshot
