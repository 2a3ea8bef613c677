# blip_unity_build(TARGET): compiles the files of one directory together, up to 24 at a time. Most of
# what a compiler does for one of our files is to read the standard library's headers and JSON's;
# this does it once for all of them. Called when all sources are listed.
#
# Files of one directory therefore see each other's anonymous namespaces: a name may be in one of
# them only.

option(BLIP_UNITY_BUILD "Compile several files together, which takes less time altogether" ON)

# Files by themselves: the kernels are compiled once for every instruction set, by including
# themselves again and again. And the file with Beast, which takes as long as all others of its
# directory.
set(BLIP_COMPILED_SINGLY "^src/kernels/" "^src/serve/http/request_parser")

function(blip_unity_build target)
  if(NOT BLIP_UNITY_BUILD)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  get_target_property(directory ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${directory} NORMALIZE)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE path)
    set(singly OFF)
    foreach(pattern IN LISTS BLIP_COMPILED_SINGLY)
      if(path MATCHES "${pattern}")
        set(singly ON)
      endif()
    endforeach()
    file(STRINGS ${source} several_targets LIMIT_COUNT 1 REGEX "HWY_TARGET_INCLUDE")
    if(singly OR several_targets)
      set_property(SOURCE ${source} TARGET_DIRECTORY ${target}
                   PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
      continue()
    endif()
    cmake_path(GET path PARENT_PATH room)
    string(MAKE_C_IDENTIFIER ${room} room)
    if(NOT DEFINED count_${room})
      set(count_${room} 0)
    endif()
    math(EXPR batch "${count_${room}} / 24")
    math(EXPR count_${room} "${count_${room}} + 1")
    set_property(SOURCE ${source} TARGET_DIRECTORY ${target} PROPERTY UNITY_GROUP ${room}_${batch})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# GCC 12 sees impossible lengths in std::string's own code, which it reports as ours when the header
# is precompiled. Builds without precompiled headers (the preset lint) keep the warnings.
add_library(blip_precompiled_header_options INTERFACE)
target_compile_options(blip_precompiled_header_options INTERFACE
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-array-bounds>")

# blip_precompile_headers(TARGET [REUSE_FROM OTHER]): reads the headers that most files include, JSON's above all, once
# for the target. The kernels, which include few of them, are left alone. For ccache to keep such
# objects, its option `sloppiness` must have pch_defines and time_macros.
# Not with `hash_dir=false`: GCC 12 crashes on a precompiled header from another directory.
function(blip_precompile_headers target)
  if(NOT BLIP_UNITY_BUILD)
    return()
  endif()
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:blip_precompiled_header_options>)
  # What is reused has to be compiled alike, and the C library has some of it in it.
  target_compile_options(${target} PRIVATE -fPIC)
  if(ARGN)  # REUSE_FROM another target, which is compiled with the same options
    target_precompile_headers(${target} ${ARGN})
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <cstddef> <cstdint> <exception> <filesystem> <fstream> <functional> <map>
    <memory> <mutex> <nlohmann/json.hpp> <optional> <span> <stop_token> <string> <string_view>
    <system_error> <thread> <utility> <variant> <vector>)
  get_target_property(sources ${target} SOURCES)
  get_target_property(directory ${target} SOURCE_DIR)
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${directory} NORMALIZE)
    if(source MATCHES "/src/kernels/")
      set_property(SOURCE ${source} TARGET_DIRECTORY ${target}
                   PROPERTY SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()

# blip_optimize_little(TARGET): for code that runs once per file or per image beside a model that
# takes thousands of times as long. Compiling it at -O3 takes a quarter longer.
function(blip_optimize_little target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()
