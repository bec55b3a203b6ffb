// What would end the program while it has a session: a hang-up, a termination, an interrupt. They
// wait while the session is made and while it is ended, so that none is left behind. A hang-up
// comes several times (of the kernel, of the shell, of ssh when it ends), and the second one would
// fall into the farewell.
#pragma once

#include <csignal>
#include <optional>

namespace rap::client {

class SessionSignals {
 public:
  // An interrupt does not wait when a person sits at our standard input, and may have enough.
  SessionSignals();
  ~SessionSignals();  // what still waits is dropped
  SessionSignals(const SessionSignals&) = delete;
  SessionSignals& operator=(const SessionSignals&) = delete;

  // They wait from now on, in this thread.
  void hold();

  // For its lifetime they come, those first that waited: somebody listens to them. Then they wait.
  class Heard {
   public:
    explicit Heard(SessionSignals& signals);
    ~Heard();
    Heard(const Heard&) = delete;
    Heard& operator=(const Heard&) = delete;

   private:
    SessionSignals& signals_;
  };

 private:
  sigset_t held_{};
  std::optional<sigset_t> before_;
};

}  // namespace rap::client
