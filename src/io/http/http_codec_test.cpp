#include "io/http/http_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/http/http_head.hpp"

namespace rap::io {
namespace {

using testing::HasSubstr;
using State = HttpParseState;

constexpr HttpLimits kLimits{.header_bytes = 640, .body_bytes = 100};

struct Parsed {
  State state = State::incomplete;
  HttpFault fault = HttpFault::none;
  wire::HttpRequest request;
  bool keep_alive = false;
  std::string rest;
};

// Feeds `text` in pieces of `piece` bytes until it is complete or refused.
Parsed parse(std::string_view text, std::size_t piece = std::string_view::npos,
             HttpLimits limits = kLimits) {
  HttpRequestParser parser(limits);
  Parsed out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, piece);
    const HttpStep step = parser.feed(as_bytes(part));
    text.remove_prefix(step.consumed);
    out.state = step.state;
    out.fault = parser.fault();
    if (step.state == State::failed) return out;
    if (step.state == State::complete) {
      out.keep_alive = parser.keep_alive();
      out.request = parser.take();
      out.rest = text;
      return out;
    }
    EXPECT_EQ(step.consumed, part.size());
  }
  return out;
}

// Every way of cutting the text must say the same.
Parsed parse_any_cut(std::string_view text) {
  const Parsed whole = parse(text);
  for (std::size_t piece = 1; piece < 12; ++piece) {
    const Parsed cut = parse(text, piece);
    EXPECT_EQ(cut.state, whole.state) << "in pieces of " << piece;
    EXPECT_EQ(cut.fault, whole.fault);
    EXPECT_EQ(cut.request.body, whole.request.body);
    EXPECT_EQ(cut.request.headers, whole.request.headers);
    EXPECT_EQ(cut.rest, whole.rest);
  }
  return whole;
}

HttpFault fault_of(std::string_view text) {
  const Parsed parsed = parse_any_cut(text);
  EXPECT_EQ(parsed.state, State::failed) << text;
  return parsed.fault;
}

TEST(HttpRequestParser, TellsTheTargetFromItsQueryAndLowersFieldNames) {
  const Parsed p =
      parse_any_cut("GET /api/v1/me?a=b&c=%20?d HTTP/1.1\r\nHost: x\r\nX-Mixed:  v \r\n\r\nrest");
  ASSERT_EQ(p.state, State::complete);
  EXPECT_EQ(p.request.method, "GET");
  EXPECT_EQ(p.request.path, "/api/v1/me");
  EXPECT_EQ(p.request.query, "a=b&c=%20?d");
  EXPECT_EQ(p.request.header("host"), "x");
  EXPECT_EQ(p.request.header("x-mixed"), "v");
  EXPECT_TRUE(p.keep_alive);
  EXPECT_EQ(p.rest, "rest");
}

TEST(HttpRequestParser, ReadsABodyByItsLength) {
  const Parsed p = parse_any_cut("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhelloGET");
  EXPECT_EQ(p.state, State::complete);
  EXPECT_EQ(p.request.body, "hello");
  EXPECT_EQ(p.rest, "GET");
}

TEST(HttpRequestParser, ReadsAChunkedBodyAndIgnoresExtensionsAndTrailers) {
  const Parsed p = parse_any_cut(
      "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: Chunked\r\n\r\n"
      "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nauthorization: evil\r\n\r\nGET");
  EXPECT_EQ(p.state, State::complete);
  EXPECT_EQ(p.request.body, "hello world");
  EXPECT_EQ(p.request.header("authorization"), "");
  EXPECT_EQ(p.rest, "GET");
}

TEST(HttpRequestParser, ReadsAnEmptyChunkedBodyInPieces) {
  const Parsed p =
      parse_any_cut("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET");
  EXPECT_EQ(p.state, State::complete);
  EXPECT_EQ(p.rest, "GET");
}

TEST(HttpRequestParser, SkipsEmptyLinesBeforeARequestButNoFlood) {
  EXPECT_EQ(parse_any_cut("\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n").state, State::complete);
  EXPECT_EQ(fault_of("\r\n\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\n\r\n"), HttpFault::malformed);
}

TEST(HttpRequestParser, KnowsWhenTheConnectionEndsWithTheRequest) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nhost: x\r\nconnection: Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(HttpRequestParser, RefusesAmbiguousFraming) {
  const std::string start = "POST / HTTP/1.1\r\nhost: x\r\n";
  for (const char* fields : {
           "content-length: 5\r\ncontent-length: 6\r\n",
           "content-length: 5\r\ncontent-length: 5\r\n",
           "content-length: 5, 6\r\n",
           "content-length: 5, 5\r\n",
           "content-length: -5\r\n",
           "content-length: +5\r\n",
           "content-length: 5x\r\n",
           "content-length: 99999999999999999999\r\n",
           "content-length: 5\r\ntransfer-encoding: chunked\r\n",
           "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
           "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
           "transfer-encoding: gzip, chunked\r\n",
           "transfer-encoding: identity\r\n",
           "transfer-encoding: xchunked\r\n",
           "transfer-encoding : chunked\r\n",
       }) {
    EXPECT_EQ(fault_of(start + fields + "\r\n"), HttpFault::malformed) << fields;
  }
  EXPECT_EQ(fault_of("POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"),
            HttpFault::malformed);
}

