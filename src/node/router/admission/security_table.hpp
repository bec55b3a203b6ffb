// What the data plane enforces of the security data (CP-4): which auth epochs are over, and which
// addresses, devices and users are blocklisted. It holds what the agent's local store holds and
// nothing else; before that was handed over whole, nobody new is let in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "snapshot/security_delta.hpp"
#include "wire/flow_reason.hpp"

namespace rap::router {

// Whom a flow is for, as the token or the grant says, and where they come from, which the entry
// alone sees.
struct FlowPrincipal {
  UserId user;
  std::uint64_t auth_epoch = 0;
  std::optional<DeviceId> device;
  std::optional<policy::IpAddress> address;
};

class SecurityTable {
 public:
  // Takes a part of the whole, which with its last part takes the place of what was known.
  void replace(const snapshot::SecurityChanges& part, bool first, bool last);
  void apply(const snapshot::SecurityChanges& changes) { write(changes, known_); }
  void set_incomplete() { complete_ = false; }

  // A table that is not complete admits nothing new.
  bool is_complete() const { return complete_; }
  std::optional<wire::FlowReason> refusal(const FlowPrincipal& principal, WallTime now) const;

  std::size_t epochs() const { return known_.epochs.size(); }
  std::size_t blocklisted() const {
    return known_.users.size() + known_.devices.size() + known_.blocks.size();
  }

 private:
  using Expiry = std::optional<WallTime>;
  struct Known {
    std::unordered_map<UserId, std::uint64_t> epochs;
    std::unordered_map<UserId, Expiry> users;
    std::map<DeviceId, Expiry> devices;  // clients choose their keys, and so their ids
    std::map<policy::IpPrefix, Expiry> blocks;
    std::map<std::pair<bool, unsigned>, std::size_t> lengths;  // of blocks: IPv6?, bits → how many
  };

  static void write(const snapshot::SecurityChanges& changes, Known& into);
  static void write(const snapshot::BlocklistChange& change, Known& into);
  static void write_block(const policy::IpPrefix& block, const snapshot::BlocklistChange& change,
                          Known& into);
  bool is_blocked(const policy::IpAddress& address, WallTime now) const;

  Known known_;
  Known next_;  // while its parts come
  bool complete_ = false;
};

}  // namespace rap::router
