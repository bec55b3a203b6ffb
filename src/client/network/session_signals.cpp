#include "client/network/session_signals.hpp"

#include <unistd.h>

#include <ctime>

namespace rap::client {

SessionSignals::SessionSignals() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGHUP);
  sigaddset(&held_, SIGTERM);
  if (::isatty(STDIN_FILENO) == 0) sigaddset(&held_, SIGINT);
}

SessionSignals::~SessionSignals() {
  if (!before_) return;
  constexpr timespec kNow{};
  while (::sigtimedwait(&held_, nullptr, &kNow) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &*before_, nullptr);
}

void SessionSignals::hold() {
  sigset_t before{};
  ::pthread_sigmask(SIG_BLOCK, &held_, &before);
  if (!before_) before_ = before;
}

SessionSignals::Heard::Heard(SessionSignals& signals) : signals_(signals) {
  signals_.hold();
  ::pthread_sigmask(SIG_UNBLOCK, &signals_.held_, nullptr);
}

SessionSignals::Heard::~Heard() { signals_.hold(); }

}  // namespace rap::client
