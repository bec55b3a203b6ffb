#include "control/server/ocsp_server.hpp"

#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

control::Services with_database(control::Services services, control::Database& database) {
  return {database,           services.rng,        services.throttle, services.passwords,
          services.authority, services.trust_keys, services.models,   services.admission_cache,
          services.answers,   services.metrics,    services.log,      services.settings,
          services.ocsp};
}

}  // namespace

OcspServer::OcspServer(const wire::HostPort& listen, const std::string& conninfo,
                       control::Services services, Log& log)
    : database_({.conninfo = conninfo,
                 .user = std::string(store::kAppRole),
                 .max_connections = kOcspThreads},
                log),
      responder_(with_database(std::move(services), database_)),
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
          log)),
      port_(server_->port()),
      thread_([this] { loop_.run(); }) {}

OcspServer::~OcspServer() {
  loop_.stop();
  thread_.join();
}

}  // namespace rap::control::server
