// Well-formed UTF-8 (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace rap {

// The length of the well-formed sequence at the start of s, which is not empty; 0 when there is
// none.
std::size_t utf8_length(std::string_view s);
bool is_utf8(std::string_view s);

}  // namespace rap
