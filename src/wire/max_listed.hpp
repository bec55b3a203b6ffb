// The bound of everything that the API lists, for who lists and who reads the lists.
#pragma once

#include <cstddef>

namespace rap::wire {

inline constexpr std::size_t kMaxListed = 1000;  // rows in any listing; more is a next page, or cut

}  // namespace rap::wire
