# rap_quick_to_compile(test level): what a test says itself is run once, so that optimizing it costs
# more than it saves, twice as much with sanitizers; what it tests is optimized in its library. The
# level is O0, or O1 for tests that try cases by the thousand: templates that they share with a
# library are linked from the test's objects.
function(rap_quick_to_compile test level)
  target_compile_options(${test} PRIVATE
    # _FORTIFY_SOURCE needs an optimizer.
    "$<$<CONFIG:RelWithDebInfo>:SHELL:-${level} -g0 -U_FORTIFY_SOURCE>")
  if(RAP_SANITIZE)
    # A report names a test's functions without their lines; of what is tested it has both.
    target_compile_options(${test} PRIVATE -${level} -g0)
  endif()
endfunction()

# A test that was skipped, wholly or in part, is reported as skipped and never as passed, unless
# something failed: what gtest and unittest print of it at the end (tests/layers/test_skips.py
# plants some). ctest lets a skip win over the exit status, so nothing may stand behind it.
set(RAP_SKIPPED "\\[  SKIPPED \\] [^\n]*\n$|OK \\(.*skipped=")

# What takes most of a minute in one of the builds, or more, the longest first.
set(RAP_LONGEST
  control sim.fixed_seeds unit.sim integration.resumable_flows
  unit.snapshot.configuration lab.channel_validation integration.lies unit.sim.routes
  integration.database_crash lab.two_egresses integration.ssh_drop_in
  unit.crypto.x509.validation integration.backup integration.siege integration.slow_readers
  integration.tools_over_ssh unit.node.router integration.demo integration.accounts
  integration.postgres_away integration.revocation integration.delta_channel
  integration.trust_rotation integration.endurance sim.routes integration.forgotten_connections
  unit.control.backup)

# rap_start_early(test...): ctest starts the longest first, since one that began last would be
# waited for with the other cores idle. It learns itself how long each takes, but not before a
# clean build's first run.
function(rap_start_early)
  list(LENGTH RAP_LONGEST cost)
  foreach(test IN LISTS RAP_LONGEST)
    if(test IN_LIST ARGN)
      set_tests_properties(${test} PROPERTIES COST ${cost})
    endif()
    math(EXPR cost "${cost} - 1")
  endforeach()
endfunction()

# rap_test(name LAYERS library... SOURCES file... [LEVEL O0|O1]): the test program rap_<name>_test.
function(rap_test name)
  cmake_parse_arguments(ARG "" "LEVEL" "LAYERS;SOURCES" ${ARGN})
  set(test rap_${name}_test)
  add_executable(${test} ${ARG_SOURCES})
  target_link_libraries(${test} PRIVATE ${ARG_LAYERS} GTest::gmock GTest::gtest_main)
  rap_quick_to_compile(${test} ${ARG_LEVEL})
  rap_compile_together(${test} rap_precompiled_test_${ARG_LEVEL})
  target_compile_definitions(${test} PRIVATE
    RAP_SOURCE_DIR="${CMAKE_SOURCE_DIR}" RAP_VECTORS_DIR="${CMAKE_SOURCE_DIR}/tests/vectors"
    RAP_VERSION="${PROJECT_VERSION}" RAP_PATIENCE=${RAP_PATIENCE})
endfunction()

