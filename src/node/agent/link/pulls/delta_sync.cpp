#include "node/agent/link/pulls/delta_sync.hpp"

#include <algorithm>
#include <utility>

#include "node/agent/link/calls/node_api.hpp"

namespace rap::agent {

using snapshot::DeltaStream;
using snapshot::SecurityChanges;

namespace {

// What this cursor has covered is known already: an answer that comes twice, or late, is harmless.
void drop_known(SecurityChanges& changes, DeltaStream stream, std::uint64_t cursor) {
  const auto known = [cursor](const auto& change) { return change.seq <= cursor; };
  if (stream == DeltaStream::epochs) {
    changes.blocklist.clear();
    std::erase_if(changes.epochs, known);
  } else {
    changes.epochs.clear();
    std::erase_if(changes.blocklist, known);
  }
  std::ranges::sort(changes.epochs, {}, &snapshot::EpochChange::seq);
  std::ranges::sort(changes.blocklist, {}, &snapshot::BlocklistChange::seq);
}

std::uint64_t newest(const SecurityChanges& changes, std::uint64_t cursor) {
  if (!changes.epochs.empty()) cursor = std::max(cursor, changes.epochs.back().seq);
  if (!changes.blocklist.empty()) cursor = std::max(cursor, changes.blocklist.back().seq);
  return cursor;
}

template <class T>
std::vector<T> cut(const std::vector<T>& from, std::size_t begin, std::size_t count) {
  const std::size_t first = std::min(begin, from.size());
  const std::size_t last = std::min(begin + count, from.size());
  return {from.begin() + static_cast<std::ptrdiff_t>(first),
          from.begin() + static_cast<std::ptrdiff_t>(last)};
}

}  // namespace

DeltaSync::DeltaSync(NodeId node, SecurityStore& store, RandomSource& rng)
    : node_(node),
      store_(store),
      rng_(rng),
      lists_{List{DeltaStream::epochs,
                  ControlCall::pull_epochs,
                  kEpochInterval,
                  kDegradedEpochInterval,
                  Poller(kDegradedEpochInterval),
                  {}},
             List{DeltaStream::blocklist,
                  ControlCall::pull_blocklist,
                  kBlocklistInterval,
                  kDegradedBlocklistInterval,
                  Poller(kDegradedBlocklistInterval),
                  {}}} {}

LinkActions DeltaSync::load() {
  for (List& list : lists_) {
    const auto state = store_.state(list.stream);
    if (state) {
      list.state = *state;
    } else if (state.error().fault == StoreFault::damaged) {
      return build_anew(MonoTime::min(), state.error().detail);
    } else {
      return {Say{LogLevel::error, "security.unreadable", state.error().detail}};
    }
  }
  return {};
}

MonoTime DeltaSync::next_wakeup() const {
  return std::min(lists_[0].poller.next(), lists_[1].poller.next());
}

LinkActions DeltaSync::poll(MonoTime now) {
  LinkActions actions;
  for (List& list : lists_) {
    if (!list.poller.due(now)) continue;
    list.poller.begin();
    actions.push_back(SendToControl{
        list.call, pull_deltas_request(node_, list.stream, list.state.cursor, list.state.began)});
  }
  return actions;
}

void DeltaSync::hints_came_up(MonoTime now) {
  for (List& list : lists_) {
    list.poller.set_interval(list.calm, now, rng_);
    list.poller.hurry(now);  // for the hints that were missed
  }
}

void DeltaSync::hints_went_down(MonoTime now) {
  for (List& list : lists_) list.poller.set_interval(list.degraded, now, rng_);
}

void DeltaSync::hinted(MonoTime now, DeltaStream stream) { of(stream).poller.hurry(now); }

bool DeltaSync::complete() const { return lists_[0].state.complete && lists_[1].state.complete; }

LinkActions DeltaSync::fabric_connected() {
  fabric_up_ = true;
  given_ = false;
  return complete() ? give_whole() : LinkActions{};
}

void DeltaSync::fabric_disconnected() {
  fabric_up_ = false;
  given_ = false;
}

LinkActions DeltaSync::give_whole() {
  if (!fabric_up_) return {};
  const auto all = store_.load();
  if (!all) {
    if (all.error().fault == StoreFault::damaged) {
      return build_anew(MonoTime::min(), all.error().detail);
    }
    return {Say{LogLevel::error, "security.unreadable", all.error().detail}};
  }
  const std::size_t rows = std::max(all->epochs.size(), all->blocklist.size());
  LinkActions actions;
  std::size_t begin = 0;
  do {
    const SecurityChanges part{cut(all->epochs, begin, kMaxRowsAMessage),
                               cut(all->blocklist, begin, kMaxRowsAMessage)};
    const bool first = begin == 0;
    begin += kMaxRowsAMessage;
    actions.push_back(
        tell_fabric(wire::SecurityState{snapshot::to_rows(part), first, begin >= rows}));
  } while (begin < rows);
  given_ = true;
  return actions;
}

LinkActions DeltaSync::on_answer(Now now, ControlCall call, const Answer& answer) {
  auto* const list = std::ranges::find(lists_, call, &List::call);
  if (list == lists_.end()) return {};
  auto parsed = answer ? parse_deltas(*answer, list->stream) : std::nullopt;
  if (!parsed) {
    list->poller.failed(now.mono, rng_);
    return {};
  }
  // It reaches on from a cursor we do not have any more: asked before the store was built anew.
  if (parsed->since > list->state.cursor) {
    list->poller.succeeded(now.mono, rng_);
    list->poller.hurry(now.mono);
    return {};
  }
  if (parsed->restart) return restart(now.mono, *list);
  return take(now, *list, std::move(*parsed));
}

LinkActions DeltaSync::take(Now now, List& list, DeltaAnswer answer) {
  SecurityChanges& changes = answer.changes;
  const bool more = answer.more;
  drop_known(changes, list.stream, list.state.cursor);
  const StreamState next{newest(changes, list.state.cursor), list.state.complete || !more,
                         list.state.cursor == 0 ? answer.newest : list.state.began};
  if (next != list.state) {
    if (const auto stored = store_.apply(list.stream, changes, next, now.wall); !stored) {
      return refused(now.mono, list, stored.error());
    }
  }
  const bool was_complete = complete();
  list.state = next;
  list.trouble_said = false;
  list.poller.succeeded(now.mono, rng_);
  if (more) list.poller.hurry(now.mono);
  if (!complete() || !fabric_up_) return {};
  if (!given_) return give_whole();
  LinkActions actions;
  if (was_complete && !changes.empty()) {
    actions.push_back(tell_fabric(wire::SecurityChanged{snapshot::to_rows(changes)}));
  }
  return actions;
}

// The fabric keeps what it was given until the list is complete again.
LinkActions DeltaSync::restart(MonoTime now, List& list) {
  if (const auto cleared = store_.clear(list.stream); !cleared) {
    return refused(now, list, cleared.error());
  }
  list.state = {};
  given_ = false;
  list.poller.succeeded(now, rng_);
  list.poller.hurry(now);
  return {Say{LogLevel::warn, "security.restarted",
              "The control plane does not know where this node stands with its " +
                  std::string(to_string(list.stream)) + "; they are fetched anew."}};
}

LinkActions DeltaSync::build_anew(MonoTime now, const std::string& why) {
  if (const auto rebuilt = store_.rebuild(); !rebuilt) {
    return {Say{LogLevel::error, "security.not_rebuilt", rebuilt.error().detail}};
  }
  given_ = false;
  for (List& list : lists_) {
    list.state = {};
    if (now != MonoTime::min()) list.poller.hurry(now);
  }
  return {Say{LogLevel::error, "security.rebuilding",
              "The local security store is built anew from the control plane's: " + why}};
}

LinkActions DeltaSync::refused(MonoTime now, List& list, const StoreRefusal& refusal) {
  list.poller.failed(now, rng_);
  if (refusal.fault == StoreFault::damaged) return build_anew(now, refusal.detail);
  LinkActions actions;
  if (!std::exchange(list.trouble_said, true)) {
    actions.push_back(Say{LogLevel::error, "security.not_stored", refusal.detail});
  }
  // What does not fit must not be forgotten about: nobody new is let in.
  if (refusal.fault == StoreFault::full) {
    given_ = false;
    if (fabric_up_) actions.push_back(tell_fabric(wire::SecurityIncomplete{}));
  }
  return actions;
}

}  // namespace rap::agent
