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
//           degraded              revalidating ──refused──► failed, draining or degraded
//              │ still silent         ▲ anything it was judged by changed, or the interval is over
//              ▼
//            failed       draining ──done or deadline──► closing ──gone or deadline──► closed
//
// From every state before closed and failed, a violation or the loss of the connection leads to
// failed, and stop or goodbye to closing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "node/channel/state.hpp"

namespace rap::channel {

enum class EventKind : std::uint8_t {
  start,         // dial
  accepted,      // the listener took a connection
  connected,     // transport up, TLS begins
  proven,        // TLS done, with a verdict on the certificate
  lost,          // the interactive lane is gone
  hello,
  heartbeat,
  ack,           // the answer to a heartbeat
  goodbye,
  context,       // what the channel is judged by has changed
  revalidated,    // the certificate was verified again
  lane_joined,   // the bulk lane is up
  lane_lost,     // the bulk lane is gone
  violation,     // a frame nobody may send, or not now
  idle,          // no flow is left, and nothing waits to be sent
  timeout,
  stop,
};
inline constexpr std::size_t kEventCount = 17;
inline constexpr std::size_t kStateCount = 12;

enum class Transition : std::uint8_t {
  ignore,         // late, and harmless
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
  finish,         // drained: closing, when the peer says that it has had everything
  expire,         // whatever is due
  stop,           // say goodbye: closing
  gone,           // closed
};

constexpr std::string_view to_string(EventKind e) {
  constexpr std::array<std::string_view, kEventCount> names = {
      "start",     "accepted",  "connected", "proven",  "lost",        "hello",
      "heartbeat", "ack",       "goodbye",   "context", "revalidated", "lane_joined",
      "lane_lost", "violation", "idle",      "timeout", "stop"};
  return names[static_cast<std::size_t>(e)];
}

constexpr std::string_view to_string(Transition o) {
  constexpr std::array<std::string_view, 21> names = {
      "ignore",   "impossible", "refuse",      "dial",   "listen",  "handshake", "authenticate",
      "lose",     "greet",      "greet_again", "answer", "measure", "part",      "reconsider",
      "conclude", "join",       "unjoin",      "finish", "expire",  "stop",      "gone"};
  return names[static_cast<std::size_t>(o)];
}

namespace table {
using enum Transition;
inline constexpr Transition never = impossible;

// clang-format off
inline constexpr std::array<std::array<Transition, kStateCount>, kEventCount> kTransitions = {{
  //                idle    connecting handshaking   authenticating authorizing established  revalidating degraded     draining     closing closed  failed
  /* start */      {dial,   never,     never,        never,         never,      never,       never,       never,       never,       never,  ignore, ignore},
  /* accepted */   {listen, never,     never,        never,         never,      never,       never,       never,       never,       never,  ignore, ignore},
  /* connected */  {never,  handshake, ignore,       never,         never,      never,       never,       never,       never,       never,  ignore, ignore},
  /* proven */     {never,  never,     authenticate, never,         never,      never,       never,       never,       never,       never,  ignore, ignore},
  /* lost */       {never,  lose,      lose,         lose,          lose,       lose,        lose,        lose,        lose,        gone,   ignore, ignore},
  /* hello */      {never,  never,     refuse,       refuse,        greet,      greet_again, greet_again, greet_again, greet_again, ignore, ignore, ignore},
  /* heartbeat */  {never,  never,     refuse,       refuse,        refuse,     answer,      answer,      answer,      answer,      ignore, ignore, ignore},
  /* ack */        {never,  never,     refuse,       refuse,        refuse,     measure,     measure,     measure,     measure,     ignore, ignore, ignore},
  /* goodbye */    {never,  never,     refuse,       refuse,        part,       part,        part,        part,        part,        ignore, ignore, ignore},
  /* context */    {ignore, ignore,    ignore,       ignore,        reconsider, reconsider,  reconsider,  reconsider,  reconsider,  ignore, ignore, ignore},
  /* revalidated */ {never,  ignore,    ignore,       ignore,        conclude,   conclude,    conclude,    conclude,    conclude,    ignore, ignore, ignore},
  /* lane_joined */{never,  never,     never,        never,         never,      join,        join,        join,        join,        ignore, ignore, ignore},
  /* lane_lost */  {never,  never,     never,        never,         never,      unjoin,      unjoin,      unjoin,      unjoin,      ignore, ignore, ignore},
  /* violation */  {never,  refuse,    refuse,       refuse,        refuse,     refuse,      refuse,      refuse,      refuse,      gone,   ignore, ignore},
  /* idle */       {ignore, ignore,    ignore,       ignore,        ignore,     ignore,      ignore,      ignore,      finish,      ignore, ignore, ignore},
  /* timeout */    {ignore, expire,    expire,       expire,        expire,     expire,      expire,      expire,      expire,      expire, ignore, ignore},
  /* stop */       {gone,   gone,      gone,         gone,          stop,       stop,        stop,        stop,        stop,        ignore, ignore, ignore},
}};
// clang-format on
}  // namespace table

constexpr Transition transition_of(State state, EventKind event) {
  return table::kTransitions[static_cast<std::size_t>(event)][static_cast<std::size_t>(state)];
}

// Closed and failed never come back.
static_assert([] {
  for (std::size_t e = 0; e < kEventCount; ++e) {
    if (transition_of(State::closed, static_cast<EventKind>(e)) != Transition::ignore) return false;
    if (transition_of(State::failed, static_cast<EventKind>(e)) != Transition::ignore) return false;
  }
  return true;
}());
// Every state that is not terminal is left in time.
static_assert([] {
  for (std::size_t s = 1; s < kStateCount; ++s) {
    const auto state = static_cast<State>(s);
    if (!is_terminal(state) && transition_of(state, EventKind::timeout) != Transition::expire) {
      return false;
    }
  }
  return true;
}());

}  // namespace rap::channel
