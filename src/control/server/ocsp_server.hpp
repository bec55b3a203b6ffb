// The OCSP responder (CP-5): plain HTTP on a thread, an event loop, threads and database
// connections of its own, so that nothing here waits for the other listeners, nor they for it.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "control/pki/status/ocsp_responder.hpp"
#include "control/store/database.hpp"
#include "io/http/server/http_server.hpp"
#include "io/loop/event_loop.hpp"
#include "wire/url.hpp"

namespace rap::control::server {

inline constexpr unsigned kOcspThreads = 2;
// Waiting requests: more are told to come again, and nodes do, with backoff.
inline constexpr std::size_t kMaxQueuedOcsp = 256;
inline constexpr std::size_t kMaxOcspConnections = 6000;  // one for each of 5,000 nodes, and some
inline constexpr std::size_t kMaxOcspHeaderBytes = 8192;  // of a GET, with the request in its path

class OcspServer {
 public:
  // Serves from now on, with connections to the database of its own. Throws std::system_error when
  // the address cannot be bound. What is kept, and all that the ports refer to,
  // must outlive it.
  OcspServer(const wire::HostPort& listen, const std::string& conninfo,
             control::KeptOcspAnswers& kept, const control::OcspPorts& ports);
  ~OcspServer();
  OcspServer(const OcspServer&) = delete;
  OcspServer& operator=(const OcspServer&) = delete;

  std::uint16_t port() const { return port_; }
  const io::HttpServer& http() const { return *server_; }

 private:
  store::PostgresDatabase database_;
  control::OcspResponder responder_;
  io::EventLoop loop_;
  std::unique_ptr<io::HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace rap::control::server