TEST(HttpRequestParser, RefusesMalformedHeads) {
  for (const char* text : {
           "GET / HTTP/1.1\r\n\r\n",                              // no Host
           "GET / HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n",        // two
           "GET / HTTP/1.0\r\nhost: x\r\nhost: y\r\n\r\n",
           "GET / HTTP/1.1\r\nhost:\r\n\r\n",                     // a Host that names nothing
           "GET / HTTP/1.1\r\nhost: a b\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: user@x\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: x/y\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: x:8o\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: [::1\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: [x]\r\n\r\n",
           "GET / HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n",     // obs-fold
           "GET / HTTP/1.1\nhost: x\n\n",                         // bare line feeds
           "GET / HTTP/1.1\r\nhost: x\r\na: b\rc\r\n\r\n",        // bare carriage return
           "GET / HTTP/1.1\r\nhost: x\r\na\r\n\r\n",              // no colon
           "GET / HTTP/1.1\r\nhost: x\r\n: v\r\n\r\n",            // no name
           "GET / HTTP/1.1\r\nhost: x\r\na b: v\r\n\r\n",         // a space in the name
           "GET / HTTP/1.1\r\nhost: x\r\na: \x01\r\n\r\n",
           "GET / HTTP/2.0\r\nhost: x\r\n\r\n",
           "GET / HTTP/1.2\r\nhost: x\r\n\r\n",
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
           "GET http://x/ HTTP/1.1\r\nhost: x\r\n\r\n",           // absolute-form
           "GET * HTTP/1.1\r\nhost: x\r\n\r\n",
           "CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET /a#b HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET /\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET /a b HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET  / HTTP/1.1\r\nhost: x\r\n\r\n",
           "get / HTTP/1.1\r\nhost: x\r\n\r\n",
           " GET / HTTP/1.1\r\nhost: x\r\n\r\n",
           "GET /\r\n\r\n",                                        // HTTP/0.9
       }) {
    EXPECT_EQ(fault_of(text), HttpFault::malformed) << text;
  }
}

TEST(HttpRequestParser, RefusesATlsHelloAtItsFirstByte) {
  HttpRequestParser parser(kLimits);
  EXPECT_EQ(parser.feed(as_bytes("\x16")).state, State::failed);
}

TEST(HttpRequestParser, RefusesMalformedChunks) {
  const std::string start = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  for (const char* body :
       {"x\r\nhello\r\n0\r\n\r\n", "5\r\nhelloXX0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n"}) {
    EXPECT_EQ(fault_of(start + body), HttpFault::malformed) << body;
  }
}

TEST(HttpRequestParser, AllowsTheHeadLimitAndRefusesOneByteMore) {
  const std::string frame = "GET / HTTP/1.1\r\nhost: x\r\na: \r\n\r\n";
  auto with_size = [&](std::size_t size) {
    std::string text = frame;
    return text.insert(text.size() - 4, size - frame.size(), 'v');
  };
  EXPECT_EQ(parse_any_cut(with_size(kLimits.header_bytes)).state, State::complete);
  EXPECT_EQ(fault_of(with_size(kLimits.header_bytes + 1)), HttpFault::header_too_large);
}

TEST(HttpRequestParser, AllowsAsManyFieldsAsTheLimitAndRefusesOneMore) {
  const auto with_fields = [](int count) {
    std::string text = "GET / HTTP/1.1\r\nhost: x\r\n";
    for (int i = 1; i < count; ++i) text += "a:\r\n";
    return text + "\r\n";
  };
  EXPECT_EQ(parse_any_cut(with_fields(kMaxHeaderFields)).state, State::complete);
  EXPECT_EQ(fault_of(with_fields(kMaxHeaderFields + 1)), HttpFault::header_too_large);
}

TEST(HttpRequestParser, AllowsTheBodyLimitAndRefusesOneByteMoreBeforeTheBody) {
  const std::string start = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ";
  EXPECT_EQ(parse_any_cut(start + "100\r\n\r\n" + std::string(100, 'b')).state, State::complete);
  EXPECT_EQ(fault_of(start + "101\r\n\r\n"), HttpFault::body_too_large);
}

