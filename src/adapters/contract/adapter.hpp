// What an egress asks of an adapter, and what an adapter tells the egress. An adapter opens the
// resources of some protocols (policy/protocols.hpp says which): it knows how to reach and speak to
// what is there, and fails what is of another's. The egress knows whom a flow is for and carries
// bytes; it knows no protocol.
//
// Everything happens on the egress's own turn: no call returns into the caller's caller with news.
// The order is open → opened → {data, consumed, ended}* → lost, or open → failed. AdapterSuite in
// adapter_suite.hpp is this contract as tests, and every adapter passes it.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "policy/protocols.hpp"
#include "wire/traffic_class.hpp"

namespace rap::adapters {

// The number of an opened resource; the egress chooses it. It is free for another resource after
// close(), release(), failed or lost.
using TargetId = std::uint32_t;

// What the administrator said of the resource; the protocol's schema says which of it there is.
struct ResourceSettings {
  std::string host;  // an IP literal or a DNS name, as the egress resolves it
  std::uint16_t port = 0;
  bool operator==(const ResourceSettings&) const = default;
};

// What the person may do there: what their token and the organization's policy both allow.
struct ResourcePolicy {
  wire::TrafficClassSet classes;
  bool operator==(const ResourcePolicy&) const = default;
};

// A resource as one flow opens it.
struct ResourceRequest {
  ResourceId resource;
  OrganizationId organization = {};  // whose it is
  EgressPoolId pool = {};  // through which it is opened
  policy::Protocol protocol = policy::Protocol::tcp;
  ResourceSettings settings;
  ResourcePolicy policy;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;  // of this flow
  bool operator==(const ResourceRequest&) const = default;
};

enum class TargetFailure : std::uint8_t {
  unreachable,
  refused,
  reset,  // it was reached, and broke off before it was open
  timeout,
  denied,  // no address of the host may be dialled
  lookup_limit,  // too many names of the organization are looked up
};

// The egress, as an adapter sees it.
class TargetEvents {
 public:
  virtual ~TargetEvents() = default;
  // open() is answered by one of these two, never from within it.
  virtual void target_opened(TargetId target) = 0;
  virtual void target_failed(TargetId target, TargetFailure failure) = 0;
  // Returns how much was taken. Less than all means: the adapter keeps the rest, reads no further,
  // and offers it again after resume().
  virtual std::size_t target_data(TargetId target, ByteView data) = 0;
  // So many bytes of what was written have left the adapter: the flow's window opens by as much.
  virtual void target_consumed(TargetId target, std::size_t n) = 0;
  // The target will say no more; it still takes what is written.
  virtual void target_ended(TargetId target) = 0;
  // The target reset the connection, is done both ways, or may no longer be dialled. Nothing
  // follows.
  virtual void target_lost(TargetId target, TargetFailure how) = 0;
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // Whom to tell, before anything is opened.
  virtual void attach(TargetEvents& events) = 0;

  virtual void open(TargetId target, const ResourceRequest& request) = 0;
  // The flow's window bounds what is written and not consumed yet.
  virtual void write(TargetId target, ByteView data) = 0;
  // After what is written, the target hears that no more comes.
  virtual void finish(TargetId target) = 0;
  // Takes what was left of the data, and reads on.
  virtual void resume(TargetId target) = 0;
  // The target is closed at once. Nothing is told of it any more.
  virtual void close(TargetId target) = 0;
  // The flow is done both ways: what was written is still delivered, within a bounded time, and
  // nothing is told of it any more.
  virtual void release(TargetId target) = 0;
};

}  // namespace rap::adapters
