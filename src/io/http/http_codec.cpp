#include "io/http/http_codec.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

#include "io/http/http_head.hpp"

namespace http = boost::beast::http;

namespace rap::io {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

using boost::beast::error_code;
using State = HttpParseState;

// The shortest end of a chunked body. Beast's parser must not see less of one at a time: handed an
// empty body in pieces it asserts. At least this much is always still to come.
constexpr std::size_t kLastChunkBytes = 5;

std::string_view view(boost::beast::string_view s) { return {s.data(), s.size()}; }

bool equals_ignoring_case(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x) == y;
         });
}

// What both kinds of messages share: the head as text, then Beast for its fields and the body.
template <bool isRequest>
class MessageParser {
 public:
  using Parser = http::parser<isRequest, http::string_body>;

  explicit MessageParser(HttpLimits limits) : limits_(limits), head_(limits.header_bytes) {}

  // Feeds the head; complete means that the fields are known, and the body follows.
  HttpStep feed_head(ByteView data, bool skip_body) {
    const std::size_t size = data.size();
    switch (head_.feed(data)) {
      case HttpHead::State::incomplete: return {size, State::incomplete};
      case HttpHead::State::malformed: return fail(HttpFault::malformed);
      case HttpHead::State::too_large: return fail(HttpFault::header_too_large);
      case HttpHead::State::complete: break;
    }
    parser_.emplace();
    parser_->eager(true);
    parser_->skip(skip_body);
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes + 1));
    parser_->body_limit(limits_.body_bytes);
    error_code error;
    const std::size_t n = parser_->put(boost::asio::buffer(head_.text()), error);
    if (error == http::error::body_limit) return fail(HttpFault::body_too_large);
    if (error || n != head_.text().size() || !take_fields()) return fail(HttpFault::malformed);
    head_.drop_text();
    return {size - data.size(), State::complete};
  }

  HttpStep feed_body(ByteView data) {
    std::string_view in = as_text(data);
    if (!pending_.empty()) {
      pending_ += in;
      in = pending_;
    }
    std::size_t used = 0;
    while (used < in.size() && !parser_->is_done()) {
      std::size_t window = in.size() - used;
      if (parser_->chunked()) {
        if (window < kLastChunkBytes) break;
        // However the bytes were cut on their way, the same chunk header is too long.
        window = std::min(window, kMaxChunkHeaderBytes);
      }
      error_code error;
      const std::size_t n = parser_->put(boost::asio::buffer(in.data() + used, window), error);
      used += n;
      if (error == http::error::body_limit) return fail(HttpFault::body_too_large);
      if (error && error != http::error::need_more) return fail(HttpFault::malformed);
      if (n == 0 && window == kMaxChunkHeaderBytes) return fail(HttpFault::header_too_large);
      if (n == 0) break;
    }
    const std::size_t left = in.size() - used;
    if (parser_->is_done()) {
      // What was pending belonged to this message, so what is left came with `data`.
      pending_.clear();
      return {data.size() - left, State::complete};
    }
    pending_ = std::string(in.substr(used));
    return {data.size(), State::incomplete};
  }

  HttpStep fail(HttpFault fault) {
    fault_ = fault;
    return {0, State::failed};
  }

  bool has_head() const { return parser_.has_value(); }
  bool started() const { return head_.started(); }
  HttpFault fault() const { return fault_; }
  Parser& parser() { return *parser_; }
  const wire::HttpHeaders& headers() const { return headers_; }

  std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        headers_.begin(), headers_.end(), [&](const auto& field) { return field.first == name; }));
  }
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers_) {
      if (key == name) return value;
    }
    return {};
  }

  wire::HttpHeaders take_headers() { return std::move(headers_); }

  void reset() {
    parser_.reset();
    head_.clear();
    headers_.clear();
    pending_.clear();
  }

 private:
  // The fields as they are now: those of a trailer come later, and must not count.
  bool take_fields() {
    for (const auto& field : parser_->get()) {
      std::string name(view(field.name_string()));
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
      headers_.emplace_back(std::move(name), std::string(view(field.value())));
    }
    // Boost takes a list of equal lengths for one; RFC 9112 §6.3 lets us refuse it.
    if (!std::ranges::all_of(header("content-length"), is_digit)) return false;
    const std::size_t codings = count("transfer-encoding");
    if (codings + count("content-length") > 1) return false;
    return codings == 0 || (equals_ignoring_case(header("transfer-encoding"), "chunked") &&
                            parser_->get().version() == 11);
  }

  HttpLimits limits_;
  HttpHead head_;
  std::optional<Parser> parser_;  // it lives from the end of the head to the end of the message
  wire::HttpHeaders headers_;
  std::string pending_;  // a chunk's header that has not come whole
  HttpFault fault_ = HttpFault::none;
};

