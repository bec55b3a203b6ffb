#include "node/router/admission/security_ledger.hpp"

#include <algorithm>
#include <tuple>

#include "base/encoding.hpp"

namespace rap::router {

using wire::SecurityEvent;

namespace {

// A node forgets at a restart what it admitted: such a token may or may not have been used.
constexpr std::string_view kIssuedBeforeStart = "issued_before_start";

// Who is counted for it: the nearest to the one who did it that is known.
std::string source_of(const SecurityEvent& e) {
  if (e.others) return "others/" + std::string(to_string(e.kind));
  if (e.user) return e.user->str();
  if (!e.source.empty()) return e.source;
  if (e.peer) return e.peer->str();
  return e.organization ? e.organization->str() : std::string();
}

std::optional<wire::SecurityEventKind> kind_of(wire::FlowReason reason) {
  using wire::FlowReason;
  using enum wire::SecurityEventKind;
  switch (reason) {
    case FlowReason::token_invalid:
    case FlowReason::wrong_cluster: return token_forged;
    case FlowReason::token_replayed: return token_replayed;
    case FlowReason::wrong_entry:
    case FlowReason::wrong_resource:
    case FlowReason::channel_class_denied:
    case FlowReason::proof_invalid: return token_misused;
    case FlowReason::blocklisted: return blocklisted_refused;
    case FlowReason::seal_failed: return seal_broken;
    default: return std::nullopt;
  }
}

bool is_same(const SecurityEvent& a, const SecurityEvent& b) {
  const auto what = [](const SecurityEvent& e) {
    return std::tie(e.reason, e.source, e.peer, e.organization, e.user, e.resource, e.address,
                    e.others);
  };
  return a.kind == b.kind && what(a) == what(b);
}

}  // namespace

void describe(SecurityEvent& event, const crypto::DataPlaneToken& token) {
  event.organization = token.organization;
  event.user = token.user;
  event.resource = token.resource;
}

void describe(SecurityEvent& event, const TokenRefusal& refusal) {
  if (refusal.token) describe(event, *refusal.token);
  if (refusal.reason == wire::FlowReason::token_replayed && !refusal.used_before) {
    event.reason = kIssuedBeforeStart;
  }
}

void describe(SecurityEvent& event, const FlowRight& right) {
  event.organization = right.organization;
  event.user = right.principal.user;
  event.resource = right.resource;
}

void SecurityLedger::note_refusal(wire::FlowReason reason, SecurityEvent about) {
  const auto kind = kind_of(reason);
  if (!kind) return;
  about.kind = *kind;
  if (about.reason.empty()) about.reason = to_string(reason);
  note(std::move(about));
}

void SecurityLedger::note(SecurityEvent event) {
  wire::leave_out_unreadable(event);
  const auto kind = static_cast<std::size_t>(event.kind);
  ++counts_[kind];
  Apart& apart = apart_[kind];
  const auto find = [&] {
    return std::ranges::find_if(apart, [&](const auto& other) { return is_same(other, event); });
  };
  const std::int64_t at = to_unix(wall_);
  auto known = find();
  if (known == apart.end()) {
    const std::string source = source_of(event);
    const auto share = static_cast<std::size_t>(std::ranges::count(apart, source, source_of));
    if (apart.size() >= kMaxApart || share >= kMaxApartOfASource) {
      event = SecurityEvent{.kind = event.kind, .others = true};
      known = find();
    }
  }
  if (known == apart.end()) {
    event.seq = 0;
    event.count = 1;
    event.first_at = event.last_at = at;
    apart.push_back(std::move(event));
  } else {
    ++known->count;
    known->last_at = std::max(known->last_at, at);
  }
}

const wire::SecurityEvents& SecurityLedger::told() {
  for (std::size_t kind = 0; kind < apart_.size(); ++kind) tell_some_of(apart_[kind], kinds_[kind]);
  return told_;
}

// Kinds that are not there keep a place each. The control plane takes fewer than two kinds that go
// on and on may tell of: without that, these would hide all others for as long as they go on.
bool SecurityLedger::has_place(wire::SecurityEventKind kind) const {
  static_assert(wire::kMaxSecurityEventsAtOnce > wire::kSecurityEventKinds);
  std::array<bool, wire::kSecurityEventKinds> there{};
  for (const SecurityEvent& event : told_.events)
    there[static_cast<std::size_t>(event.kind)] = true;
  const std::size_t free = wire::kMaxSecurityEventsAtOnce - told_.events.size();
  if (!there[static_cast<std::size_t>(kind)]) return free > 0;
  return free > static_cast<std::size_t>(std::ranges::count(there, false));
}

void SecurityLedger::tell_some_of(Apart& apart, policy::TokenBucket& bucket) {
  for (auto event = apart.begin(); event != apart.end();) {
    if (!has_place(event->kind)) return;
    const std::string source = source_of(*event);
    if (sources_.take(source, now_)) {
      ++event;
      continue;
    }
    if (bucket.take(kToldOfAKind, now_)) return sources_.give_back(source, now_);
    if (told_.run.empty()) told_.run = to_hex(rng_.bytes(wire::kSecurityRunBytes / 2));
    event->seq = ++last_seq_;
    told_.events.push_back(std::move(*event));
    event = apart.erase(event);
  }
}

void SecurityLedger::taken(const wire::SecurityEventsTaken& taken) {
  if (taken.run != told_.run) return;
  std::erase_if(told_.events, [&](const auto& event) { return event.seq <= taken.seq; });
}

std::size_t SecurityLedger::waiting() const {
  std::size_t waiting = told_.events.size();
  for (const Apart& apart : apart_) waiting += apart.size();
  return waiting;
}

}  // namespace rap::router
