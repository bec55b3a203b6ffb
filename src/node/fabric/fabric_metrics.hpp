// What this node's data plane has been through, for Prometheus (CH-16, OB-1), on an address of its
// own without TLS or sign-in: meant for loopback or a management network.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "io/http/http_server.hpp"
#include "io/stream/tls_listener.hpp"
#include "node/channel/table.hpp"
#include "node/fabric/client_session.hpp"
#include "node/fabric/settings.hpp"
#include "node/router/router.hpp"
#include "policy/slot_table.hpp"

namespace rap::fabric {

// The text of one moment. A listener that does not exist is nullptr.
struct ClientSlots {
  const policy::SlotCounters& places;
  const policy::SlotCounters& held_bytes;
};
std::string metrics_text(const channel::Table& table, router::Router& router,
                         const io::TlsListener* nodes, const io::TlsListener* clients,
                         const ClientSlots& slots, const ClientFaults& faults, MonoTime now);

// Serves what it was given last, to anyone who asks for /metrics.
class MetricsEndpoint {
 public:
  // Throws std::system_error when the address cannot be bound.
  MetricsEndpoint(io::EventLoop& loop, const Address& at, Log& log);

  void publish(std::string text);
  std::uint16_t port() const { return server_.port(); }

 private:
  wire::HttpResponse answer(const wire::HttpRequest& request);

  std::mutex mutex_;
  std::string text_;
  io::HttpServer server_;
};

}  // namespace rap::fabric