// host [":" port], or a literal address in brackets (RFC 9110 §7.2).
bool is_host(std::string_view value) {
  const std::size_t colon = value.rfind(':');
  if (colon != std::string_view::npos && value.find(']', colon) == std::string_view::npos) {
    if (!std::ranges::all_of(value.substr(colon + 1), is_digit)) return false;
    value = value.substr(0, colon);
  }
  if (value.starts_with('[')) {
    return value.size() > 2 && value.ends_with(']') &&
           value.find_first_not_of("0123456789abcdefABCDEF:.", 1) == value.size() - 1;
  }
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
}

bool is_method(std::string_view method) {
  return !method.empty() && std::all_of(method.begin(), method.end(),
                                        [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

bool is_target(std::string_view target) {
  return target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '#';
         });
}

}  // namespace

struct HttpRequestParser::Impl : MessageParser<true> {
  using MessageParser::MessageParser;

  bool acceptable() {
    const auto& message = parser().get();
    const std::size_t hosts = count("host");
    return is_method(view(message.method_string())) && is_target(view(message.target())) &&
           hosts <= 1 && (hosts == 1 ? is_host(header("host")) : message.version() == 10);
  }
  bool waits_for_continue() {
    return !parser().is_done() && parser().get().version() == 11 &&
           equals_ignoring_case(header("expect"), "100-continue");
  }
};

HttpRequestParser::HttpRequestParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpRequestParser::~HttpRequestParser() = default;
HttpRequestParser::HttpRequestParser(HttpRequestParser&&) noexcept = default;
HttpRequestParser& HttpRequestParser::operator=(HttpRequestParser&&) noexcept = default;

HttpStep HttpRequestParser::feed(ByteView data) {
  if (impl_->fault() != HttpFault::none) return {0, State::failed};
  std::size_t head = 0;
  if (!impl_->has_head()) {
    const HttpStep step = impl_->feed_head(data, false);
    if (step.state != State::complete) return step;
    if (!impl_->acceptable()) return impl_->fail(HttpFault::malformed);
    head = step.consumed;
    if (head == data.size() && impl_->waits_for_continue()) return {head, State::expects_continue};
  }
  HttpStep step = impl_->feed_body(data.subspan(head));
  step.consumed += head;
  return step;
}

bool HttpRequestParser::started() const { return impl_->started(); }
bool HttpRequestParser::has_head() const { return impl_->has_head(); }
HttpFault HttpRequestParser::fault() const { return impl_->fault(); }
bool HttpRequestParser::keep_alive() const {
  return impl_->parser().get().version() == 11 && impl_->parser().keep_alive();
}

wire::HttpRequest HttpRequestParser::take() {
  auto& message = impl_->parser().get();
  wire::HttpRequest request;
  request.method = view(message.method_string());
  const std::string_view target = view(message.target());
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  request.headers = impl_->take_headers();
  request.body = std::move(message.body());
  request.is_http_1_0 = message.version() == 10;
  impl_->reset();
  return request;
}

struct HttpResponseParser::Impl : MessageParser<false> {
  using MessageParser::MessageParser;
  bool answers_head = false;
  int interim = 0;
};

HttpResponseParser::HttpResponseParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpResponseParser::~HttpResponseParser() = default;
HttpResponseParser::HttpResponseParser(HttpResponseParser&&) noexcept = default;
HttpResponseParser& HttpResponseParser::operator=(HttpResponseParser&&) noexcept = default;

void HttpResponseParser::expect(bool answers_head) {
  impl_->answers_head = answers_head;
  impl_->interim = 0;
}

HttpStep HttpResponseParser::feed(ByteView data) {
  if (impl_->fault() != HttpFault::none) return {0, State::failed};
  std::size_t heads = 0;
  while (!impl_->has_head()) {
    const HttpStep step = impl_->feed_head(data.subspan(heads), impl_->answers_head);
    heads += step.consumed;
    if (step.state != State::complete) return {heads, step.state};
    const unsigned status = impl_->parser().get().result_int();
    if (status >= 200) break;
    if (status == 101 || ++impl_->interim > kMaxInterimResponses) {
      return impl_->fail(HttpFault::malformed);
    }
    impl_->reset();
  }
  HttpStep step = impl_->feed_body(data.subspan(heads));
  step.consumed += heads;
  return step;
}

HttpStep HttpResponseParser::feed_end() {
  if (!impl_->has_head()) return impl_->fail(HttpFault::malformed);
  error_code error;
  impl_->parser().put_eof(error);
  return error ? impl_->fail(HttpFault::malformed) : HttpStep{0, State::complete};
}

bool HttpResponseParser::started() const { return impl_->started(); }
HttpFault HttpResponseParser::fault() const { return impl_->fault(); }
bool HttpResponseParser::keep_alive() const { return impl_->parser().keep_alive(); }

wire::HttpResponse HttpResponseParser::take() {
  wire::HttpResponse response;
  response.status = static_cast<int>(impl_->parser().get().result_int());
  response.content_type = impl_->header("content-type");
  response.headers = impl_->take_headers();
  response.body = std::move(impl_->parser().get().body());
  impl_->reset();
  return response;
}

}  // namespace rap::io
