// Reads one stream of Server-Sent Events from an HTTPS server, from the request to the stream's
// end. Whoever wants it to go on makes another.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "io/http/client/http_client.hpp"
#include "wire/http/sse.hpp"

namespace rap::io {

struct EventClientOptions {
  HttpClientOptions server;
  std::chrono::milliseconds max_silence{60'000};  // a stream without a byte for so long is dead
};

struct EventClientHandlers {
  std::function<void()> on_open;  // what is sent from now on arrives
  std::function<void(const wire::SseEvent&)> on_event;
  // Called once, last: with an answer that is not a stream, or with how the stream ended.
  std::function<void(HttpClient::Result)> on_end;
};

class EventClient {
 public:
  // A handler may destroy it. The request is a GET.
  EventClient(EventLoop& loop, EventClientOptions options, const wire::HttpRequest& request,
              EventClientHandlers handlers);
  ~EventClient();  // no handler is called any more
  EventClient(const EventClient&) = delete;
  EventClient& operator=(const EventClient&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace rap::io
