# Compiles files into a library, with CMake alone.
#
# blip_embed_files(TARGET DIRECTORY FILES…): a static library with the function page_files() of
# src/serve/page/files.hpp. The files' names are relative to DIRECTORY.
#
# As a script (cmake -P, at build time) it writes the source: OUTPUT, DIRECTORY, FILES (with commas).
if(CMAKE_SCRIPT_MODE_FILE)
  string(REPLACE "," ";" FILES "${FILES}")
  set(entries "")
  foreach(file IN LISTS FILES)
    file(READ ${DIRECTORY}/${file} bytes HEX)
    file(SHA256 ${DIRECTORY}/${file} digest)
    string(SUBSTRING ${digest} 0 32 digest)
    string(LENGTH "${bytes}" size)
    math(EXPR size "${size} / 2")
    # A literal ends after 64 bytes: a line of source that editors and compilers can take.
    string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
    string(REPEAT "." 256 line)
    string(REGEX REPLACE "(${line})" "\\1\"\n    \"" bytes "${bytes}")
    string(APPEND entries "  {\"${file}\",\n   std::string_view(\n    \"${bytes}\", ${size}),\n"
                          "   \"${digest}\"},\n")
  endforeach()
  file(WRITE ${OUTPUT}
       "// Made by src/serve/page/embed_files.cmake.\n#include \"serve/page/files.hpp\"\n\n"
       "namespace blip::serve {\nnamespace {\n\nconstexpr PageFile kPageFiles[] = {\n${entries}};\n\n"
       "}  // namespace\n\nstd::span<const PageFile> page_files() { return kPageFiles; }\n\n"
       "}  // namespace blip::serve\n")
  return()
endif()

set(BLIP_EMBED_FILES_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(blip_embed_files target directory)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${target}.cpp)
  list(TRANSFORM ARGN PREPEND ${directory}/ OUTPUT_VARIABLE paths)
  list(JOIN ARGN "," files)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${source} -DDIRECTORY=${directory} -DFILES=${files}
            -P ${BLIP_EMBED_FILES_SCRIPT}
    DEPENDS ${paths} ${BLIP_EMBED_FILES_SCRIPT}
    COMMENT "Embedding the files of ${target}"
    VERBATIM)
  add_library(${target} STATIC ${source})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
endfunction()
