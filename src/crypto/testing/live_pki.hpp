// A certificate authority for tests over real sockets, where certificates are judged by the clock:
// one cluster, and members of it that are valid around a given time.
#pragma once

#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "crypto/tls/tls.hpp"
#include "crypto/x509/ca.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::crypto {

struct LiveMember {
  NodeId node;
  TlsIdentity identity;
};

struct LivePki {
  explicit LivePki(WallTime now, std::uint64_t seed = 1)
      : rng(seed),
        validity{now - std::chrono::hours{1}, now + std::chrono::hours{1}},
        cluster(ClusterId::random(rng)),
        root(make_root(cluster, validity, rng)),
        intermediate(make_intermediate(root, cluster, validity, rng)) {}

  LiveMember member(wire::SpiffeId::Kind kind, const LeafProfile& profile = {}) {
    const NodeId node = NodeId::random(rng);
    return {node, certify(PrivateKey::generate(KeyType::p256), node, kind, profile)};
  }
  TlsIdentity certify(PrivateKey key, NodeId node, wire::SpiffeId::Kind kind,
                      const LeafProfile& profile = {}) {
    return {chain_for(key.public_key(), node, kind, profile), std::move(key)};
  }
  std::vector<Certificate> chain_for(const PublicKey& key, NodeId node, wire::SpiffeId::Kind kind,
                                     const LeafProfile& profile = {}) {
    SubjectNames names;
    names.uris = {wire::SpiffeId{cluster, kind, node.bytes()}.str()};
    names.ips = {"127.0.0.1"};
    return {issue_leaf(intermediate, key, names, validity, rng, profile), intermediate.certificate};
  }
  std::vector<Certificate> roots() const { return {root.certificate}; }

  SeededRandom rng;
  Validity validity;
  ClusterId cluster;
  Issuer root;
  Issuer intermediate;
};

}  // namespace rap::crypto
