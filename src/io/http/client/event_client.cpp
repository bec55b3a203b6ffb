#include "io/http/client/event_client.hpp"

#include <utility>

#include "io/http/http_codec.hpp"
#include "io/http/http_head.hpp"
#include "io/stream/tls_stream.hpp"

namespace rap::io {
namespace {

constexpr std::size_t kMaxHeadBytes = 32 * 1024;
constexpr std::size_t kMaxRefusalBytes = 64 * 1024;
constexpr std::string_view kEventStream = "text/event-stream";
constexpr HttpLimits kLimits{.header_bytes = kMaxHeadBytes, .body_bytes = kMaxRefusalBytes};

// Whether what follows the head are events up to the end of the connection.
bool opens_event_stream(const std::string& head) {
  HttpResponseParser parser(kLimits);
  if (parser.feed(as_bytes(head)).state != HttpParseState::incomplete) return false;
  if (parser.feed_end().state != HttpParseState::complete) return false;
  const wire::HttpResponse response = parser.take();
  return response.status == 200 && response.header("transfer-encoding").empty() &&
         response.content_type.starts_with(kEventStream);
}

}  // namespace

struct EventClient::Impl final : StreamHandler, std::enable_shared_from_this<Impl> {
  enum class State : std::uint8_t { head, events, refusal, ended };

  Impl(EventLoop& loop, EventClientOptions o, EventClientHandlers h)
      : options(std::move(o)), handlers(std::move(h)), timer(loop) {}

  void start(EventLoop& loop, const wire::HttpRequest& request) {
    auto text = format_request(request, host_field(options.server));
    if (!text) {
      loop.post([weak = weak_from_this()] {
        if (auto self = weak.lock()) {
          self->fail(HttpError::Kind::protocol, "the request cannot be written as HTTP");
        }
      });
      return;
    }
    request_text = std::move(*text);
    StreamOptions stream_options;
    stream_options.tls = options.server.tls;
    stream_options.connect_timeout = options.server.connect_timeout;
    stream_options.handshake_timeout = options.server.connect_timeout;
    stream_options.proxy = options.server.proxy;
    stream = Stream::connect(loop, options.server.host, options.server.port,
                             std::move(stream_options), *this);
  }

  void on_open() override {
    stream->write(as_bytes(request_text));
    std::string().swap(request_text);
    timer.after(options.server.response_timeout, [this] {
      const auto self = shared_from_this();
      fail(HttpError::Kind::timeout, "the server did not answer in time");
    });
  }

  std::size_t on_data(MutableBytes data) override {
    const auto self = shared_from_this();
    ByteView rest = data;
    if (state == State::head) read_head(rest);
    if (state == State::refusal && !rest.empty()) read_refusal(rest);
    if (state == State::events) read_events(rest);
    return data.size();
  }

  void on_close(const StreamError& error) override {
    const auto self = shared_from_this();
    if (state == State::refusal && error.kind == StreamError::Kind::none &&
        refusal.feed_end().state == HttpParseState::complete) {
      return end(refusal.take());
    }
    if (state == State::events && error.kind == StreamError::Kind::none) {
      return fail(HttpError::Kind::closed, "the server ended the stream");
    }
    end(std::unexpected(to_http_error(error)));
  }

  void read_head(ByteView& data) {
    const HttpHead::State read = head.feed(data);
    if (read == HttpHead::State::incomplete) return;
    if (read != HttpHead::State::complete) {
      return fail(HttpError::Kind::protocol, "the answer is not HTTP/1.1");
    }
    if (!opens_event_stream(head.text())) {
      state = State::refusal;
      read_refusal(as_bytes(head.text()));
      return;
    }
    head.clear();
    state = State::events;
    handlers.on_open();
  }

  void read_refusal(ByteView data) {
    const HttpStep step = refusal.feed(data);
    if (step.state == HttpParseState::complete) return end(refusal.take());
    if (step.state == HttpParseState::failed) {
      fail(HttpError::Kind::protocol, "the answer is not HTTP/1.1");
    }
  }

  void read_events(ByteView data) {
    timer.after(options.max_silence, [this] {
      const auto self = shared_from_this();
      fail(HttpError::Kind::timeout, "the stream fell silent");
    });
    std::vector<wire::SseEvent> events;
    const bool sound =
        parser.feed({reinterpret_cast<const char*>(data.data()), data.size()}, events);
    for (const wire::SseEvent& event : events) {
      if (state != State::events) return;
      handlers.on_event(event);
    }
    if (!sound && state == State::events) {
      fail(HttpError::Kind::protocol, "an event is larger than allowed");
    }
  }

  void fail(HttpError::Kind kind, std::string detail) {
    end(std::unexpected(HttpError{kind, std::move(detail)}));
  }

  // Callers hold a share of us: the handler may destroy the client.
  void end(HttpClient::Result result) {
    if (state == State::ended) return;
    close();
    handlers.on_end(std::move(result));
  }

  void close() {
    state = State::ended;
    timer.cancel();
    stream.reset();
  }

  const EventClientOptions options;
  const EventClientHandlers handlers;
  Timer timer;
  std::string request_text;
  std::unique_ptr<Stream> stream;
  State state = State::head;
  HttpHead head{kMaxHeadBytes};
  HttpResponseParser refusal{kLimits};
  wire::SseParser parser;
};

EventClient::EventClient(EventLoop& loop, EventClientOptions options,
                         const wire::HttpRequest& request, EventClientHandlers handlers)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handlers))) {
  impl_->start(loop, request);
}

EventClient::~EventClient() { impl_->close(); }

}  // namespace rap::io
