// HTTP/1.1 messages to and from bytes (RFC 9112), without sockets: parsers that take whatever has
// arrived, and writers. What two readers could understand differently is refused, never repaired:
// folded lines, bare line feeds, several lengths, a length beside chunks, any coding but "chunked".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "wire/http/http_message.hpp"

namespace rap::io {

// The bound of one chunk's size line with its extensions, or of the last chunk with the trailers.
inline constexpr std::size_t kMaxChunkHeaderBytes = 4 * 1024;
inline constexpr int kMaxInterimResponses = 8;  // 1xx answers before the real one

struct HttpLimits {
  std::size_t header_bytes = 16 * 1024;  // start line and fields, up to the empty line
  std::size_t body_bytes = 64 * 1024;
};

enum class HttpFault : std::uint8_t { none, malformed, header_too_large, body_too_large };

enum class HttpParseState : std::uint8_t {
  incomplete,  // everything was consumed; feed what comes next
  expects_continue,  // said once: the peer waits for "100 Continue" before it sends the body
  complete,  // take() the message; bytes not consumed belong to the next one
  failed,  // fault() says why; the connection can carry no further message
};

struct HttpStep {
  std::size_t consumed = 0;
  HttpParseState state = HttpParseState::incomplete;
};

// Parses the requests of one connection, one after the other. Target: origin-form only.
class HttpRequestParser {
 public:
  explicit HttpRequestParser(HttpLimits limits);
  ~HttpRequestParser();
  HttpRequestParser(HttpRequestParser&&) noexcept;
  HttpRequestParser& operator=(HttpRequestParser&&) noexcept;

  HttpStep feed(ByteView data);
  bool started() const;  // some bytes of a request are in, but not all
  bool has_head() const;  // of that request
  HttpFault fault() const;
  bool keep_alive() const;  // asked of the complete request; HTTP/1.0 connections never are
  wire::HttpRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Parses one response at a time. Interim (1xx) responses are skipped.
class HttpResponseParser {
 public:
  explicit HttpResponseParser(HttpLimits limits);
  ~HttpResponseParser();
  HttpResponseParser(HttpResponseParser&&) noexcept;
  HttpResponseParser& operator=(HttpResponseParser&&) noexcept;

  // Called before each response, and says whether it answers a HEAD request and so has no body.
  void expect(bool answers_head);
  HttpStep feed(ByteView data);
  HttpStep feed_end();  // the peer closed: the end of a body without a length
  bool started() const;
  HttpFault fault() const;
  bool keep_alive() const;
  wire::HttpResponse take();  // content_type is also among the headers

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct HttpResponseFraming {
  bool keep_alive = true;
  bool answers_head = false;  // the length is told, the body left out
  WallTime date{};
};

// nullopt when the message cannot be written: a line break in a field, a space in the target, …
// Fields about framing (Content-Length, Transfer-Encoding, Connection, Host, Date) are ours to set;
// those in `headers` are left out.
std::optional<std::string> format_request(const wire::HttpRequest& request, std::string_view host);
std::optional<std::string> format_response(const wire::HttpResponse& response,
                                           const HttpResponseFraming& framing);

// The head of a stream of events, whose body ends with the connection.
std::optional<std::string> format_event_stream_head(const wire::HttpHeaders& headers,
                                                    WallTime date);

}  // namespace rap::io
