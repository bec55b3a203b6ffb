#include "io/http/http_head.hpp"

namespace rap::io {
namespace {

// A robust server skips an empty line before a request (RFC 9112 §2.2): two, but not a flood.
constexpr int kMaxBlankBytes = 4;

bool is_control(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u < 0x20 && c != '\t') || u == 0x7f;
}

}  // namespace

// Returns false when `c` cannot follow what is there.
bool HttpHead::accept(char c) {
  const char before = text_.empty() ? '\0' : text_.back();
  if (before == '\r' && c != '\n') return false;
  if (c == '\n') {
    if (before != '\r') return false;
    complete_ = at_line_start_;
    at_line_start_ = true;
    ++lines_;
  } else if (c != '\r') {
    // A line that begins with white space continues the one before it (obs-fold), or is a request
    // line that begins with nothing.
    if (is_control(c) || (at_line_start_ && (c == ' ' || c == '\t'))) return false;
    at_line_start_ = false;
  }
  text_.push_back(c);
  return true;
}

HttpHead::State HttpHead::feed(ByteView& data) {
  while (!data.empty()) {
    const char c = static_cast<char>(data[0]);
    data = data.subspan(1);
    if (text_.empty() && (c == '\r' || c == '\n')) {
      if (++blank_bytes_ > kMaxBlankBytes) return State::malformed;
      continue;
    }
    if (text_.size() >= limit_) return State::too_large;
    if (!accept(c)) return State::malformed;
    if (complete_) return State::complete;
    if (lines_ > 1 + kMaxHeaderFields) return State::too_large;
  }
  return State::incomplete;
}

void HttpHead::drop_text() { std::string().swap(text_); }

void HttpHead::clear() {
  drop_text();
  blank_bytes_ = 0;
  lines_ = 0;
  at_line_start_ = true;
  complete_ = false;
}

}  // namespace rap::io
