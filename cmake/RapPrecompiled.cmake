# What most files include is parsed once for each way of compiling: the standard headers for the
# libraries, and gtest too for the tests at -O0 and at -O1. JSON is not among them: it costs every
# file that is given it half a second. The debug build has none of this, so that `make check` finds
# a file that does not include what it uses.
set(RAP_STANDARD_HEADERS
  <algorithm> <array> <charconv> <chrono> <cstdint> <deque> <expected> <filesystem> <fstream>
  <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream> <string> <string_view>
  <thread> <unordered_map> <utility> <variant> <vector>)

# rap_precompiled_headers(): the targets that rap_use_precompiled() may name.
function(rap_precompiled_headers)
  if(NOT RAP_PRECOMPILE)
    return()
  endif()
  set(nothing ${CMAKE_BINARY_DIR}/generated/nothing.cpp)
  file(CONFIGURE OUTPUT ${nothing} CONTENT "int main() {}\n")
  add_library(rap_precompiled OBJECT ${nothing})
  target_precompile_headers(rap_precompiled PRIVATE ${RAP_STANDARD_HEADERS})
  foreach(level O0 O1)
    # Position-independent in the way of a program, as the tests are.
    set(target rap_precompiled_test_${level})
    add_executable(${target} EXCLUDE_FROM_ALL ${nothing})
    target_link_libraries(${target} PRIVATE GTest::gtest)
    rap_quick_to_compile(${target} ${level})
    target_precompile_headers(${target} PRIVATE ${RAP_STANDARD_HEADERS} <gtest/gtest.h>)
  endforeach()
endfunction()

# rap_use_precompiled(target from): the target is given the headers that `from` precompiles.
function(rap_use_precompiled target from)
  if(RAP_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()
