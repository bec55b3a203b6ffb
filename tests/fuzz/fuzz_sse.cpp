// The event stream: the same text gives the same events however the network cuts it, within bounds,
// and each event is read back as it is written.

#include <algorithm>
#include <vector>

#include "fuzz.hpp"
#include "wire/http/sse.hpp"

namespace {

using namespace rap;

std::vector<wire::SseEvent> read(std::string_view text, std::size_t step, bool& ok) {
  wire::SseParser parser;
  std::vector<wire::SseEvent> out;
  ok = true;
  for (std::size_t at = 0; at < text.size() && ok; at += step) {
    ok = parser.feed(text.substr(at, step), out);
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::as_text(data + 1, size - 1);
  bool whole_ok = false;
  bool cut_ok = false;
  const auto whole = read(text, text.size() + 1, whole_ok);
  const auto cut = read(text, 1 + data[0] % 16, cut_ok);
  fuzz::require(whole_ok == cut_ok && whole == cut);
  for (const wire::SseEvent& event : whole) {
    fuzz::require(event.type.size() + event.data.size() <= wire::kMaxSseEventBytes);
    bool ok = false;
    const auto written = wire::format_sse(event);
    fuzz::require(written.has_value());
    fuzz::require(read(*written, written->size(), ok) == std::vector{event});
  }
  return 0;
}
