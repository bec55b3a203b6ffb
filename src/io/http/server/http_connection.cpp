#include "io/http/server/http_connection.hpp"

#include <algorithm>
#include <utility>

#include "io/system/system.hpp"
#include "wire/http/problem_response.hpp"

namespace rap::io {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kRetryAfterSeconds = "1";

wire::HttpResponse problem_for(HttpFault fault) {
  switch (fault) {
    case HttpFault::header_too_large:
      return wire::problem_response(431, "header_too_large",
                                    "The request's header fields are too large");
    case HttpFault::body_too_large:
      return wire::problem_response(413, "body_too_large", "The request's body is too large");
    case HttpFault::none:
    case HttpFault::malformed: break;
  }
  return wire::problem_response(400, "malformed_request",
                                "The request is not well-formed HTTP/1.1");
}

}  // namespace

wire::HttpResponse overloaded() {
  wire::HttpResponse response = wire::problem_response(
      503, "overloaded", "Too many requests are waiting; try again in a moment");
  response.headers.emplace_back("retry-after", kRetryAfterSeconds);
  return response;
}

HttpConnection::HttpConnection(EventLoop& loop, const HttpServerOptions& options, Owner& owner,
                               Log& log, std::uint64_t id)
    : loop_(loop),
      options_(options),
      owner_(owner),
      log_(log),
      id_(id),
      parser_({.header_bytes = options.max_header_bytes, .body_bytes = options.max_body_bytes}),
      timer_(loop) {}

void HttpConnection::start(std::unique_ptr<Stream> stream, std::string holder) {
  stream_ = std::move(stream);
  holder_ = std::move(holder);
  peer_ip_ = stream_->peer_ip();
  stream_->set_handler(*this);
  stream_->set_output(this);
  on_open();
}

void HttpConnection::on_open() {
  if (stream_->peer()) {
    if (const auto certificate = stream_->peer_certificate()) {
      peer_serial_ = certificate->serial_hex();
      peer_certificate_ = as_text(certificate->der());
    }
  }
  wait_for_request();
}

std::size_t HttpConnection::on_data(MutableBytes data) {
  if (state_ == State::streaming && (said_to_stream_ += data.size()) > kMaxSaidToStream) {
    const std::size_t all = data.size();
    ++owner_.event_counters().cut;
    stream_->abort();
    owner_.remove(id_);
    return all;
  }
  const std::size_t used = state_ == State::reading ? read(data) : 0;
  // What follows the last request, or one that was refused, is of no interest.
  if (keep_alive_) ahead_.insert(ahead_.end(), data.begin() + used, data.end());
  if (state_ == State::reading) wait_for_more_of_it();
  count_bytes();
  return data.size();
}

// Returns how much it used: all, unless a request is complete or was refused.
std::size_t HttpConnection::read(ByteView data) {
  std::size_t used = 0;
  while (used < data.size() && state_ == State::reading) {
    const HttpStep step = parser_.feed(data.subspan(used));
    used += step.consumed;
    request_bytes_ += step.consumed;
    switch (step.state) {
      case HttpParseState::incomplete: break;
      case HttpParseState::expects_continue: stream_->write(as_bytes(kContinue)); break;
      case HttpParseState::complete:
        keep_alive_ = parser_.keep_alive();
        handle(parser_.take());
        break;
      case HttpParseState::failed: refuse(parser_.fault()); break;
    }
  }
  if (state_ == State::reading && parser_.started()) begin_request();
  return used;
}

// A head and the whole request have a time each, which no byte that comes meanwhile prolongs.
void HttpConnection::begin_request() {
  if (!std::exchange(request_begun_, true)) {
    request_began_ = mono_now();
    head_read_ = false;
    timer_.after(std::min(options_.head_timeout, options_.request_timeout),
                 [this] { request_too_slow(); });
  }
  if (!parser_.has_head() || std::exchange(head_read_, true)) return;
  timer_.after(request_began_ + options_.request_timeout - mono_now(),
               [this] { request_too_slow(); });
}

void HttpConnection::wait_for_more_of_it() {
  if (++pieces_ <= kPiecesAtOnce + request_bytes_ / kBytesAPiece) return;
  stream_->pause_reading();
  if (!pause_) pause_ = std::make_unique<Timer>(loop_);
  pause_->after(kPauseBetweenPieces, [this] {
    if (state_ == State::reading) stream_->resume_reading();
  });
}

void HttpConnection::count_bytes() {
  const std::size_t held =
      request_bytes_ + ahead_.size() + (state_ == State::streaming ? 0 : out_.size());
  if (std::exchange(counted_bytes_, held) != held) owner_.hold(id_, held);
}

