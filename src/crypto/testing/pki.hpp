// A small certificate authority for tests: one cluster, root and intermediate, and nodes of it.
#pragma once

#include <utility>
#include <vector>

#include "base/seeded_random.hpp"
#include "crypto/x509/ca.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::crypto {

struct TestMember {
  NodeId node;
  PrivateKey key;
  Certificate leaf;
  std::vector<Certificate> chain;  // leaf first, then the intermediate
};

struct TestPki {
  explicit TestPki(std::uint64_t seed = 1)
      : rng(seed),
        cluster(ClusterId::random(rng)),
        root(make_root(cluster, validity, rng)),
        intermediate(make_intermediate(root, cluster, validity, rng)) {}

  TestMember member(wire::SpiffeId::Kind kind = wire::SpiffeId::Kind::node,
                    KeyType type = KeyType::p256) {
    const NodeId node = NodeId::random(rng);
    PrivateKey key = PrivateKey::generate(type);
    SubjectNames names;
    names.uris = {wire::SpiffeId{cluster, kind, node.bytes()}.str()};
    names.dns = {"localhost"};
    names.ips = {"127.0.0.1"};
    Certificate leaf =
        issue_leaf(intermediate, key.public_key(), names, {now - day, now + day}, rng);
    return {node, std::move(key), leaf, {leaf, intermediate.certificate}};
  }

  std::vector<Certificate> roots() const { return {root.certificate}; }

  static constexpr WallTime now = from_unix(1'800'000'000);
  static constexpr std::chrono::hours day{24};
  static constexpr Validity validity{now - 100 * day, now + 100 * day};

  SeededRandom rng;
  ClusterId cluster;
  Issuer root;
  Issuer intermediate;
};

}  // namespace rap::crypto
