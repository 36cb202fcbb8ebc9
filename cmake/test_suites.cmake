# The unit tests as one target and as three suites, the house check, and the end-to-end tests.

# switchyard_collect_unit_tests(<folder> <variable>)
# Every test_* program below a folder that is part of the build.
function(switchyard_collect_unit_tests folder out)
  get_property(programs DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  list(FILTER programs INCLUDE REGEX "^test_")
  get_property(children DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(child IN LISTS children)
    switchyard_collect_unit_tests(${child} below)
    list(APPEND programs ${below})
  endforeach()
  set(${out} ${programs} PARENT_SCOPE)
endfunction()

# Once every folder was read: target `unit_tests` builds all unit tests. The release tree also lists the unit tests of the
# sanitizer trees, for `ctest -C everything` after those were built (./test does), so that one summary tells all.
function(switchyard_finish_test_suites)
  switchyard_collect_unit_tests(${CMAKE_SOURCE_DIR} programs)
  add_custom_target(unit_tests DEPENDS ${programs})
  if(SWITCHYARD_SANITIZE)
    return()
  endif()
  foreach(suite dev tsan)
    foreach(program IN LISTS programs)
      string(REPLACE test_ ${suite}. name ${program})
      set(command ${CMAKE_SOURCE_DIR}/build/${suite}/bin/${program} --color_output=no)
      if(name STREQUAL tsan.actors)
        continue()   # Debian's CAF is not instrumented: every message would look like a race. What threads share is tested without it.
      endif()
      if(suite STREQUAL tsan)
        list(PREPEND command ${CMAKE_SOURCE_DIR}/tools/dev/without_aslr)
      endif()
      add_test(NAME ${name} CONFIGURATIONS everything COMMAND ${command})
      set_tests_properties(${name} PROPERTIES LABELS ${suite} TIMEOUT 600
        ENVIRONMENT "${switchyard_sanitizer_environment}")
    endforeach()
  endforeach()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL switchyard_finish_test_suites)
