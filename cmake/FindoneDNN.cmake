# oneDNN::oneDNN. Debian's own dnnl-config.cmake insists on OpenCL headers that a CPU-only user does
# not need, so the header and the library are looked up directly.
# The header must be that of the library: pip's torch has headers of another version and no library.
find_library(oneDNN_LIBRARY dnnl)
if(oneDNN_LIBRARY)
  get_filename_component(oneDNN_directory ${oneDNN_LIBRARY} DIRECTORY)
  find_path(oneDNN_INCLUDE_DIR dnnl.h NO_DEFAULT_PATH
            PATHS ${oneDNN_directory}/../include ${oneDNN_directory}/../../include)
endif()
find_path(oneDNN_INCLUDE_DIR dnnl.h)
mark_as_advanced(oneDNN_INCLUDE_DIR oneDNN_LIBRARY)
set(oneDNN_version_header ${oneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h)
if(EXISTS ${oneDNN_version_header})
  file(STRINGS ${oneDNN_version_header} oneDNN_VERSION REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX MATCHALL "[0-9]+" oneDNN_VERSION "${oneDNN_VERSION}")
  list(JOIN oneDNN_VERSION . oneDNN_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(oneDNN REQUIRED_VARS oneDNN_LIBRARY oneDNN_INCLUDE_DIR)

if(oneDNN_FOUND AND NOT TARGET oneDNN::oneDNN)
  add_library(oneDNN::oneDNN UNKNOWN IMPORTED)
  set_target_properties(oneDNN::oneDNN PROPERTIES IMPORTED_LOCATION ${oneDNN_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${oneDNN_INCLUDE_DIR})
endif()
