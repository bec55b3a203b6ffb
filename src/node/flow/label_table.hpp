// The flows of one channel, found by label with one array look-up and no hashing.
//
// A label is generation << 16 | slot. The end that opened the channel gives out odd slots, the
// other even ones, so both can open flows at once. A slot that is used again has a new generation:
// a late frame of the old flow does not reach the new one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace rap::flow {

inline constexpr std::size_t kMaxFlowsPerSide = 4096;  // each side of a channel may open as many
// A freed slot rests while this many others wait: the peer may hear of the end of the old flow only
// after the start of a new one, because classes overtake each other.
inline constexpr std::size_t kQuarantine = 64;
inline constexpr std::size_t kMaxSlots = 2 * kMaxFlowsPerSide + 1;  // slot 0 names no flow

enum class LabelSide : std::uint8_t { odd, even };  // the channel's dialler is odd

template <class Flow>
class LabelTable {
 public:
  explicit LabelTable(LabelSide side) : next_slot_(side == LabelSide::odd ? 1 : 2), side_(side) {}

  // A new flow that this side opens; nullopt at the limit.
  std::optional<std::uint32_t> allocate(Flow flow) {
    std::uint16_t slot = 0;
    if (free_.size() > kQuarantine || (next_slot_ >= kMaxSlots && !free_.empty())) {
      slot = free_.front();
      free_.pop_front();
    } else {
      if (next_slot_ >= kMaxSlots) return std::nullopt;
      slot = static_cast<std::uint16_t>(next_slot_);
      next_slot_ += 2;
    }
    Slot& s = at(slot);
    ++s.generation;
    s.label = std::uint32_t{s.generation} << 16 | slot;
    s.flow = std::move(flow);
    ++size_;
    return s.label;
  }

  enum class Adopted : std::uint8_t { ok, not_theirs, in_use };
  // A flow that the peer opens under a label of its choice.
  Adopted adopt(std::uint32_t label, Flow flow) {
    const std::uint16_t slot = static_cast<std::uint16_t>(label);
    if (slot == 0 || slot >= kMaxSlots || ours(slot)) return Adopted::not_theirs;
    Slot& s = at(slot);
    if (s.label != 0) return Adopted::in_use;
    s.label = label;
    s.flow = std::move(flow);
    ++size_;
    return Adopted::ok;
  }

  Flow* find(std::uint32_t label) {
    const std::size_t slot = label & 0xffff;
    if (slot >= slots_.size() || slots_[slot].label != label || label == 0) return nullptr;
    return &slots_[slot].flow;
  }

  void erase(std::uint32_t label) {
    if (find(label) == nullptr) return;
    const std::uint16_t slot = static_cast<std::uint16_t>(label);
    slots_[slot].label = 0;
    slots_[slot].flow = Flow{};
    --size_;
    if (ours(slot)) free_.push_back(slot);
  }

  // fn(label, flow); fn may erase the flow it is given.
  template <class Fn>
  void for_each(Fn fn) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].label != 0) fn(slots_[i].label, slots_[i].flow);
    }
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint32_t label = 0;  // 0: free
    std::uint16_t generation = 0;
    Flow flow{};
  };

  bool ours(std::uint16_t slot) const { return (slot % 2 == 1) == (side_ == LabelSide::odd); }
  Slot& at(std::uint16_t slot) {
    if (slots_.size() <= slot) slots_.resize(slot + 1U);
    return slots_[slot];
  }

  std::vector<Slot> slots_;
  std::deque<std::uint16_t> free_;  // longest free first
  std::size_t next_slot_;
  LabelSide side_;
  std::size_t size_ = 0;
};

}  // namespace rap::flow
