// The bound of everything that is listed.
#pragma once

#include <cstddef>

namespace rap::control {

inline constexpr std::size_t kMaxListed = 1000;  // rows in any listing

}  // namespace rap::control
