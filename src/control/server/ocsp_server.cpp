#include "control/server/ocsp_server.hpp"

#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

control::Moment now() { return {io::wall_now(), io::mono_now()}; }

}  // namespace

OcspServer::OcspServer(const wire::HostPort& listen, const std::string& conninfo,
                       control::KeptOcspAnswers& kept, const control::OcspPorts& ports)
    : database_({.conninfo = conninfo,
                 .user = std::string(store::kAppRole),
                 .max_connections = kOcspThreads},
                ports.log),
      responder_(database_, kept, ports),
      server_(std::make_unique<io::HttpServer>(
          loop_,
          io::HttpServerOptions{
              .host = listen.host,
              .port = listen.port,
              .max_connections = kMaxOcspConnections,
              .max_header_bytes = kMaxOcspHeaderBytes,
              .max_body_bytes = crypto::kMaxOcspRequestBytes,
              .executors = {{.threads = kOcspThreads, .max_queued = kMaxQueuedOcsp}},
              .at_once =
                  [this](const wire::HttpRequest& r) {
                    return responder_.handle_at_once(r, now());
                  }},
          [this](const wire::HttpRequest& r) { return responder_.handle(r, now()); }, ports.log)),
      port_(server_->port()),
      thread_([this] { loop_.run(); }) {}

OcspServer::~OcspServer() {
  loop_.stop();
  thread_.join();
}

}  // namespace rap::control::server
