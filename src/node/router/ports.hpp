// What the router needs of the machine for its links. The fabric's shell implements it over
// sockets, tests over memory. What it needs for targets is in adapters/contract.
#pragma once

#include "base/time.hpp"
#include "mesh/routing.hpp"

namespace rap::router {

using mesh::LinkId;

class LinkPort {
 public:
  virtual ~LinkPort() = default;
  // The link's queue has frames to send.
  virtual void flush(LinkId link) = 0;
  // What kept a client from being read (Switchboard::may_read) is over.
  virtual void read_on(LinkId client) = 0;
  // Flows that end here wait for room in the link's queue, and something has left it: call
  // Router::room() on a later turn.
  virtual void left(LinkId link) = 0;
  // Call Router::wake() then, or earlier.
  virtual void wake_at(MonoTime when) = 0;
  // Call Router::routes_due() then, or earlier.
  virtual void routes_at(MonoTime when) = 0;
};

}  // namespace rap::router
