// What the router needs of the machine for its links. The fabric's shell implements it over
// sockets, tests over memory. What it needs for targets is in adapters/contract.
#pragma once

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
};

}  // namespace rap::router
