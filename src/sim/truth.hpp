// What the control plane of the simulated cluster knows, and what a node is told of it: the same
// division as in the real system, with certificates as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "node/channel/context.hpp"
#include "node/channel/lifecycle.hpp"

namespace rap::sim {

using namespace std::chrono_literals;

// Times are the world's; a node compares them with its own wall clock.
struct Certificate {
  ClusterId cluster;
  NodeId node;
  std::uint64_t serial = 0;
  std::uint64_t root = 0;
  std::uint64_t key = 0;
  Duration not_before{0};
  Duration not_after{0};
};

struct Denials {
  std::map<NodeId, wire::Severity> nodes;
  std::map<std::uint64_t, wire::Severity> serials;
  std::map<std::uint64_t, wire::Severity> keys;

  std::optional<wire::Severity> of(const Certificate& c) const;
};

// What one node was told.
struct View {
  channel::Context context;
  std::set<std::uint64_t> roots;
  Denials denials;
  Duration issued{0};
};

inline constexpr Duration kViewLifetime = 10min;
inline constexpr Duration kCertificateLifetime = 15min;
inline constexpr Duration kBackdated = 1min;  // clocks that are behind are the reason

// CH-2 as values, in the order of the real checks: chain, root, time, kind, cluster, revocation.
channel::Verdict verify(const Certificate& peer, const View& view, ClusterId cluster,
                        Duration wall);

class Truth {
 public:
  struct Member {
    NodeId id;
    bool relay = false;
    bool bootstrap = false;
    bool draining = false;
    bool revoked = false;
    bool removed = false;  // it lost its roles: nobody's neighbour
    bool disabled = false;  // its neighbours know it is out
    wire::TrafficClassSet classes = wire::TrafficClassSet::all();
    std::uint64_t root = 1;  // its certificate is under this root
  };

  Truth(ClusterId cluster, RandomSource& rng) : cluster_(cluster), rng_(rng) {}

  Member& add(bool relay, bool bootstrap);
  std::vector<Member>& members() { return members_; }
  const std::vector<Member>& members() const { return members_; }
  const Member& of(NodeId node) const;

  Certificate issue(NodeId node, Duration now);
  View view_of(NodeId node, Duration now) const;
  // Members dial relays. Both take part, neither drains or is revoked.
  bool should_be_connected(const Member& a, const Member& b) const;
  std::uint64_t version() const { return version_; }
  void changed() { ++version_; }
  // The platform's policy on channels whose peer has fallen behind (CH-5).
  void set_stale_peer(Duration time) { stale_peer_ = time; }

  void revoke(Member& member, wire::Severity severity);
  // Revokes what it proves itself with; it may be given another.
  void revoke_certificate(const Certificate& certificate, bool by_key, wire::Severity severity);
  // CH-12: both roots are trusted while certificates move from the old one to the new.
  void begin_rotation();
  bool rotating() const { return roots_.size() > 1; }
  void end_rotation();
  std::uint64_t newest_root() const { return *roots_.rbegin(); }
  // A new route epoch; the one before the last is no longer good enough.
  void next_epoch() {
    route_epoch_floor_ = route_epoch_ - 1;
    ++route_epoch_;
    changed();
  }

 private:
  ClusterId cluster_;
  RandomSource& rng_;
  std::vector<Member> members_;
  std::set<std::uint64_t> roots_{1};
  Denials denials_;
  std::uint64_t version_ = 1;
  std::uint64_t bundle_version_ = 1;
  std::uint64_t bundle_floor_ = 0;
  std::uint64_t revocation_version_ = 1;
  std::uint64_t route_epoch_ = 1;
  std::uint64_t route_epoch_floor_ = 0;
  std::uint64_t next_serial_ = 1;
  Duration stale_peer_{0};
};

}  // namespace rap::sim