# rap_layers(file): for each room that the file states (src/layers.txt has the columns) the library
# rap_<room>, with _ for /, and the test program rap_<room>_test from its *_test.cpp files and the
# test_*.cpp that these share, which ctest knows as unit.<room>, with . for /.
function(rap_layers file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^[^#]")
  set(rooms "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^[a-z0-9_/]+" room "${line}")
    list(APPEND rooms ${room})
  endforeach()
  rap_find_watched("${lines}")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|" fields "${line}")
    string(STRIP "${CMAKE_MATCH_1}" room)
    string(STRIP "${CMAKE_MATCH_3}" uses)
    string(STRIP "${CMAKE_MATCH_4}" links)
    string(STRIP "${CMAKE_MATCH_5}" test)
    string(REPLACE "/" "_" uses "${uses}")
    separate_arguments(uses)
    string(REPLACE "/" "_" test "${test}")
    separate_arguments(test)
    list(TRANSFORM uses PREPEND rap_)
    string(CONFIGURE "${links}" links)
    separate_arguments(links)
    set(inner ${rooms})
    list(FILTER inner INCLUDE REGEX "^${room}/")
    rap_room(${room} "${inner}" "${uses};${links}" "${test}")
  endforeach()
endfunction()

# rap_find_watched(lines): the property RAP_WATCHED, the rooms in which libFuzzer is to see which
# branches an input takes: those of RAP_FUZZED and what they use, but for rooms that do I/O, into
# which no input goes. All others are spared the counting, which costs each branch and each
# comparison something, at every run and when it is compiled.
function(rap_find_watched lines)
  set(watched ${RAP_FUZZED})
  set(shells "")
  list(REVERSE lines)  # who is used stands above
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z0-9_/]+) *\\| *([a-z]+) *\\|([^|]*)\\|" fields "${line}")
    set(room ${CMAKE_MATCH_1})
    set(kind ${CMAKE_MATCH_2})
    separate_arguments(uses UNIX_COMMAND "${CMAKE_MATCH_3}")
    if(kind STREQUAL "shell" AND NOT room IN_LIST RAP_FUZZED)
      list(APPEND shells ${room})
    elseif(room IN_LIST watched)
      list(APPEND watched ${uses})
    endif()
  endforeach()
  list(REMOVE_ITEM watched ${shells})
  list(REMOVE_DUPLICATES watched)
  set_property(GLOBAL PROPERTY RAP_WATCHED ${watched})
endfunction()

function(rap_room room inner links test)
  string(REPLACE "/" "_" name ${room})
  string(REPLACE "/" "." dotted ${room})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${room}/*.cpp)
  foreach(other IN LISTS inner)
    list(FILTER sources EXCLUDE REGEX "^${CMAKE_SOURCE_DIR}/src/${other}/")
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "/(test_[^/]*|[^/]*_test)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "/(test_[^/]*|[^/]*_test)\\.cpp$")
  if(sources)
    add_library(rap_${name} STATIC ${sources})
    get_property(watched GLOBAL PROPERTY RAP_WATCHED)
    if(RAP_FUZZ AND room IN_LIST watched)
      rap_watch(rap_${name})
      rap_compile_together(rap_${name} rap_precompiled_watched)
    else()
      rap_compile_together(rap_${name} rap_precompiled)
    endif()
    set(scope PUBLIC)
  else()
    add_library(rap_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(rap_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(rap_${name} ${scope} ${links})
  if(NOT tests)
    return()
  endif()
  set(level O0)
  if("thorough" IN_LIST test)
    set(level O1)
    list(REMOVE_ITEM test thorough)
  endif()
  list(TRANSFORM test PREPEND rap_)
  rap_test(${name} LAYERS rap_${name} ${test} SOURCES ${tests} LEVEL ${level})
  add_test(NAME unit.${dotted} COMMAND rap_${name}_test)
  math(EXPR timeout "300 * ${RAP_PATIENCE}")
  set_tests_properties(unit.${dotted} PROPERTIES LABELS unit TIMEOUT ${timeout}
                       SKIP_REGULAR_EXPRESSION "${RAP_SKIPPED}")
  rap_start_early(unit.${dotted})
endfunction()

# rap_program(name LAYERS room...): the program apps/<name>/, placed in <build>/bin.
function(rap_program name)
  cmake_parse_arguments(ARG "" "" "LAYERS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/${name}/*.cpp)
  list(TRANSFORM ARG_LAYERS REPLACE "/" "_")
  list(TRANSFORM ARG_LAYERS PREPEND rap_)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_LAYERS} CLI11::CLI11)
  rap_use_precompiled(${name} rap_precompiled_program)
  target_compile_definitions(${name} PRIVATE RAP_VERSION="${PROJECT_VERSION}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# rap_manual(program words...): the page the program prints of itself, in <build>/man/man1.
function(rap_manual name)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man/man1)
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
    COMMAND $<TARGET_FILE:${name}> ${ARGN} > ${CMAKE_BINARY_DIR}/man/man1/${name}.1)
endfunction()
