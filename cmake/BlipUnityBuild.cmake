# blip_unity_build(TARGET): compiles the files of one directory together, eight at a time. Most of
# what a compiler does for one of our files is to read the standard library's headers and JSON's;
# this does it once for eight files. Called when all sources are listed.
#
# Files of one directory therefore see each other's anonymous namespaces: a name may be in one of
# them only.

option(BLIP_UNITY_BUILD "Compile several files together, which takes less time altogether" ON)

# Files by themselves: the kernels are compiled once for every instruction set, by including
# themselves again and again; commands each have a kFooter, an Options, a parse_options.
set(BLIP_COMPILED_SINGLY "^src/kernels/" "^src/cli/commands/")

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
    math(EXPR batch "${count_${room}} / 8")
    math(EXPR count_${room} "${count_${room}} + 1")
    set_property(SOURCE ${source} TARGET_DIRECTORY ${target} PROPERTY UNITY_GROUP ${room}_${batch})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
