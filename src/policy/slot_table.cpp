#include "policy/slot_table.hpp"

#include <algorithm>
#include <utility>

namespace rap::policy {

SlotLimits shared_fairly(std::size_t total) {
  const std::size_t share = std::max(total / kHoldersToFill, std::min(total, kLeastShare));
  return {.total = total,
          .share = share,
          .proven = total - total / kHoldersToFill,
          .proven_share = share};
}

bool SlotTable::Greedier::operator()(const Holder* a, const Holder* b) const {
  return a->units != b->units ? a->units > b->units : a->order < b->order;
}

template <class Change>
void SlotTable::change(Holder& holder, Change apply) {
  Ranking::node_type place;
  if (holder.rank) place = ranking_.extract(*holder.rank);
  apply();
  if (holder.slots.empty()) {
    holders_.erase(holder.self);
    return;
  }
  holder.order = slots_.at(holder.slots.front()).order;
  holder.rank = place ? ranking_.insert(std::move(place)).position : ranking_.insert(&holder).first;
}

// What was heard since a holder was put in its place only moves it back, among those as greedy.
SlotTable::Id SlotTable::next_to_make_way() {
  for (;;) {
    Holder& first = **ranking_.begin();
    const Id id = first.slots.front();
    if (slots_.at(id).order == first.order) return id;
    change(first, [] {});
  }
}

SlotTable::MadeWayList SlotTable::enter(Id id, std::string_view holder, MonoTime now,
                                        std::size_t units) {
  Slot& slot = slots_[id];
  slot.key = holder;
  slot.units = units;
  slot.heard = now;
  return settle(&join(id, slot));
}

SlotTable::MadeWayList SlotTable::resize(Id id, std::size_t units) {
  const auto found = slots_.find(id);
  if (found == slots_.end()) return {};
  Slot& slot = found->second;
  if (slot.holder == nullptr) {
    const std::string principal = slot.principal;
    forget_proof(slot);
    slot.units = units;
    Holder& own = join(id, slot);
    return settle(prove(id, principal) ? nullptr : &own);
  }
  const std::size_t before = std::exchange(slot.units, units);
  change(*slot.holder, [&] {
    // Unsigned arithmetic wraps, and so may shrink.
    slot.holder->units += units - before;
    strangers_units_ += units - before;
  });
  return settle(slot.holder);
}

// Puts a slot among the strangers, as the one that was heard last.
SlotTable::Holder& SlotTable::join(Id id, Slot& slot) {
  const auto [at, is_new] = holders_.try_emplace(slot.key);
  if (is_new) {
    at->second = std::make_unique<Holder>();
    at->second->self = at;
  }
  Holder& own = *at->second;
  change(own, [&] {
    slot.holder = &own;
    slot.order = next_order_++;
    slot.at = own.slots.insert(own.slots.end(), id);
    own.units += slot.units;
    strangers_units_ += slot.units;
  });
  return own;
}

void SlotTable::forget_proof(Slot& slot) {
  proven_units_ -= slot.units;
  std::size_t& has = principals_[slot.principal];
  has -= slot.units;
  if (has == 0) principals_.erase(slot.principal);
  slot.principal.clear();
}

void SlotTable::heard(Id id, MonoTime now) {
  const auto found = slots_.find(id);
  if (found == slots_.end() || found->second.holder == nullptr) return;
  Slot& slot = found->second;
  Holder& own = *slot.holder;
  slot.heard = now;
  slot.order = next_order_++;
  own.slots.splice(own.slots.end(), own.slots, slot.at);
}

bool SlotTable::prove(Id id, std::string_view principal) {
  const auto found = slots_.find(id);
  if (found == slots_.end()) return false;
  Slot& slot = found->second;
  if (slot.holder == nullptr) return true;
  const std::size_t units = slot.units;
  const auto known = principals_.find(principal);
  const std::size_t has = known == principals_.end() ? 0 : known->second;
  if (has + units > limits_.proven_share || proven_units_ + units > limits_.proven) return false;
  Holder& own = *slot.holder;
  change(own, [&] {
    own.slots.erase(slot.at);
    own.units -= units;
  });
  slot.holder = nullptr;
  slot.principal = principal;
  strangers_units_ -= units;
  proven_units_ += units;
  principals_[slot.principal] += units;
  count();
  return true;
}

void SlotTable::leave(Id id) {
  const auto found = slots_.find(id);
  if (found != slots_.end()) take_out(id, found->second);
}

std::optional<SlotTable::Id> SlotTable::make_way() {
  if (ranking_.empty()) return std::nullopt;
  const Id id = next_to_make_way();
  take_out(id, slots_.at(id));
  ++counters_.made_way_of_all;
  return id;
}

std::vector<SlotTable::Id> SlotTable::silent_since(MonoTime then) const {
  std::vector<std::pair<std::uint64_t, Id>> silent;
  for (const auto& [id, slot] : slots_) {
    if (slot.holder != nullptr && slot.heard <= then) silent.emplace_back(slot.order, id);
  }
  std::ranges::sort(silent);
  std::vector<Id> out;
  for (const auto& [order, id] : silent) out.push_back(id);
  return out;
}

bool SlotTable::is_pressed() const {
  const std::size_t room = for_strangers();
  return strangers_units_ > room - room / kHoldersToFill;
}

void SlotTable::take_out(Id id, Slot& slot) {
  if (Holder* own = slot.holder; own != nullptr) {
    strangers_units_ -= slot.units;
    change(*own, [&] {
      own->slots.erase(slot.at);
      own->units -= slot.units;
    });
  } else {
    forget_proof(slot);
  }
  slots_.erase(id);
  count();
}

// `holder` has just grown, if anybody has.
SlotTable::MadeWayList SlotTable::settle(Holder* holder) {
  MadeWayList out;
  while (holder != nullptr && holder->units > limits_.share) {
    const bool last = holder->slots.size() == 1;
    const Id id = holder->slots.front();
    take_out(id, slots_.at(id));
    ++counters_.made_way_of_share;
    out.push_back({id, true});
    if (last) holder = nullptr;
  }
  while (strangers_units_ > for_strangers()) {
    const Id id = next_to_make_way();
    take_out(id, slots_.at(id));
    ++counters_.made_way_of_all;
    out.push_back({id, false});
  }
  count();
  return out;
}

std::size_t SlotTable::for_strangers() const {
  return limits_.total - std::min(limits_.total, proven_units_);
}

void SlotTable::count() {
  counters_.held = strangers_units_ + proven_units_;
  counters_.proven = proven_units_;
  counters_.most_held = std::max<std::uint64_t>(counters_.most_held, counters_.held);
}

}  // namespace rap::policy
