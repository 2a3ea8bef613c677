# What `cmake --install` puts in place: the program, the libraries with their headers and their
# find_package(blip) and pkg-config files, and the bundled models and vocabulary where the program looks for them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(blip_package ${CMAKE_INSTALL_LIBDIR}/cmake/blip)
# Components are the packages of cmake/BlipPackages.cmake.
# The program is a target of its own file, which is where the program is: libblip-dev does without.
install(TARGETS blip_cli EXPORT blipProgramTargets RUNTIME COMPONENT program)
install(TARGETS blip EXPORT blipTargets
        LIBRARY COMPONENT libraries NAMELINK_COMPONENT development ARCHIVE COMPONENT development)
install(TARGETS blip_c EXPORT blipTargets
        LIBRARY COMPONENT libraries NAMELINK_COMPONENT development)
if(BLIP_TRAIN)
  install(TARGETS blip_train_cli COMPONENT program)
  install(DIRECTORY recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/blip COMPONENT program)
endif()
install(DIRECTORY include/blip TYPE INCLUDE COMPONENT development FILES_MATCHING PATTERN *.hpp)
install(FILES include/blip.h TYPE INCLUDE COMPONENT development)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/blip/models COMPONENT models)
install(FILES LICENSE README.md CHANGELOG.md TYPE DOC COMPONENT program)

install(EXPORT blipTargets NAMESPACE blip:: DESTINATION ${blip_package}
        COMPONENT development)
install(EXPORT blipProgramTargets NAMESPACE blip:: DESTINATION ${blip_package}
        COMPONENT program)
write_basic_package_version_file(blipConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/blipConfig.cmake cmake/FindoneDNN.cmake cmake/FindGnuOpenMP.cmake
              ${PROJECT_BINARY_DIR}/blipConfigVersion.cmake
        DESTINATION ${blip_package} COMPONENT development)

# pkg-config: blip_c is one shared library; blip, in C++, needs what it was built with if it is static.
set(blip_private_packages "vips libtiff-4 libavif lcms2 libhwy libutf8proc libpcre2-8 libcurl libcrypto zlib")
# Relative, so that the tree may be installed or moved anywhere.
file(RELATIVE_PATH blip_prefix_of_pkgconfig /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
foreach(package blip blip_c)
  configure_file(cmake/${package}.pc.in ${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT development)
endforeach()

# Man pages and completions, from what the program says of itself.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_Interpreter_FOUND)
  set(documents ${PROJECT_BINARY_DIR}/command_documents)
  add_custom_command(
    OUTPUT ${documents}/man1/blip.1
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/command_documents.py
            $<TARGET_FILE:blip_cli> ${documents}
    DEPENDS blip_cli tools/command_documents.py VERBATIM)
  add_custom_target(command_documents ALL DEPENDS ${documents}/man1/blip.1)
  install(DIRECTORY ${documents}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
  install(FILES ${documents}/bash/blip COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${documents}/zsh/_blip COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
  install(FILES ${documents}/fish/blip.fish COMPONENT program
          DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

include(BlipPackages)
