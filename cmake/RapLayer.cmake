# rap_quick_to_compile(test level): what a test says itself is run once, so that in a release build
# optimizing it costs more than it saves; what it tests is optimized in its library. The level is
# O0, or O1 for tests that try cases by the thousand: templates that they share with a library are
# linked from the test's objects.
function(rap_quick_to_compile test level)
  target_compile_options(${test} PRIVATE
    # _FORTIFY_SOURCE needs an optimizer.
    "$<$<CONFIG:RelWithDebInfo>:SHELL:-${level} -g0 -U_FORTIFY_SOURCE>")
endfunction()

# rap_layer(name [USES layer...] [LINKS library...] [THOROUGH_TESTS])
#   Library rap_<name> from src/<name>/*.cpp, and rap_<name>_test from its *_test.cpp files and the
#   test_*.cpp that these share.
#   THOROUGH_TESTS: they try cases by the thousand.
function(rap_layer name)
  cmake_parse_arguments(ARG "THOROUGH_TESTS" "" "USES;LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "/(test_[^/]*|[^/]*_test)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "/(test_[^/]*|[^/]*_test)\\.cpp$")
  list(TRANSFORM ARG_USES PREPEND rap_)
  if(sources)
    add_library(rap_${name} STATIC ${sources})
    target_include_directories(rap_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(rap_${name} PUBLIC ${ARG_USES} ${ARG_LINKS})
  else()
    add_library(rap_${name} INTERFACE)
    target_include_directories(rap_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(rap_${name} INTERFACE ${ARG_USES} ${ARG_LINKS})
  endif()
  set(level O0)
  if(ARG_THOROUGH_TESTS)
    set(level O1)
  endif()
  if(tests)
    add_executable(rap_${name}_test ${tests})
    target_link_libraries(rap_${name}_test PRIVATE rap_${name} GTest::gmock GTest::gtest_main)
    rap_quick_to_compile(rap_${name}_test ${level})
    target_compile_definitions(rap_${name}_test PRIVATE
      RAP_SOURCE_DIR="${CMAKE_SOURCE_DIR}" RAP_VECTORS_DIR="${CMAKE_SOURCE_DIR}/tests/vectors")
    add_test(NAME unit.${name} COMMAND rap_${name}_test)
    math(EXPR timeout "600 * ${RAP_PATIENCE}")
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT ${timeout})
  endif()
endfunction()

# rap_program(name LAYERS layer...): the program apps/<name>/, placed in <build>/bin.
function(rap_program name)
  cmake_parse_arguments(ARG "" "" "LAYERS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM ARG_LAYERS PREPEND rap_)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_LAYERS} CLI11::CLI11)
  target_compile_definitions(${name} PRIVATE RAP_VERSION="${PROJECT_VERSION}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# rap_manual(program words...): the page the program prints of itself, in <build>/man/man1.
function(rap_manual name)
  if(NOT TARGET ${name})
    return()
  endif()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man/man1)
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
    COMMAND $<TARGET_FILE:${name}> ${ARGN} > ${CMAKE_BINARY_DIR}/man/man1/${name}.1)
endfunction()
