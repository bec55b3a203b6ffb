// The HTTP request path: the same bytes give the same requests however the network cuts them, no
// limit is exceeded, and what was understood can be written and understood again.

#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "io/http/http_codec.hpp"

namespace {

using namespace rap;
using fuzz::require;

constexpr io::HttpLimits kLimits{512,
                                 1024};  // small, so that inputs of libFuzzer's size reach them

bool same(const wire::HttpRequest& a, const wire::HttpRequest& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.headers == b.headers &&
         a.body == b.body;
}

// Feeds the stream in pieces of at most `step` bytes, as a connection would; up to the first fault.
std::vector<wire::HttpRequest> parse(ByteView stream, std::size_t step) {
  io::HttpRequestParser parser(kLimits);
  std::vector<wire::HttpRequest> requests;
  while (!stream.empty()) {
    const ByteView piece = stream.first(std::min(step, stream.size()));
    const io::HttpStep taken = parser.feed(piece);
    require(taken.consumed <= piece.size());
    stream = stream.subspan(taken.consumed);
    switch (taken.state) {
      case io::HttpParseState::failed:
        require(parser.fault() != io::HttpFault::none);
        return requests;
      case io::HttpParseState::complete: {
        const bool last = !parser.keep_alive();
        requests.push_back(parser.take());
        require(requests.back().body.size() <= kLimits.body_bytes);
        if (last) return requests;
        break;
      }
      case io::HttpParseState::expects_continue: break;
      case io::HttpParseState::incomplete: require(taken.consumed == piece.size()); break;
    }
  }
  return requests;
}

void check_rewritten(const wire::HttpRequest& request) {
  const auto text = io::format_request(request, "example.test");
  if (!text) return;
  io::HttpRequestParser parser({64 * 1024, kLimits.body_bytes});
  const io::HttpStep taken = parser.feed(as_bytes(*text));
  require(taken.state == io::HttpParseState::complete && taken.consumed == text->size());
  const wire::HttpRequest again = parser.take();
  require(again.method == request.method && again.path == request.path &&
          again.query == request.query && again.body == request.body);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView stream(data + 1, size - 1);
  const auto whole = parse(stream, stream.size() + 1);
  const auto cut = parse(stream, 1 + data[0] % 32);
  require(std::ranges::equal(whole, cut, same));
  for (const wire::HttpRequest& request : whole) {
    check_rewritten(request);
    (void)wire::query_parameter(request.query, "state");
  }
  return 0;
}
