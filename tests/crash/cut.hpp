// Ends this process, as kill -9 does, in the middle of what it writes: the functions through which
// a program changes files are replaced in the test program, counted, and one of them never returns.
#pragma once

#include <cstdint>

namespace rap::cut {

enum class Where : std::uint8_t {
  before,  // the operation does not happen
  half,  // the operation is a write, and half of it happens
};

// The `operation`th from now on (with `half` the `operation`th write), counted from 1, is the last.
// 0: none is, they are only counted.
void after(std::uint64_t operation, Where where = Where::before);
std::uint64_t seen(Where where);  // operations, or writes, so far

}  // namespace rap::cut
