# What most files include is parsed once for each way of compiling: the standard headers for the
# libraries and for the programs, and gtest too for the tests at -O0 and at -O1. For libraries and
# tests there is a second form with JSON, given to the files that see it: to one that does not, it
# costs half a second. The debug build has none of this, so that `make check` finds a file that does
# not include what it uses.
set(RAP_STANDARD_HEADERS
  <algorithm> <array> <charconv> <chrono> <cstdint> <deque> <expected> <filesystem> <fstream>
  <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream> <string> <string_view>
  <thread> <unordered_map> <utility> <variant> <vector>)

# rap_precompiled_headers(): the targets that rap_use_precompiled() may name.
function(rap_precompiled_headers)
  if(NOT RAP_PRECOMPILE)
    return()
  endif()
  # What JSON instantiates, once for all files that are given it precompiled.
  add_library(rap_json STATIC ${CMAKE_SOURCE_DIR}/cmake/precompiled/json_once.cpp)
  target_link_libraries(rap_json PRIVATE nlohmann_json::nlohmann_json)
  if(RAP_FUZZ)
    rap_watch(rap_json)
  endif()
  set(nothing ${CMAKE_BINARY_DIR}/generated/nothing.cpp)
  file(CONFIGURE OUTPUT ${nothing} CONTENT "int main() {}\n")
  set(headers ${RAP_STANDARD_HEADERS})
  foreach(form "" _json)
    if(form)
      list(APPEND headers <json_once.hpp>)
    endif()
    add_library(rap_precompiled${form} OBJECT EXCLUDE_FROM_ALL ${nothing})
    rap_precompile(rap_precompiled${form} ${headers})
    if(RAP_FUZZ)
      add_library(rap_precompiled_watched${form} OBJECT EXCLUDE_FROM_ALL ${nothing})
      rap_watch(rap_precompiled_watched${form})
      rap_precompile(rap_precompiled_watched${form} ${headers})
    endif()
    # Position-independent in the way of a program, as the tests are.
    foreach(level O0 O1)
      set(target rap_precompiled_test_${level}${form})
      add_executable(${target} EXCLUDE_FROM_ALL ${nothing})
      target_link_libraries(${target} PRIVATE GTest::gtest)
      rap_quick_to_compile(${target} ${level})
      rap_precompile(${target} ${headers} <gtest/gtest.h>)
    endforeach()
  endforeach()
  add_executable(rap_precompiled_program EXCLUDE_FROM_ALL ${nothing})
  rap_precompile(rap_precompiled_program ${RAP_STANDARD_HEADERS})
  rap_find_json()
endfunction()

# rap_watch(target): libFuzzer sees which branches are taken in it.
function(rap_watch target)
  target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
endfunction()

function(rap_precompile target)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled)
  target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()

# rap_find_json(): the property RAP_JSON_FILES, every file that sees nlohmann/json.hpp, by itself or
# by a header of ours. It is looked up when the build is configured: what changes later changes how
# quick the build is, and nothing else.
function(rap_find_json)
  # The second is made by the build, and includes the first.
  set(headers nlohmann/json.hpp client/api/api_types.hpp)
  set(found "")
  while(headers)
    list(JOIN headers "|" pattern)
    execute_process(COMMAND grep -rlE "^#include [<\"](${pattern})[>\"]" src tests bench
                    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE files)
    string(REGEX MATCHALL "[^\n]+" files "${files}")
    list(REMOVE_ITEM files ${found})
    list(APPEND found ${files})
    # As their includes spell them: below src, or beside the file.
    set(headers ${files})
    list(FILTER headers INCLUDE REGEX "\\.hpp$")
    list(TRANSFORM headers REPLACE "^(src|tests/[^/]*)/" "")
  endwhile()
  list(TRANSFORM found PREPEND ${CMAKE_SOURCE_DIR}/)
  set_property(GLOBAL PROPERTY RAP_JSON_FILES ${found})
endfunction()

# rap_use_precompiled(target from): the files of the target are given the headers that `from`
# precompiles; those that see JSON, the form with JSON if there is one.
function(rap_use_precompiled target from)
  if(NOT RAP_PRECOMPILE)
    return()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${from})
  get_property(json GLOBAL PROPERTY RAP_JSON_FILES)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    if(source IN_LIST json AND TARGET ${from}_json)
      rap_use_precompiled_json(${target} ${from} ${source})
    endif()
  endforeach()
endfunction()

# rap_use_precompiled_json(target from source): this file of the target is given the form with JSON.
function(rap_use_precompiled_json target from source)
  if(NOT RAP_PRECOMPILE)
    return()
  endif()
  set(header ${CMAKE_BINARY_DIR}/CMakeFiles/${from}_json.dir/cmake_pch.hxx)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
      COMPILE_OPTIONS "-Winvalid-pch;-include;${header}" OBJECT_DEPENDS ${header}.gch)
  else()
    set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
      COMPILE_OPTIONS
      "-Xclang;-include-pch;-Xclang;${header}.pch;-Xclang;-include;-Xclang;${header}"
      OBJECT_DEPENDS ${header}.pch)
  endif()
  target_link_libraries(${target} PRIVATE rap_json)
endfunction()

# rap_compile_together(target from): the files of a target are compiled a dozen at a time, which
# halves what they cost where most of each is what all include, and are given the headers that
# `from` precompiles; with JSON if one of them sees it.
function(rap_compile_together target from)
  if(NOT RAP_PRECOMPILE)
    return()
  endif()
  get_property(json GLOBAL PROPERTY RAP_JSON_FILES)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources before)
  list(REMOVE_ITEM sources ${json})
  list(LENGTH sources after)
  if(after LESS before)
    string(APPEND from _json)
    target_link_libraries(${target} PRIVATE rap_json)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${from})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
endfunction()
