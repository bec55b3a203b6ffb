#include "io/http/server/http_server.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include "io/http/server/http_connection.hpp"
#include "io/listeners/tls_listener.hpp"
#include "io/system/system.hpp"
#include "io/system/thread_pool.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::io {

namespace {
constexpr std::chrono::seconds kSweepInterval{1};
}

struct HttpServer::Impl final : HttpConnection::Owner,
                                EventMailbox::Reader,
                                std::enable_shared_from_this<Impl> {
  Impl(EventLoop& l, HttpServerOptions o, Handler h, Log& lg)
      : loop(l),
        options(std::move(o)),
        handler(std::move(h)),
        log(lg),
        slots(limits(options)),
        held(policy::shared_fairly(options.max_held_bytes)),
        sweep(l) {
    for (const HttpExecutor& executor : options.executors) {
      executors.push_back(std::make_unique<Executor>(executor));
    }
  }

  static policy::SlotLimits limits(const HttpServerOptions& o) {
    policy::SlotLimits out = policy::shared_fairly(o.max_connections);
    // Everybody has proven themselves in the handshake: the holders are nodes.
    if (o.max_connections_per_peer > 0) {
      out = {.total = o.max_connections,
             .share = o.max_connections_per_peer,
             .proven = 0,
             .proven_share = 0};
    }
    return out;
  }

  struct Executor {
    explicit Executor(const HttpExecutor& o)
        : name(o.name),
          max_together(o.max_together),
          gather(o.gather),
          pool(o.threads, o.max_queued, o.max_queued_bytes) {}
    const std::string name;
    const std::size_t max_together;
    const std::chrono::milliseconds gather;
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
    bounds.make_room = [this] {
      if (const auto id = slots.make_way()) remove(*id);
    };
    listener = std::make_unique<TlsListener>(
        loop, options.host, options.port, std::move(bounds),
        [this](std::unique_ptr<Stream> stream) { take(std::move(stream)); },
        [this](const StreamError& error, const std::string& peer_ip) {
          if (error.kind != StreamError::Kind::tls) return;
          const auto reason = error.fault ? crypto::to_string(*error.fault) : "";
          log.info(LogCause::stranger(policy::source_network(peer_ip), reason), "http.tls_refused",
                   {{"peer", peer_ip}, {"reason", error.detail}});
        });
  }

  void take(std::unique_ptr<Stream> stream) {
    const std::uint64_t id = next_id++;
    auto& connection = connections[id];
    connection = std::make_unique<HttpConnection>(loop, options, *this, log, id);
    const std::string holder = options.max_connections_per_peer > 0 && stream->peer()
                                   ? stream->peer()->str()
                                   : policy::source_network(stream->peer_ip());
    HttpConnection& started = *connection;
    started.start(std::move(stream), holder);
    const auto gone = slots.enter(id, holder, mono_now());
    if (!gone.empty()) {
      log.warn(LogCause::stranger(holder), "http.connections_full",
               {{"peer", holder},
                {"limit", options.max_connections},
                {"of_its_share", gone.front().of_its_share}});
    }
    end(gone);
    if (options.max_connections_per_peer == 0 && slots.is_pressed()) sweep_later();
  }

  void end(const policy::SlotTable::MadeWayList& gone) {
    for (const auto& one : gone) cut(one.id);
  }

  void cut(std::uint64_t id) {
    connections.at(id)->cut();
    remove(id);
  }

  // Strangers do not keep their connections for later while others find none.
  void sweep_later() {
    if (std::exchange(sweeping, true)) return;
    sweep.after(kSweepInterval, [this] {
      sweeping = false;
      if (!slots.is_pressed()) return;
      for (const std::uint64_t id : slots.silent_since(mono_now() - options.pressed_idle)) {
        if (!slots.is_pressed()) break;
        if (!connections.at(id)->is_handled()) cut(id);
      }
      sweep_later();
    });
  }

  void heard(std::uint64_t connection) override { slots.heard(connection, mono_now()); }

  void hold(std::uint64_t connection, std::size_t bytes) override {
    if (bytes == 0) return held.leave(connection);
    // One answer, however large, is sent: it leaves no room for others of its holder.
    bytes = std::min(bytes, policy::shared_fairly(options.max_held_bytes).share);
    policy::SlotTable::MadeWayList gone;
    if (held.contains(connection)) {
      gone = held.resize(connection, bytes);
    } else {
      const HttpConnection& own = *connections.at(connection);
      gone = held.enter(connection, own.holder(), mono_now(), bytes);
      if (!own.principal().empty()) held.prove(connection, own.principal());
    }
    for (const auto& one : gone) {
      if (one.id != connection) {
        cut(one.id);
        continue;
      }
      // It is in the middle of something.
      loop.post([weak = weak_from_this(), connection] {
        const auto self = weak.lock();
        if (self && self->connections.contains(connection)) self->cut(connection);
      });
    }
  }

  void count_later(std::uint64_t connection) override {
    loop.post([weak = weak_from_this(), connection] {
      const auto self = weak.lock();
      if (!self) return;
      const auto found = self->connections.find(connection);
      if (found != self->connections.end()) found->second->count_bytes();
    });
  }

  bool dispatch(std::uint64_t connection, wire::HttpRequest request) override {
    if (options.at_once) {
      if (auto response = options.at_once(request)) {
        respond(connection, std::move(*response));
        return true;
      }
    }
    Executor& chosen = *executors.at(options.executor_of ? options.executor_of(request) : 0);
    const bool taken = chosen.max_together > 1
                           ? submit_together(chosen, connection, std::move(request))
                           : submit(chosen, connection, std::move(request));
    if (!taken) ++chosen.refused;
    if (!taken && !chosen.full) {
      log.warn(LogCause::stranger({}, chosen.name), "http.overloaded", {{"executor", chosen.name}});
    }
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
        {.bytes = shared->body.size(),
         .holder = connections.at(connection)->asker(),
         .made_way = [this, weak = weak_from_this(), connection, &chosen] {
           ++chosen.refused;
           loop.post([weak, connection] {
             if (auto self = weak.lock()) self->respond(connection, overloaded());
           });
         }});
  }

  bool submit_together(Executor& chosen, std::uint64_t connection, wire::HttpRequest request) {
    const std::size_t bytes = request.body.size();
    {
      const std::lock_guard lock(chosen.mutex);
      chosen.waiting.emplace_back(connection, std::move(request));
    }
    if (chosen.pool.submit([this, &chosen] { handle_waiting(chosen); }, {.bytes = bytes})) {
      return true;
    }
    // Unless a job of one before it has it already, nobody would come for it.
    const std::lock_guard lock(chosen.mutex);
    if (chosen.waiting.empty() || chosen.waiting.back().first != connection) return true;
    chosen.waiting.pop_back();
    return false;
  }

  static bool is_worth_a_wait(Executor& chosen) {
    if (chosen.gather == std::chrono::milliseconds{0}) return false;
    const std::lock_guard lock(chosen.mutex);
    return !chosen.waiting.empty() && chosen.waiting.size() < chosen.max_together;
  }

  // Runs on one of the executor's threads.
  void handle_waiting(Executor& chosen) {
    std::vector<std::uint64_t> of;
    std::vector<wire::HttpRequest> requests;
    if (is_worth_a_wait(chosen)) std::this_thread::sleep_for(chosen.gather);
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

  void event_stream_opened(std::uint64_t connection, const std::string& key) override {
    ++counters.opened;
    const auto [at, fresh] = streams.try_emplace(key, connection);
    if (!fresh) {
      ++counters.replaced;
      const std::uint64_t old = std::exchange(at->second, connection);
      connections.at(old)->end_event_stream();
    }
    counters.open = streams.size();
    mailbox->opened(key);
  }
  EventStreamCounters& event_counters() override { return counters; }

  void deliver(const EventMailbox::Letter& letter) override {
    if (letter.key) {
      const auto at = streams.find(*letter.key);
      if (at == streams.end()) return;
      HttpConnection& connection = *connections.at(at->second);
      if (letter.text) {
        const bool other = letter.if_busy && connection.has_events();
        connection.send_event(other ? letter.if_busy : letter.text);
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
    if (found == connections.end()) return;
    if (!response.principal.empty()) {
      slots.prove(connection, response.principal);
      held.prove(connection, response.principal);
      found->second->proven(response.principal);
    }
    found->second->respond(std::move(response));
  }

  void remove(std::uint64_t connection) override {
    const auto found = connections.find(connection);
    if (found == connections.end()) return;
    const auto stream = streams.find(found->second->event_stream());
    if (stream != streams.end() && stream->second == connection) {
      mailbox->closed(stream->first);
      streams.erase(stream);
      counters.open = streams.size();
    }
    slots.leave(connection);
    held.leave(connection);
    connections.erase(found);
  }

  EventLoop& loop;
  HttpServerOptions options;
  const Handler handler;
  Log& log;
  std::unique_ptr<TlsListener> listener;
  std::unordered_map<std::uint64_t, std::unique_ptr<HttpConnection>> connections;
  policy::SlotTable slots;
  policy::SlotTable held;  // bytes
  Timer sweep;
  bool sweeping = false;
  std::unordered_map<std::string, std::uint64_t> streams;  // event streams: the connection by key
  EventStreamCounters counters;
  std::shared_ptr<EventMailbox> mailbox;
  std::uint64_t next_id = 1;
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
  impl_->sweep.cancel();
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

const policy::SlotCounters& HttpServer::connections() const { return impl_->slots.counters(); }

const policy::SlotCounters& HttpServer::held_bytes() const { return impl_->held.counters(); }

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
