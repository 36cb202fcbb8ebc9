# switchyard_embed_file(<library> FILE page.html VARIABLE switchyard::page HEADER "web/page.hpp")
# Adds to a library a source that defines the declared `extern const std::string_view <variable>` with the file's bytes.
# As a script (cmake -P) it writes that source.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ ${EMBED_FILE} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  file(WRITE ${EMBED_OUTPUT}
    "// Generated from a file; do not edit.\n#include \"${EMBED_HEADER}\"\n\nnamespace {\nconstexpr char bytes[] = {\n${bytes}\n};\n}\n\n"
    "constexpr std::string_view ${EMBED_VARIABLE}{bytes, sizeof bytes};\n")
  return()
endif()

set(switchyard_embed_script ${CMAKE_CURRENT_LIST_FILE})
function(switchyard_embed_file library)
  cmake_parse_arguments(ARG "" "FILE;VARIABLE;HEADER" "" ${ARGN})
  get_filename_component(file ${ARG_FILE} ABSOLUTE)
  get_filename_component(name ${ARG_FILE} NAME)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  add_custom_command(OUTPUT ${output} DEPENDS ${file} ${switchyard_embed_script}
    COMMAND ${CMAKE_COMMAND} -DEMBED_FILE=${file} -DEMBED_OUTPUT=${output} -DEMBED_VARIABLE=${ARG_VARIABLE}
      -DEMBED_HEADER=${ARG_HEADER} -P ${switchyard_embed_script}
    COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${library} PRIVATE ${output})
endfunction()