TEST(HttpRequestParser, CountsChunksAgainstTheBodyLimitAsTheyAreAnnounced) {
  const std::string start = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
  const std::string fifty = "32\r\n" + std::string(50, 'c') + "\r\n";
  EXPECT_EQ(parse_any_cut(start + fifty + fifty + "0\r\n\r\n").state, State::complete);
  EXPECT_EQ(fault_of(start + fifty + fifty + "1\r\nx\r\n"), HttpFault::body_too_large);
  EXPECT_EQ(fault_of(start + "ffffffff\r\n"), HttpFault::body_too_large);
  EXPECT_EQ(fault_of(start + "fffffffffffffffff\r\n"), HttpFault::malformed);
}

TEST(HttpRequestParser, AllowsTheChunkHeaderLimitAndRefusesOneByteMore) {
  auto last_chunk = [](std::size_t size) {
    const std::string frame = "0\r\nt: \r\n\r\n";
    return "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nt: " +
           std::string(size - frame.size(), 'v') + "\r\n\r\n";
  };
  EXPECT_EQ(parse_any_cut(last_chunk(kMaxChunkHeaderBytes)).state, State::complete);
  EXPECT_EQ(fault_of(last_chunk(kMaxChunkHeaderBytes + 1)), HttpFault::header_too_large);
}

TEST(HttpRequestParser, TellsOnceThatThePeerWaitsForContinue) {
  HttpRequestParser parser(kLimits);
  const std::string head =
      "POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-Continue\r\ncontent-length: 2\r\n\r\n";
  const HttpStep waiting = parser.feed(as_bytes(head));
  EXPECT_EQ(waiting.state, State::expects_continue);
  EXPECT_EQ(waiting.consumed, head.size());
  EXPECT_EQ(parser.feed(as_bytes("h")).state, State::incomplete);
  EXPECT_EQ(parser.feed(as_bytes("i")).state, State::complete);
  EXPECT_EQ(parser.take().body, "hi");
  // A peer that did not wait needs no answer.
  EXPECT_EQ(parser.feed(as_bytes(head + "hi")).state, State::complete);
}

TEST(HttpRequestParser, StartsAfreshAfterEachRequest) {
  HttpRequestParser parser(kLimits);
  const std::string two = "GET /1 HTTP/1.1\r\nhost: x\r\n\r\nGET /2 HTTP/1.1\r\nhost: x\r\n\r\n";
  EXPECT_FALSE(parser.started());
  const HttpStep first = parser.feed(as_bytes(two));
  EXPECT_TRUE(parser.started());
  EXPECT_EQ(parser.take().path, "/1");
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.feed(as_bytes(two).subspan(first.consumed)).state, State::complete);
  EXPECT_EQ(parser.take().path, "/2");
}

TEST(HttpRequestParser, StaysRefusedOnceItRefused) {
  HttpRequestParser parser(kLimits);
  parser.feed(as_bytes("\x01"));
  EXPECT_EQ(parser.feed(as_bytes("GET / HTTP/1.1\r\nhost: x\r\n\r\n")).state, State::failed);
}

struct Response {
  State state = State::incomplete;
  wire::HttpResponse response;
  bool keep_alive = false;
  std::size_t left = 0;
};

Response parse_response(std::string_view text, bool ends = false, bool head = false,
                        std::size_t piece = std::string_view::npos) {
  HttpResponseParser parser(kLimits);
  parser.expect(head);
  Response out;
  while (!text.empty() && out.state == State::incomplete) {
    const HttpStep step = parser.feed(as_bytes(text.substr(0, piece)));
    text.remove_prefix(step.consumed);
    out.state = step.state;
  }
  if (out.state == State::incomplete && ends) out.state = parser.feed_end().state;
  if (out.state == State::complete) {
    out.keep_alive = parser.keep_alive();
    out.response = parser.take();
    out.left = text.size();
  }
  return out;
}

TEST(HttpResponseParser, ReadsStatusTypeAndBody) {
  for (std::size_t piece : {1, 3, 1000}) {
    const Response r = parse_response(
        "HTTP/1.1 201 Created\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nokHTTP", false,
        false, piece);
    ASSERT_EQ(r.state, State::complete);
    EXPECT_EQ(r.response.status, 201);
    EXPECT_EQ(r.response.content_type, "a/b");
    EXPECT_EQ(r.response.header("content-type"), "a/b");
    EXPECT_EQ(r.response.body, "ok");
    EXPECT_TRUE(r.keep_alive);
    EXPECT_EQ(r.left, 4U);
  }
}

