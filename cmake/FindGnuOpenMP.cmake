# GnuOpenMP::GnuOpenMP, whatever the compiler. Debian builds oneDNN with GNU's OpenMP runtime; the
# library tells that runtime how many threads to use, so it must link the same one. Clang's own
# would be a second runtime that oneDNN never listens to.
set(gnu_directories ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
list(FILTER gnu_directories INCLUDE REGEX "/gcc/")
find_library(GnuOpenMP_LIBRARY NAMES gomp libgomp.so.1 HINTS ${gnu_directories})
mark_as_advanced(GnuOpenMP_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(GnuOpenMP REQUIRED_VARS GnuOpenMP_LIBRARY)

if(GnuOpenMP_FOUND AND NOT TARGET GnuOpenMP::GnuOpenMP)
  add_library(GnuOpenMP::GnuOpenMP UNKNOWN IMPORTED)
  set_target_properties(GnuOpenMP::GnuOpenMP PROPERTIES IMPORTED_LOCATION ${GnuOpenMP_LIBRARY})
endif()
