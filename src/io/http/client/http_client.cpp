#include "io/http/client/http_client.hpp"

#include <deque>
#include <utility>

#include "io/http/http_codec.hpp"
#include "io/stream/tls_stream.hpp"

namespace rap::io {
namespace {

constexpr std::size_t kMaxResponseHeaderBytes = 32 * 1024;

std::string describe(HttpFault fault) {
  switch (fault) {
    case HttpFault::body_too_large: return "the response is larger than allowed";
    case HttpFault::header_too_large: return "the response's header is larger than allowed";
    case HttpFault::none:
    case HttpFault::malformed: break;
  }
  return "the answer is not HTTP/1.1";
}

}  // namespace

// An IPv6 literal in brackets, the port unless it is the scheme's own.
std::string host_field(const HttpClientOptions& options) {
  std::string host =
      options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
  const std::uint16_t usual = options.tls ? 443 : 80;
  return options.port == usual ? host : host + ":" + std::to_string(options.port);
}

HttpError to_http_error(const StreamError& error) {
  switch (error.kind) {
    case StreamError::Kind::unreachable:
    case StreamError::Kind::denied:
    case StreamError::Kind::busy:
    case StreamError::Kind::refused: return {HttpError::Kind::unreachable, error.detail};
    case StreamError::Kind::timeout: return {HttpError::Kind::timeout, error.detail};
    case StreamError::Kind::tls: return {HttpError::Kind::tls, error.detail, error.fault};
    case StreamError::Kind::none:
    case StreamError::Kind::reset: break;
    case StreamError::Kind::flood:
    case StreamError::Kind::overflow: return {HttpError::Kind::protocol, error.detail};
  }
  return {HttpError::Kind::closed, "the server closed the connection before it answered"};
}

std::string_view to_string(HttpError::Kind kind) {
  switch (kind) {
    case HttpError::Kind::unreachable: return "unreachable";
    case HttpError::Kind::tls: return "tls";
    case HttpError::Kind::timeout: return "timeout";
    case HttpError::Kind::closed: return "closed";
    case HttpError::Kind::protocol: return "protocol";
  }
  return "";
}

struct HttpClient::Impl final : StreamHandler, std::enable_shared_from_this<Impl> {
  Impl(EventLoop& l, HttpClientOptions o)
      : loop(l),
        options(std::move(o)),
        parser({.header_bytes = kMaxResponseHeaderBytes, .body_bytes = options.max_response_bytes}),
        response_timer(l) {}

  struct Pending {
    std::string bytes;
    bool is_get = false;
    bool is_head = false;
    bool retried = false;
    Callback done;
  };

  void send(const wire::HttpRequest& request, Callback done) {
    auto bytes = format_request(request, host_field(options));
    if (!bytes) {
      HttpError error{HttpError::Kind::protocol, "the request cannot be written as HTTP"};
      loop.post([weak = weak_from_this(), error, done = std::move(done)] {
        if (!weak.expired()) done(std::unexpected(error));
      });
      return;
    }
    queue.push_back({std::move(*bytes), request.method == "GET", request.method == "HEAD", false,
                     std::move(done)});
    if (!busy) start_next();
  }

  void start_next() {
    busy = !queue.empty();
    if (!busy) return;
    if (!stream) {
      reused = false;
      StreamOptions stream_options;
      stream_options.tls = options.tls;
      stream_options.connect_timeout = options.connect_timeout;
      stream_options.handshake_timeout = options.connect_timeout;
      stream_options.proxy = options.proxy;
      stream = Stream::connect(loop, options.host, options.port, std::move(stream_options), *this);
    } else {
      write_request();
    }
  }

  void write_request() {
    sent = true;
    parser.expect(queue.front().is_head);
    stream->write(as_bytes(queue.front().bytes));
    response_timer.after(options.response_timeout, [this] {
      const auto self = shared_from_this();
      fail({HttpError::Kind::timeout, "the server did not answer in time"});
    });
  }

  void on_open() override {
    chain = stream->peer_chain();
    write_request();
  }

  std::size_t on_data(MutableBytes data) override {
    const auto self = shared_from_this();
    if (!sent) {
      // An answer nobody asked for: whatever follows on this connection means nothing.
      drop_connection();
      return data.size();
    }
    const HttpStep step = parser.feed(data);
    switch (step.state) {
      case HttpParseState::incomplete:
      case HttpParseState::expects_continue: break;
      case HttpParseState::failed:
        fail({HttpError::Kind::protocol, describe(parser.fault())});
        break;
      case HttpParseState::complete: finish(parser.keep_alive() && step.consumed == data.size());
    }
    return data.size();
  }

  void on_close(const StreamError& error) override {
    const auto self = shared_from_this();
    if (!busy) return drop_connection();  // the next request opens a new one
    const bool answered = sent && parser.started();
    if (answered && error.kind == StreamError::Kind::none &&
        parser.feed_end().state == HttpParseState::complete) {
      return finish(false);
    }
    if (options.asks_again && reused && !answered && queue.front().is_get &&
        !queue.front().retried && error.kind != StreamError::Kind::tls) {
      queue.front().retried = true;
      drop_connection();
      return start_next();
    }
    fail(to_http_error(error));
  }

  // Callers of these three hold a share of us: the callback may destroy the client.
  void finish(bool keep) {
    wire::HttpResponse response = parser.take();
    if (keep) {
      reused = true;
    } else {
      drop_connection();
    }
    complete(std::move(response));
  }

  void fail(HttpError error) {
    drop_connection();
    complete(std::unexpected(std::move(error)));
  }

  void complete(Result result) {
    response_timer.cancel();
    sent = false;
    const Callback done = std::move(queue.front().done);
    queue.pop_front();
    done(std::move(result));  // still busy: what it sends waits for start_next()
    if (!closed) start_next();
  }

  void drop_connection() {
    stream.reset();
    reused = false;
    sent = false;
    response_timer.cancel();
    parser = HttpResponseParser(
        {.header_bytes = kMaxResponseHeaderBytes, .body_bytes = options.max_response_bytes});
  }

  EventLoop& loop;
  HttpClientOptions options;
  HttpResponseParser parser;
  Timer response_timer;
  std::unique_ptr<Stream> stream;
  std::deque<Pending> queue;  // the front is the one under way
  std::vector<crypto::Certificate> chain;
  bool busy = false;    // the front of the queue is under way
  bool sent = false;    // it has been written and its response is awaited
  bool reused = false;  // this connection has carried a response before
  bool closed = false;  // the client is gone
};

HttpClient::HttpClient(EventLoop& loop, HttpClientOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(options))) {}

HttpClient::~HttpClient() {
  impl_->closed = true;
  impl_->drop_connection();
  impl_->queue.clear();
}

void HttpClient::send(const wire::HttpRequest& request, Callback done) {
  impl_->send(request, std::move(done));
}

bool HttpClient::is_connected() const { return impl_->stream != nullptr; }

std::vector<crypto::Certificate> HttpClient::peer_chain() const { return impl_->chain; }

HttpClient::Result http_fetch(const HttpClientOptions& options, const wire::HttpRequest& request,
                              std::vector<crypto::Certificate>* peer_chain) {
  EventLoop loop;
  HttpClient client(loop, options);
  std::optional<HttpClient::Result> result;
  client.send(request, [&](HttpClient::Result r) {
    result = std::move(r);
    loop.stop();
  });
  loop.run();
  if (peer_chain != nullptr) *peer_chain = client.peer_chain();
  return std::move(*result);
}

}  // namespace rap::io
