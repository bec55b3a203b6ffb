#include "control/server/ocsp_server.hpp"

#include "io/system/system.hpp"

namespace rap::control::server {

OcspServer::OcspServer(const wire::HostPort& listen, const std::string& conninfo,
                       const control::OcspPorts& ports)
    : database_({.conninfo = conninfo,
                 .user = std::string(store::kAppRole),
                 .max_connections = kOcspThreads},
                ports.log),
      responder_(database_, ports),
      server_(std::make_unique<io::HttpServer>(
          loop_,
          io::HttpServerOptions{
              .host = listen.host,
              .port = listen.port,
              .max_connections = kMaxOcspConnections,
              .max_header_bytes = kMaxOcspHeaderBytes,
              .max_body_bytes = crypto::kMaxOcspRequestBytes,
              .executors = {{.threads = kOcspThreads, .max_queued = kMaxQueuedOcsp}}},
          [this](const wire::HttpRequest& r) { return responder_.handle(r, io::wall_now()); },
          ports.log)),
      port_(server_->port()),
      thread_([this] { loop_.run(); }) {}

OcspServer::~OcspServer() {
  loop_.stop();
  thread_.join();
}

}  // namespace rap::control::server
