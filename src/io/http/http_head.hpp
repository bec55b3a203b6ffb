// Gathers the head of an HTTP message: the start line and fields up to the empty line. Looks at
// every byte once as it comes, so that nonsense is refused at its first byte and not at a timeout.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace rap::io {

// A field of four bytes costs two hundred once it is parsed, twice: so fields are counted too, and
// not their bytes alone. Browsers and proxies send some thirty.
inline constexpr int kMaxHeaderFields = 100;

class HttpHead {
 public:
  enum class State : std::uint8_t { incomplete, complete, malformed, too_large };

  explicit HttpHead(std::size_t limit) : limit_(limit) {}

  // Takes bytes off the front of `data`; all of them unless the head becomes complete.
  State feed(ByteView& data);
  bool started() const { return complete_ || !text_.empty(); }
  const std::string& text() const { return text_; }
  void drop_text();  // of a complete head, which was parsed; it stays complete
  void clear();

 private:
  bool accept(char c);

  std::size_t limit_;
  std::string text_;
  int blank_bytes_ = 0;
  int lines_ = 0;  // that are whole
  bool at_line_start_ = true;
  bool complete_ = false;
};

}  // namespace rap::io
