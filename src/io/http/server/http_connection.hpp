// One connection of the HTTP server: bytes in, requests out, responses in their order.
//
//   reading ──request──▶ handling ──response──▶ writing ──taken by the socket──▶ reading
//      └── refused ─────────────── error response ─┘└── last one ──▶ closing
//
// A handler may answer with a stream of events instead; then events and pings go out until either
// side ends it. What the peer still says means nothing, and a little of it is borne.
//
// What a peer sends ahead (pipelining) waits. Reading is paused until the response is out, so no
// more is held than the stream reads in one go. It is paused too, again and again for a moment,
// when a request comes in crumbs: thousands of such peers would wake the loop for each.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/log/log.hpp"
#include "io/http/http_codec.hpp"
#include "io/http/server/event_streams.hpp"
#include "io/http/server/http_server_options.hpp"
#include "io/stream/tls_stream.hpp"

namespace rap::io {

inline constexpr std::size_t kMaxSaidToStream = std::size_t{16} * 1024;  // by a stream's peer
// A request may come in so many pieces, and in one more for every so many bytes. What comes in
// smaller ones is read in larger: only so often, and all that is there by then.
inline constexpr std::size_t kPiecesAtOnce = 16;
inline constexpr std::size_t kBytesAPiece = 512;
inline constexpr std::chrono::milliseconds kPauseBetweenPieces{250};

wire::HttpResponse overloaded();  // what is said when too many requests wait

class HttpConnection final : public StreamHandler, public Output {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Returns false when too many requests wait; else respond() follows.
    virtual bool dispatch(std::uint64_t connection, wire::HttpRequest request) = 0;
    // It has become the stream of events for `key`, which another may have been before.
    virtual void event_stream_opened(std::uint64_t connection, const std::string& key) = 0;
    virtual EventStreamCounters& event_counters() = 0;
    // The peer did something useful: it made a request, or took an answer.
    virtual void heard(std::uint64_t connection) = 0;
    // It holds so many bytes of requests that are not whole, and of answers. Others may be cut.
    virtual void hold(std::uint64_t connection, std::size_t bytes) = 0;
    // count_bytes() follows once the socket was offered what there is.
    virtual void count_later(std::uint64_t connection) = 0;
    // Destroys the connection, which touches nothing of itself afterwards.
    virtual void remove(std::uint64_t connection) = 0;
  };

  HttpConnection(EventLoop& loop, const HttpServerOptions& options, Owner& owner, Log& log,
                 std::uint64_t id);
  // Takes an open stream; separate from the constructor because its callbacks may destroy us.
  // `holder` is who the connection counts against.
  void start(std::unique_ptr<Stream> stream, std::string holder);
  void cut() { stream_->abort(); }  // it made way
  void respond(wire::HttpResponse response);

  const std::string& holder() const { return holder_; }
  const std::string& principal() const { return principal_; }  // empty: nobody has proven it
  void proven(const std::string& principal) { principal_ = principal; }
  // Among whose requests its own wait: a person's who is known, else those of its network.
  const std::string& asker() const { return principal_.empty() ? holder_ : principal_; }
  bool is_handled() const { return state_ == State::handling; }
  const std::string& event_stream() const { return event_stream_; }  // empty when it is none
  void send_event(std::shared_ptr<const std::string> text);
  bool has_events() const { return !out_.empty() || !events_.empty(); }  // that wait
  void end_event_stream();  // another one takes its place
  void count_bytes();  // its owner, told of them, may cut others

 private:
  enum class State : std::uint8_t { reading, handling, writing, streaming, closing };

  void on_open() override;
  std::size_t on_data(MutableBytes data) override;
  void on_close(const StreamError& error) override;
  ByteView peek() override;
  void consume(std::size_t n) override;

  std::size_t read(ByteView data);
  void handle(wire::HttpRequest request);
  void refuse(HttpFault fault);
  void request_too_slow();
  void response_written();
  void close_stream();
  void open_event_stream(const wire::HttpResponse& response);
  void ping();
  void wait_for_request();
  void begin_request();
  void wait_for_more_of_it();
  void cut_after(std::chrono::milliseconds limit);

  EventLoop& loop_;
  const HttpServerOptions& options_;
  Owner& owner_;
  Log& log_;
  const std::uint64_t id_;
  std::unique_ptr<Stream> stream_;
  std::string peer_ip_;
  std::string peer_serial_;
  std::string holder_;
  std::string principal_;
  std::string peer_certificate_;  // in DER
  HttpRequestParser parser_;
  Timer timer_;
  State state_ = State::reading;
  bool request_begun_ = false;
  bool head_read_ = false;
  bool had_request_ = false;
  MonoTime request_began_{};
  std::size_t pieces_ = 0;  // of the one that is read
  std::unique_ptr<Timer> pause_;  // between them; most have none
  std::size_t request_bytes_ = 0;  // of the one that is read
  std::size_t counted_bytes_ = 0;
  bool keep_alive_ = true;
  bool answers_head_ = false;
  Bytes ahead_;  // received beyond the request being handled
  std::size_t ahead_at_ = 0;
  std::string out_;
  std::size_t out_at_ = 0;
  std::string event_stream_;
  std::deque<std::shared_ptr<const std::string>> events_;  // behind out_
  std::size_t said_to_stream_ = 0;  // bytes that the peer of a stream of events said
  bool sent_some_ = false;  // something was sent since the last ping was due
};

}  // namespace rap::io
