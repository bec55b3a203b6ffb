// Every event in every state, and what becomes of it: the whole lifecycle at one glance. Lifecycle
// looks each event up here before it does anything; docs/protocol/channels.md shows the same table
// and a test compares the two.
//
//   idle ──start──► connecting ──connected──► handshaking ──proven──► authenticating
//     └──accepted────────────────────────────────▲                          │ identity fits
//                                                                           ▼
//              ┌───────────────── established ◄──────hello────────── authorizing
//              │ heartbeats missing,  │   ▲
//              │ or control away      │   │ checked again and fine
//              ▼     ──answered──►    ▼   │
//           degraded              revalidating ──refused──► failed, or draining
//              │ still silent         ▲ anything it was judged by changed, or the interval is over
//              ▼
//            failed       draining ──idle or deadline──► closing ──gone or deadline──► closed
//
// From every state before closed and failed, a violation or the loss of the connection leads to
// failed, and stop or goodbye to closing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "channel/state.hpp"

namespace rap::channel {

enum class EventKind : std::uint8_t {
  start,         // dial
  accepted,      // the listener took a connection
  connected,     // transport up, TLS begins
  proven,        // TLS done, with a verdict on the certificate
  lost,          // the interactive lane is gone
  hello,
  heartbeat,
  ack,           // of a heartbeat
  goodbye,
  context,       // what the channel is judged by has changed
  rechecked,     // the certificate was verified again
  lane_joined,   // the bulk lane is up
  lane_lost,     // the bulk lane is gone
  violation,     // a frame nobody may send, or not now
  idle,          // no flow is left
  timeout,
  stop,
};
inline constexpr std::size_t kEventCount = 17;
inline constexpr std::size_t kStateCount = 12;

enum class Outcome : std::uint8_t {
  ignore,         // a harmless straggler
  impossible,     // the shell cannot report this here; ignored too
  refuse,         // the peer broke the protocol: failed
  dial,
  listen,
  handshake,
  authenticate,
  lose,           // failed, with the transport's reason
  greet,          // judge the hello; established
  greet_again,    // the peer's announcement changed
  answer,
  measure,
  part,           // the peer leaves: closing
  reconsider,     // judge everything again
  conclude,       // the result of that
  join,
  unjoin,
  finish,         // drained: closing
  expire,         // whatever is due
  stop,           // say goodbye: closing
  gone,           // closed
};

constexpr std::string_view to_string(EventKind e) {
  constexpr std::array<std::string_view, kEventCount> names = {
      "start",     "accepted",  "connected", "proven",  "lost",      "hello",
      "heartbeat", "ack",       "goodbye",   "context", "rechecked", "lane_joined",
      "lane_lost", "violation", "idle",      "timeout", "stop"};
  return names[static_cast<std::size_t>(e)];
}

constexpr std::string_view to_string(Outcome o) {
  constexpr std::array<std::string_view, 21> names = {
      "ignore",   "impossible", "refuse",      "dial",   "listen",  "handshake", "authenticate",
      "lose",     "greet",      "greet_again", "answer", "measure", "part",      "reconsider",
      "conclude", "join",       "unjoin",      "finish", "expire",  "stop",      "gone"};
  return names[static_cast<std::size_t>(o)];
}

namespace table {
using enum Outcome;
inline constexpr Outcome never = impossible;

// clang-format off
inline constexpr std::array<std::array<Outcome, kEventCount>, kStateCount> kTransitions = {{
  //                 start  accepted connected  proven        lost  hello        heartbeat ack      goodbye context     rechecked lane_joined lane_lost violation idle    timeout stop
  /* idle */          {dial, listen, never,     never,        never, never,      never,    never,   never,  ignore,     never,    never,      never,    never,    ignore, ignore, gone},
  /* connecting */    {never, never, handshake, never,        lose, never,       never,    never,   never,  ignore,     ignore,   never,      never,    refuse,   ignore, expire, gone},
  /* handshaking */   {never, never, ignore,    authenticate, lose, refuse,      refuse,   refuse,  refuse, ignore,     ignore,   never,      never,    refuse,   ignore, expire, gone},
  /* authenticating */{never, never, never,     never,        lose, refuse,      refuse,   refuse,  refuse, ignore,     ignore,   never,      never,    refuse,   ignore, expire, gone},
  /* authorizing */   {never, never, never,     never,        lose, greet,       refuse,   refuse,  part,   reconsider, conclude,  never,      never,    refuse,   ignore, expire, stop},
  /* established */   {never, never, never,     never,        lose, greet_again, answer,   measure, part,   reconsider, conclude, join,       unjoin,   refuse,   ignore, expire, stop},
  /* revalidating */  {never, never, never,     never,        lose, greet_again, answer,   measure, part,   reconsider, conclude, join,       unjoin,   refuse,   ignore, expire, stop},
  /* degraded */      {never, never, never,     never,        lose, greet_again, answer,   measure, part,   reconsider, conclude, join,       unjoin,   refuse,   ignore, expire, stop},
  /* draining */      {never, never, never,     never,        lose, greet_again, answer,   measure, part,   reconsider, conclude, join,       unjoin,   refuse,   finish, expire, stop},
  /* closing */       {never, never, never,     never,        gone, ignore,      ignore,   ignore,  ignore, ignore,     ignore,   ignore,     ignore,   gone,     ignore, expire, ignore},
  /* closed */        {ignore, ignore, ignore,  ignore,       ignore, ignore,    ignore,   ignore,  ignore, ignore,     ignore,   ignore,     ignore,   ignore,   ignore, ignore, ignore},
  /* failed */        {ignore, ignore, ignore,  ignore,       ignore, ignore,    ignore,   ignore,  ignore, ignore,     ignore,   ignore,     ignore,   ignore,   ignore, ignore, ignore},
}};
// clang-format on
}  // namespace table

constexpr Outcome outcome_of(State state, EventKind event) {
  return table::kTransitions[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
}

// Closed and failed never come back.
static_assert([] {
  for (std::size_t e = 0; e < kEventCount; ++e) {
    if (outcome_of(State::closed, static_cast<EventKind>(e)) != Outcome::ignore) return false;
    if (outcome_of(State::failed, static_cast<EventKind>(e)) != Outcome::ignore) return false;
  }
  return true;
}());
// Every state that is not terminal is left in time.
static_assert([] {
  for (std::size_t s = 1; s < kStateCount; ++s) {
    const auto state = static_cast<State>(s);
    if (!is_terminal(state) && outcome_of(state, EventKind::timeout) != Outcome::expire) {
      return false;
    }
  }
  return true;
}());

}  // namespace rap::channel
