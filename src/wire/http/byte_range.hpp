// One range of bytes of a body (RFC 9110, 14): "bytes=0-499", "bytes=500-", "bytes=-500".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rap::wire {

struct ByteRange {
  enum class Kind : std::uint8_t {
    whole,  // no range was asked for, or one that may be ignored: other units, or several
    part,  // `first` and `count` bytes
    unsatisfiable,  // beyond the end
  };
  Kind kind = Kind::whole;
  std::size_t first = 0;
  std::size_t count = 0;
  bool operator==(const ByteRange&) const = default;
};

// `field` is the value of Range, empty when there is none; `size` that of the body.
ByteRange parse_range(std::string_view field, std::size_t size);
std::string range_field(std::size_t first, std::size_t count);  // "bytes=first-last"

// Content-Range of a part: "bytes 0-499/1234", and of a range that cannot be: "bytes */1234".
std::string content_range(const ByteRange& range, std::size_t size);
struct ContentRange {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t size = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view field);

}  // namespace rap::wire