TEST(HttpResponseParser, SkipsInterimResponsesUpToALimit) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
  const std::string final_one = "HTTP/1.1 204 No Content\r\n\r\n";
  std::string text;
  for (int i = 0; i < kMaxInterimResponses; ++i) text += interim;
  const Response r = parse_response(text + final_one);
  EXPECT_EQ(r.state, State::complete);
  EXPECT_EQ(r.response.status, 204);
  EXPECT_EQ(r.response.header("link"), "");
  EXPECT_EQ(parse_response(text + interim + final_one).state, State::failed);
  EXPECT_EQ(parse_response("HTTP/1.1 101 Switching\r\n\r\n").state, State::failed);
}

TEST(HttpResponseParser, ABodyWithoutALengthEndsWithTheConnection) {
  const Response r = parse_response("HTTP/1.1 200 OK\r\n\r\nuntil the end", true);
  EXPECT_EQ(r.state, State::complete);
  EXPECT_EQ(r.response.body, "until the end");
  EXPECT_FALSE(r.keep_alive);
}

TEST(HttpResponseParser, AnEndInMidMessageIsNoMessage) {
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\n", true).state, State::failed);
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", true).state,
            State::failed);
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n", true)
                .state,
            State::failed);
}

TEST(HttpResponseParser, AnAnswerToHeadHasALengthButNoBody) {
  const Response r = parse_response("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", false, true);
  EXPECT_EQ(r.state, State::complete);
  EXPECT_EQ(r.response.body, "");
}

TEST(HttpResponseParser, RefusesABodyOverTheLimitHoweverItIsFramed) {
  const std::string big(101, 'x');
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n").state, State::failed);
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\n\r\n" + big, true).state, State::failed);
  EXPECT_EQ(
      parse_response("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n65\r\n" + big).state,
      State::failed);
}

TEST(FormatRequest, AddsHostAndLengthAndRoundTrips) {
  wire::HttpRequest request;
  request.method = "POST";
  request.path = "/a";
  request.query = "b=c";
  request.headers = {{"authorization", "Bearer x"}, {"content-length", "999"}, {"host", "evil"}};
  request.body = "body";
  const auto text = format_request(request, "example:8443");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "POST /a?b=c HTTP/1.1\r\nhost: example:8443\r\nauthorization: Bearer x\r\n"
            "content-length: 4\r\n\r\nbody");
  EXPECT_EQ(parse(*text).request.body, "body");
}

TEST(FormatRequest, RefusesWhatWouldBecomeSomethingElse) {
  auto formats = [](auto change) {
    wire::HttpRequest request;
    request.method = "GET";
    request.path = "/a";
    change(request);
    return format_request(request, "h").has_value();
  };
  EXPECT_TRUE(formats([](auto&) {}));
  EXPECT_FALSE(formats([](auto& r) { r.path = "/a b"; }));
  EXPECT_FALSE(formats([](auto& r) { r.path = "/a?b"; }));
  EXPECT_FALSE(formats([](auto& r) { r.path = "a"; }));
  EXPECT_FALSE(formats([](auto& r) { r.path = "/\r\n"; }));
  EXPECT_FALSE(formats([](auto& r) { r.query = "a\nb"; }));
  EXPECT_FALSE(formats([](auto& r) { r.method = "GET /x"; }));
  EXPECT_FALSE(formats([](auto& r) { r.headers = {{"authorization", "Bearer x\r\nevil: 1"}}; }));
  EXPECT_FALSE(formats([](auto& r) { r.headers = {{"a b", "c"}}; }));
}

TEST(FormatResponse, FramesTheBodyAndDatesTheAnswer) {
  wire::HttpResponse response;
  response.body = "{}";
  response.headers = {{"x-a", "b"}, {"connection", "keep-alive"}};
  EXPECT_EQ(format_response(response, {.date = from_unix(784111777)}),
            "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "content-type: application/json\r\ncontent-length: 2\r\nx-a: b\r\n\r\n{}");
  const auto closing = format_response(response, {.keep_alive = false});
  EXPECT_THAT(*closing, HasSubstr("connection: close\r\n"));
}

TEST(FormatResponse, LeavesTheBodyOutWhereThereMustBeNone) {
  wire::HttpResponse response;
  response.body = "{}";
  const auto head = format_response(response, {.answers_head = true});
  EXPECT_THAT(*head, HasSubstr("content-length: 2\r\n"));
  EXPECT_TRUE(head->ends_with("\r\n\r\n"));
  response.status = 204;
  const auto empty = format_response(response, {});
  EXPECT_THAT(*empty, testing::Not(HasSubstr("content-")));
  EXPECT_TRUE(empty->ends_with("\r\n\r\n"));
}

TEST(FormatResponse, RefusesALineBreakInAField) {
  wire::HttpResponse response;
  response.headers = {{"location", "/x\r\nset-cookie: evil"}};
  EXPECT_FALSE(format_response(response, {}));
}

}  // namespace
}  // namespace rap::io
