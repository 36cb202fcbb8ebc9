# Build rules shared by every folder.

option(SWITCHYARD_SANITIZE "address;undefined or thread" "")
option(SWITCHYARD_UNITY "Compile neighbouring files of a library as one" OFF)
option(SWITCHYARD_FUZZ "Build the fuzz targets (clang only; preset fuzz)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)   # GCC 12 sees ghosts in inlined std::string (PR 105651)
  if(SWITCHYARD_UNITY)
    add_compile_options(-Wno-subobject-linkage)               # it takes an included .cpp for a header
  endif()
endif()
add_compile_options(-fno-plt -ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections)
if(SWITCHYARD_SANITIZE)
  string(REPLACE ";" "," sanitizers "${SWITCHYARD_SANITIZE}")
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizers})
  if(sanitizers MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    if(SWITCHYARD_FUZZ)
      # What numbers are compared with is not watched: a third of the time for texts' sake, whose comparisons libFuzzer sees anyway.
      add_compile_options(-fno-sanitize-coverage=trace-cmp)
    else()
      add_compile_options(-fno-sanitize=null)   # a CAF 0.17 header forms a null reference in unevaluated code
    endif()
  endif()
endif()

# With SWITCHYARD_UNITY eight neighbours of the list are compiled as one. ALONE: files whose private names collide with another's.
function(switchyard_eight_at_a_time target)
  cmake_parse_arguments(ARG "" "" "SOURCES;ALONE" ${ARGN})
  if(NOT SWITCHYARD_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set(place 0)
  foreach(source IN LISTS ARG_SOURCES)
    if(NOT source IN_LIST ARG_ALONE)
      math(EXPR group "${place} / 8")
      math(EXPR place "${place} + 1")
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${target}_${group})
    endif()
  endforeach()
endfunction()

# switchyard_library(<folder> SOURCES a.cpp ... [LINK lib ...] [PCH <header> ...] [ALONE a.cpp ...])
# One static library per folder; other folders include its headers as "<folder>/x.hpp". ALONE: see above.
function(switchyard_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK;PCH;ALONE" ${ARGN})
  if(NOT ARG_SOURCES)
    add_library(sy_${name} INTERFACE)
    target_include_directories(sy_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(sy_${name} INTERFACE ${ARG_LINK})
    return()
  endif()
  add_library(sy_${name} STATIC ${ARG_SOURCES})
  target_include_directories(sy_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(sy_${name} PUBLIC ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  if(ARG_PCH)
    target_precompile_headers(sy_${name} PRIVATE ${ARG_PCH})
  endif()
  switchyard_eight_at_a_time(sy_${name} SOURCES ${ARG_SOURCES} ALONE ${ARG_ALONE})
endfunction()

# What the sanitizers read when tests run; harmless to programs built without them.
set(switchyard_sanitizer_environment
  "ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp:second_deadlock_stack=1")

# What every test includes, compiled once. Tests say little per line: optimising them costs more than it saves.
function(switchyard_test_options program)
  if(NOT TARGET sy_test_headers)
    add_library(sy_test_headers OBJECT EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/support/empty.cpp)
    target_compile_definitions(sy_test_headers PRIVATE BOOST_TEST_DYN_LINK SWITCHYARD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_compile_options(sy_test_headers PRIVATE -O0)
    target_link_libraries(sy_test_headers PRIVATE Boost::unit_test_framework Threads::Threads)
    target_precompile_headers(sy_test_headers PRIVATE <boost/test/unit_test.hpp> <chrono> <map> <memory> <optional> <string> <vector>)
  endif()
  # main() comes out of Boost.Test's header, differently asked for.
  set_source_files_properties(${CMAKE_SOURCE_DIR}/tests/support/test_main.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_compile_definitions(${program} PRIVATE BOOST_TEST_DYN_LINK SWITCHYARD_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${program} PRIVATE -O0)
  target_link_libraries(${program} PRIVATE Boost::unit_test_framework Threads::Threads)
  target_precompile_headers(${program} REUSE_FROM sy_test_headers)
endfunction()

# switchyard_test(<folder> SOURCES x_test.cpp ... [LINK lib ...] [ALONE x_test.cpp ...] [ONE_THREAD] [RELEASE_ONLY])
# One Boost.Test program per folder, one ctest entry each. ONE_THREAD: what it tests knows no threads, so ThreadSanitizer has nothing to say.
# RELEASE_ONLY: it is about many rounds of code that other tests show to the sanitizers.
function(switchyard_test name)
  cmake_parse_arguments(ARG "ONE_THREAD;RELEASE_ONLY" "" "SOURCES;LINK;ALONE" ${ARGN})
  if((ARG_ONE_THREAD AND SWITCHYARD_SANITIZE STREQUAL thread) OR (ARG_RELEASE_ONLY AND SWITCHYARD_SANITIZE))
    return()
  endif()
  add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/support/test_main.cpp ${ARG_SOURCES})
  target_link_libraries(test_${name} PRIVATE sy_${name} ${ARG_LINK})
  switchyard_test_options(test_${name})
  switchyard_eight_at_a_time(test_${name} SOURCES ${ARG_SOURCES} ALONE ${ARG_ALONE})
  set_target_properties(test_${name} PROPERTIES SWITCHYARD_ONE_THREAD ${ARG_ONE_THREAD} SWITCHYARD_RELEASE_ONLY ${ARG_RELEASE_ONLY})
  add_test(NAME ${name} COMMAND test_${name} --color_output=no)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300 FIXTURES_REQUIRED release ENVIRONMENT "${switchyard_sanitizer_environment}")
endfunction()
