#include "wire/http/sse.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace rap::wire {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kLineBreaks = "\r\n";
constexpr std::size_t kNamesOfFields = 32;  // with their ends of lines
constexpr std::size_t kSearchedAtOnce = 512;

// Each character is looked for by itself, which takes a fraction of looking for either; and never
// far ahead, so that many lines are not searched through for each of them.
std::size_t find_line_break(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); at += kSearchedAtOnce) {
    const std::string_view some = text.substr(at, kSearchedAtOnce);
    const std::size_t feed = some.find('\n');
    const std::size_t either = std::min(some.substr(0, feed).find('\r'), feed);
    if (either != std::string_view::npos) return at + either;
  }
  return std::string_view::npos;
}

}  // namespace

bool SseParser::feed(std::string_view text, std::vector<SseEvent>& out) {
  while (!text.empty() && !failed_) {
    if (begun_ < kByteOrderMark.size()) {
      if (text.front() == kByteOrderMark[begun_]) {
        ++begun_;
        text.remove_prefix(1);
        continue;
      }
      // What looked like the mark was a line's beginning.
      line_ = kByteOrderMark.substr(0, begun_);
      begun_ = kByteOrderMark.size();
    }
    if (std::exchange(after_return_, false) && text.front() == '\n') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = find_line_break(text);
    line_ += text.substr(0, end);
    failed_ = line_.size() + data_.size() + type_.size() + id_.size() > kMaxSseEventBytes;
    if (failed_ || end == std::string_view::npos) break;
    after_return_ = text[end] == '\r';
    text.remove_prefix(end + 1);
    end_of_line(out);
  }
  return !failed_;
}

void SseParser::end_of_line(std::vector<SseEvent>& out) {
  const std::string line = std::exchange(line_, {});
  if (line.empty()) {
    last_id_ = id_;
    std::string type = std::exchange(type_, {});
    if (data_.empty()) return;
    data_.pop_back();  // the line feed behind the last line
    out.push_back({type.empty() ? "message" : std::move(type), std::exchange(data_, {}), last_id_});
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) {
    ++comments_;
    return;
  }
  const std::string_view all = line;
  std::string_view value = colon == std::string::npos ? std::string_view{} : all.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  field(all.substr(0, colon), value);
}

void SseParser::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    data_.append(value).push_back('\n');
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::uint32_t ms = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), ms);
    if (error == std::errc{} && end == value.data() + value.size()) retry_ms_ = ms;
  }
}

std::optional<std::string> format_sse(const SseEvent& event) {
  if (event.type.find_first_of(kLineBreaks) != std::string::npos ||
      event.id.find_first_of(kLineBreaks) != std::string::npos ||
      event.id.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  std::string out;
  out.reserve(event.data.size() + event.type.size() + event.id.size() + kNamesOfFields);
  if (!event.type.empty() && event.type != "message") out += "event: " + event.type + "\n";
  if (!event.id.empty()) out += "id: " + event.id + "\n";
  std::string_view rest = event.data;
  for (;;) {
    const std::size_t end = find_line_break(rest);
    out.append("data: ").append(rest.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) break;
    const bool both = rest.substr(end).starts_with("\r\n");
    rest.remove_prefix(end + (both ? 2 : 1));
  }
  out.push_back('\n');
  return out;
}

}  // namespace rap::wire
