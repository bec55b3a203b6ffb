#include "io/http/http_server.hpp"

#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "io/http/http_connection.hpp"
#include "io/stream/tls_listener.hpp"
#include "io/system/thread_pool.hpp"

namespace rap::io {

struct HttpServer::Impl final : HttpConnection::Owner,
                                EventMailbox::Reader,
                                std::enable_shared_from_this<Impl> {
  Impl(EventLoop& l, HttpServerOptions o, Handler h, Log& lg)
      : loop(l), options(std::move(o)), handler(std::move(h)), log(lg) {
    for (const HttpExecutor& executor : options.executors) {
      executors.push_back(std::make_unique<Executor>(executor));
    }
  }

  struct Executor {
    explicit Executor(const HttpExecutor& o)
        : name(o.name),
          max_together(o.max_together),
          pool(o.threads, o.max_queued, o.max_queued_bytes) {}
    const std::string name;
    const std::size_t max_together;
    bool full = false;
    Counter refused;
    // What waits to be handled together; a job of the pool for each.
    std::mutex mutex;
    std::deque<std::pair<std::uint64_t, wire::HttpRequest>> waiting;
    ThreadPool pool;  // ends first
  };

  void listen() {
    TlsListenerOptions bounds;
    bounds.tls = options.tls;
    bounds.handshake_timeout = options.handshake_timeout;
    bounds.max_handshakes = options.max_handshakes;
    bounds.max_handshakes_per_source = options.max_handshakes_per_source;
    listener = std::make_unique<TlsListener>(
        loop, options.host, options.port, std::move(bounds),
        [this](std::unique_ptr<Stream> stream) { take(std::move(stream)); },
        [this](const StreamError& error, const std::string& peer_ip) {
          if (error.kind != StreamError::Kind::tls) return;
          log.info("http.tls_refused", {{"peer", peer_ip}, {"reason", error.detail}});
        });
  }

  void take(std::unique_ptr<Stream> stream) {
    if (connections.size() >= options.max_connections) {
      if (!std::exchange(full, true)) {
        log.warn("http.connections_full", {{"limit", options.max_connections}});
      }
      return;
    }
    full = false;
    const std::uint64_t id = next_id++;
    make_way(*stream, id);
    auto& connection = connections[id];
    connection = std::make_unique<HttpConnection>(loop, options, *this, log, id);
    connection->start(std::move(stream));
  }

  bool dispatch(std::uint64_t connection, wire::HttpRequest request) override {
    Executor& chosen = *executors.at(options.executor_of ? options.executor_of(request) : 0);
    const bool taken = chosen.max_together > 1
                           ? submit_together(chosen, connection, std::move(request))
                           : submit(chosen, connection, std::move(request));
    if (!taken) ++chosen.refused;
    if (!taken && !chosen.full) log.warn("http.overloaded", {{"executor", chosen.name}});
    chosen.full = !taken;
    return taken;
  }

  bool submit(Executor& chosen, std::uint64_t connection, wire::HttpRequest request) {
    // The request is moved into the job, which std::function wants copyable.
    auto shared = std::make_shared<wire::HttpRequest>(std::move(request));
    return chosen.pool.submit(
        [this, weak = weak_from_this(), connection, shared] {
          // `this` is safe here: the pools end before the rest of us. What is posted may come
          // later.
          auto response = std::make_shared<wire::HttpResponse>(handler(*shared));
          loop.post([weak, connection, response] {
            if (auto self = weak.lock()) self->respond(connection, std::move(*response));
          });
        },
        shared->body.size());
  }

  bool submit_together(Executor& chosen, std::uint64_t connection, wire::HttpRequest request) {
    const std::size_t bytes = request.body.size();
    {
      const std::lock_guard lock(chosen.mutex);
      chosen.waiting.emplace_back(connection, std::move(request));
    }
    if (chosen.pool.submit([this, &chosen] { handle_waiting(chosen); }, bytes)) return true;
    // Unless a job of one before it has it already, nobody would come for it.
    const std::lock_guard lock(chosen.mutex);
    if (chosen.waiting.empty() || chosen.waiting.back().first != connection) return true;
    chosen.waiting.pop_back();
    return false;
  }

  // Runs on one of the executor's threads.
  void handle_waiting(Executor& chosen) {
    std::vector<std::uint64_t> of;
    std::vector<wire::HttpRequest> requests;
    {
      const std::lock_guard lock(chosen.mutex);
      while (!chosen.waiting.empty() && requests.size() < chosen.max_together) {
        of.push_back(chosen.waiting.front().first);
        requests.push_back(std::move(chosen.waiting.front().second));
        chosen.waiting.pop_front();
      }
    }
    if (requests.empty()) return;  // a job before this one had it
    auto responses = std::make_shared<std::vector<wire::HttpResponse>>(options.together(requests));
    loop.post([weak = weak_from_this(), of = std::move(of), responses] {
      const auto self = weak.lock();
      for (std::size_t i = 0; self && i < of.size(); ++i) {
        self->respond(of[i], std::move(responses->at(i)));
      }
    });
  }

  // A peer that has too many connections loses its oldest: those it forgot, most likely.
  void make_way(const Stream& stream, std::uint64_t id) {
    if (options.max_connections_per_peer == 0 || !stream.peer()) return;
    auto& own = of_peer[stream.peer()->str()];
    own.push_back(id);
    if (own.size() > options.max_connections_per_peer) remove(own.front());
  }

  void forget_peer(const HttpConnection& connection, std::uint64_t id) {
    if (options.max_connections_per_peer == 0 || connection.peer().empty()) return;
    const auto found = of_peer.find(connection.peer());
    if (found == of_peer.end()) return;
    std::erase(found->second, id);
    if (found->second.empty()) of_peer.erase(found);
  }

  void event_stream_opened(std::uint64_t connection, const std::string& key) override {
    ++counters.opened;
    const auto [at, fresh] = streams.try_emplace(key, connection);
    if (!fresh) {
      ++counters.replaced;
      const std::uint64_t old = std::exchange(at->second, connection);
      connections.at(old)->end_event_stream();
    }
    counters.open = streams.size();
  }
  EventStreamCounters& event_counters() override { return counters; }

  void deliver(const EventMailbox::Letter& letter) override {
    if (letter.key) {
      const auto at = streams.find(*letter.key);
      if (at == streams.end()) return;
      HttpConnection& connection = *connections.at(at->second);
      if (letter.text) {
        connection.send_event(letter.text);
      } else {
        connection.end_event_stream();
      }
      return;
    }
    for (const auto& [key, connection] : streams)
      connections.at(connection)->send_event(letter.text);
  }

  void respond(std::uint64_t connection, wire::HttpResponse response) {
    const auto found = connections.find(connection);
    if (found != connections.end()) found->second->respond(std::move(response));
  }

  void remove(std::uint64_t connection) override {
    const auto found = connections.find(connection);
    if (found == connections.end()) return;
    const auto stream = streams.find(found->second->event_stream());
    if (stream != streams.end() && stream->second == connection) {
      streams.erase(stream);
      counters.open = streams.size();
    }
    forget_peer(*found->second, connection);
    connections.erase(found);
  }

  EventLoop& loop;
  HttpServerOptions options;
  const Handler handler;
  Log& log;
  std::unique_ptr<TlsListener> listener;
  std::unordered_map<std::uint64_t, std::unique_ptr<HttpConnection>> connections;
  std::unordered_map<std::string, std::deque<std::uint64_t>> of_peer;  // oldest first
  std::unordered_map<std::string, std::uint64_t> streams;  // event streams: the connection by key
  EventStreamCounters counters;
  std::shared_ptr<EventMailbox> mailbox;
  std::uint64_t next_id = 1;
  bool full = false;
  std::vector<std::unique_ptr<Executor>> executors;
};

HttpServer::HttpServer(EventLoop& loop, HttpServerOptions options, Handler handler, Log& log)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler), log)) {
  impl_->mailbox = std::make_shared<EventMailbox>(loop, impl_);
  impl_->listen();
  // Port 0 has become a real one, which stays known after close_listener().
  impl_->options.port = impl_->listener->port();
}

HttpServer::~HttpServer() {
  impl_->listener.reset();
  impl_->mailbox->close();
  impl_->executors.clear();
  impl_->streams.clear();
  impl_->connections.clear();
}

std::uint16_t HttpServer::port() const { return impl_->options.port; }

void HttpServer::set_tls(std::shared_ptr<const crypto::TlsContext> tls) {
  impl_->options.tls = tls;
  if (impl_->listener) impl_->listener->set_tls(std::move(tls));
}

std::shared_ptr<EventSender> HttpServer::events() const { return impl_->mailbox; }

const TlsListenerCounters& HttpServer::handshakes() const { return impl_->listener->counters(); }

const EventStreamCounters& HttpServer::event_counters() const { return impl_->counters; }

std::vector<HttpServer::ExecutorCounters> HttpServer::executors() const {
  std::vector<ExecutorCounters> out;
  for (const auto& executors : impl_->executors) {
    out.push_back({executors->name, executors->pool.waiting(), executors->refused});
  }
  return out;
}

void HttpServer::close_listener() { impl_->listener.reset(); }

}  // namespace rap::io
