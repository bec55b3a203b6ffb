#include "node/router/admission/security_table.hpp"

#include <algorithm>
#include <utility>

namespace rap::router {

using policy::BlocklistKind;
using policy::IpPrefix;
using snapshot::BlocklistChange;
using snapshot::SecurityChanges;
using wire::FlowReason;

namespace {

template <class Entries, class Key>
bool is_listed(const Entries& entries, const Key& key, WallTime now) {
  const auto it = entries.find(key);
  return it != entries.end() && (!it->second || *it->second > now);
}

template <class Entries, class Key>
void put(Entries& entries, const Key& key, const BlocklistChange& change) {
  if (change.listed) {
    entries[key] = change.expires_at;
  } else {
    entries.erase(key);
  }
}

}  // namespace

void SecurityTable::replace(const SecurityChanges& part, bool first, bool last) {
  if (first) next_ = {};
  write(part, next_);
  if (!last) return;
  known_ = std::exchange(next_, {});
  complete_ = true;
}

void SecurityTable::write(const SecurityChanges& changes, Known& into) {
  for (const auto& change : changes.epochs) {
    std::uint64_t& epoch = into.epochs[change.user];
    epoch = std::max(epoch, change.epoch);
  }
  for (const BlocklistChange& change : changes.blocklist) write(change, into);
}

void SecurityTable::write(const BlocklistChange& change, Known& into) {
  switch (change.kind) {
    case BlocklistKind::user:
      if (const auto user = UserId::parse(change.value)) put(into.users, *user, change);
      return;
    case BlocklistKind::device:
      if (const auto device = DeviceId::parse(change.value)) put(into.devices, *device, change);
      return;
    case BlocklistKind::ip:
      if (const auto block = IpPrefix::parse(change.value)) write_block(*block, change, into);
      return;
  }
}

void SecurityTable::write_block(const IpPrefix& block, const BlocklistChange& change, Known& into) {
  const std::size_t before = into.blocks.size();
  put(into.blocks, block, change);
  const auto length = into.lengths.try_emplace({block.address.v6, block.bits}, 0).first;
  length->second = length->second + into.blocks.size() - before;
  if (length->second == 0) into.lengths.erase(length);
}

// There is one look-up for each length that a block has.
bool SecurityTable::is_blocked(const policy::IpAddress& address, WallTime now) const {
  const policy::IpAddress plain = address.unmapped();
  return std::ranges::any_of(known_.lengths, [&](const auto& entry) {
    const auto& [v6, bits] = entry.first;
    return v6 == plain.v6 && is_listed(known_.blocks, IpPrefix::of(plain, bits), now);
  });
}

std::optional<FlowReason> SecurityTable::refusal(const FlowPrincipal& principal,
                                                 WallTime now) const {
  if (is_listed(known_.users, principal.user, now) ||
      (principal.device && is_listed(known_.devices, *principal.device, now)) ||
      (principal.address && is_blocked(*principal.address, now))) {
    return FlowReason::blocklisted;
  }
  const auto epoch = known_.epochs.find(principal.user);
  if (epoch != known_.epochs.end() && principal.auth_epoch < epoch->second) {
    return FlowReason::signed_out;
  }
  return std::nullopt;
}

}  // namespace rap::router
