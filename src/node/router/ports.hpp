// What the router needs from the machine. The fabric's shell implements these over sockets, tests
// over memory.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "mesh/routing.hpp"

namespace rap::router {

using LinkId = mesh::LinkId;
using TargetId = std::uint32_t;

class LinkPort {
 public:
  virtual ~LinkPort() = default;
  // The link's queue has frames to send.
  virtual void flush(LinkId link) = 0;
};

// Connections of an egress node to its targets. Every open() is answered by one
// EgressRole::target_opened or target_failed, unless closed before.
class TargetPort {
 public:
  virtual ~TargetPort() = default;
  virtual void open(TargetId target, const std::string& host, std::uint16_t port) = 0;
  // Bounded by the flow's window; answered by EgressRole::target_consumed as bytes leave.
  virtual void write(TargetId target, ByteView data) = 0;
  virtual void finish(TargetId target) = 0;  // FIN after what is written
  virtual void close(TargetId target) = 0;   // at once; no callback follows
  virtual void resume(TargetId target) = 0;  // the flow's window is open again: read on
};

}  // namespace rap::router
