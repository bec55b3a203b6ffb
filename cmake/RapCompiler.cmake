# Flags every target is built with.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                    -Werror=switch -Werror=return-type -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports variant + vector code at -O2 that is initialized.
  add_compile_options(-Wno-maybe-uninitialized)
  if(RAP_PRECOMPILE)
    # g++ 12 finds some in its own std::string, which it shows once that is precompiled.
    add_compile_options(-Wno-array-bounds -Wno-stringop-overflow)
    # A file that is compiled with others is a header to g++: what it has in its anonymous namespace
    # is in no other all the same.
    add_compile_options(-Wno-subobject-linkage)
    # It collects garbage each time it has grown by a megabyte or so more than what was precompiled,
    # and walks through all of that: a fifth of the time of a test. Half a gigabyte a job does.
    add_compile_options("SHELL:--param ggc-min-heapsize=524288")
  endif()
else()
  # What g++ 12's library uses of itself in its stable sort.
  add_compile_options(-Wno-deprecated-declarations)
endif()
add_compile_definitions(_GNU_SOURCE)
add_compile_options(-fstack-protector-strong -D_GLIBCXX_ASSERTIONS)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now)

if(RAP_SANITIZE)
  add_compile_options(-fsanitize=${RAP_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RAP_SANITIZE})
  # Tests that try less, or measure nothing, where everything takes ten times as long.
  add_compile_definitions(RAP_SANITIZED)
  if(RAP_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences, which g++ cannot follow, guard nothing of ours
  endif()
  if(RAP_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()

# How many times longer than on an idle machine a test may take: CI's is busy (tests/harness/wait.py
# has the same factor), and the thread sanitizer is slow.
set(RAP_PATIENCE 4)
if(RAP_SANITIZE MATCHES "thread")
  set(RAP_PATIENCE 16)
endif()

find_program(RAP_CCACHE ccache)
if(RAP_CCACHE)
  # Paths are relative to the clone, so that clones share what the cache holds. The sloppiness is
  # what ccache asks for where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR})
  if(RAP_PRECOMPILE)
    list(APPEND CMAKE_CXX_COMPILER_LAUNCHER
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-fpch-preprocess)
    else()
      add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
  list(APPEND CMAKE_CXX_COMPILER_LAUNCHER ${RAP_CCACHE})
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
endif()
find_program(RAP_MOLD mold)
if(RAP_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
