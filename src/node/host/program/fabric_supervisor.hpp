// How the agent has its data plane: as a process of its own making (FabricProcess), or as one that
// the host's service manager runs as another user (FabricUnit).
#pragma once

#include <memory>

#include "io/loop/message_socket.hpp"

namespace rap::host {

class FabricSupervisor {
 public:
  virtual ~FabricSupervisor() = default;
  virtual void start() = 0;
  // While it is held no fabric of this node carries anything.
  virtual void hold(bool held) = 0;
  // Ends the one that runs; another takes its place.
  virtual void restart() = 0;

  // How it stands with its connection, for whom that is all there is to know it by.
  virtual void connected(std::shared_ptr<io::MessageConnection>) {}
  virtual void heard() {}
  virtual void disconnected() {}
};

}  // namespace rap::host