void HttpConnection::handle(wire::HttpRequest request) {
  state_ = State::handling;
  timer_.cancel();
  request_begun_ = false;
  request_bytes_ = 0;
  pieces_ = 0;
  pause_.reset();
  had_request_ = true;
  owner_.heard(id_);
  stream_->pause_reading();
  answers_head_ = request.method == "HEAD";
  request.peer_ip = peer_ip_;
  request.peer = stream_->peer();
  request.peer_certificate_serial = peer_serial_;
  request.peer_certificate_der = peer_certificate_;
  if (!owner_.dispatch(id_, std::move(request))) respond(overloaded());
}

void HttpConnection::refuse(HttpFault fault) {
  keep_alive_ = false;
  answers_head_ = false;
  respond(problem_for(fault));
}

void HttpConnection::request_too_slow() {
  keep_alive_ = false;
  answers_head_ = false;
  respond(wire::problem_response(408, "request_timeout", "The request did not arrive in time"));
}

void HttpConnection::respond(wire::HttpResponse response) {
  if (!response.event_stream.empty() && !answers_head_) return open_event_stream(response);
  const HttpResponseFraming framing{
      .keep_alive = keep_alive_, .answers_head = answers_head_, .date = wall_now()};
  auto text = format_response(response, framing);
  if (!text) {
    log_.error(LogCause::stranger(holder_), "http.response_unwritable",
               {{"status", response.status}});
    text = format_response(
        wire::problem_response(500, "internal_error", "The server made an answer it cannot send"),
        framing);
  }
  state_ = State::writing;
  out_ = std::move(*text);
  out_at_ = 0;
  cut_after(options_.request_timeout);
  stream_->flush();
  // Nearly every answer is gone by then, and was never waiting.
  owner_.count_later(id_);
}

ByteView HttpConnection::peek() {
  if (out_.empty() && !events_.empty()) {
    out_ = *events_.front();
    events_.pop_front();
  }
  return as_bytes(out_).subspan(out_at_);
}

void HttpConnection::consume(std::size_t n) {
  out_at_ += n;
  sent_some_ = true;
  if (out_at_ < out_.size()) return;
  if (!event_stream_.empty()) {
    out_.clear();
    out_at_ = 0;
    return owner_.heard(id_);
  }
  std::string().swap(out_);
  out_at_ = 0;
  owner_.heard(id_);
  response_written();
}

void HttpConnection::response_written() {
  if (!keep_alive_) {
    count_bytes();
    return close_stream();
  }
  state_ = State::reading;
  wait_for_request();
  ahead_at_ += read(ByteView(ahead_).subspan(ahead_at_));
  if (ahead_at_ == ahead_.size()) {
    Bytes().swap(ahead_);
    ahead_at_ = 0;
  }
  count_bytes();
  if (state_ == State::reading) stream_->resume_reading();
}

void HttpConnection::open_event_stream(const wire::HttpResponse& response) {
  const auto head = format_event_stream_head(response.headers, wall_now());
  if (!head) {
    keep_alive_ = false;
    return respond(
        wire::problem_response(500, "internal_error", "The server made an answer it cannot send"));
  }
  state_ = State::streaming;
  keep_alive_ = false;
  Bytes().swap(ahead_);
  ahead_at_ = 0;
  event_stream_ = response.event_stream;
  out_ = *head;
  out_at_ = 0;
  count_bytes();
  stream_->resume_reading();
  stream_->flush();
  timer_.after(options_.ping_interval, [this] { ping(); });
  owner_.event_stream_opened(id_, event_stream_);
}

void HttpConnection::send_event(std::shared_ptr<const std::string> text) {
  if (state_ != State::streaming) return;
  if (events_.size() >= kMaxQueuedEvents) {
    events_.pop_front();
    ++owner_.event_counters().dropped;
  }
  events_.push_back(std::move(text));
  stream_->flush();
}

void HttpConnection::end_event_stream() {
  if (state_ != State::streaming) return;
  events_.clear();
  close_stream();
}

void HttpConnection::ping() {
  const bool waiting = !out_.empty() || !events_.empty() || stream_->unsent() > 0;
  if (waiting && !sent_some_) {  // the peer takes nothing any more
    ++owner_.event_counters().cut;
    stream_->abort();
    return owner_.remove(id_);
  }
  sent_some_ = false;
  if (out_.empty() && events_.empty()) {
    static const auto kPing = std::make_shared<const std::string>(wire::kSsePing);
    send_event(kPing);
  }
  timer_.after(options_.ping_interval, [this] { ping(); });
}

void HttpConnection::close_stream() {
  state_ = State::closing;
  cut_after(options_.request_timeout);
  stream_->close_after_write();
}

void HttpConnection::wait_for_request() {
  cut_after(had_request_ ? options_.idle_timeout
                         : std::min(options_.head_timeout, options_.idle_timeout));
}

void HttpConnection::cut_after(std::chrono::milliseconds limit) {
  timer_.after(limit, [this] {
    // The kernel is not to keep a response for a peer that does not read it.
    if (state_ == State::writing || state_ == State::closing) stream_->abort();
    owner_.remove(id_);
  });
}

void HttpConnection::on_close(const StreamError&) { owner_.remove(id_); }

}  // namespace rap::io
