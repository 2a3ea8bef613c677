# What `cmake --install` puts in place: the program, the libraries with their headers and their
# find_package(blip) and pkg-config files, and the bundled models and vocabulary where the program looks for them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(blip_package ${CMAKE_INSTALL_LIBDIR}/cmake/blip)
install(TARGETS blip blip_c blip_cli EXPORT blipTargets)
if(BLIP_TRAIN)
  install(TARGETS blip_train_cli)
  install(DIRECTORY recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/blip)
endif()
install(DIRECTORY include/blip TYPE INCLUDE FILES_MATCHING PATTERN *.hpp)
install(FILES include/blip.h TYPE INCLUDE)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/blip/models)
install(FILES LICENSE README.md CHANGELOG.md TYPE DOC)

install(EXPORT blipTargets NAMESPACE blip:: DESTINATION ${blip_package})
write_basic_package_version_file(blipConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/blipConfig.cmake cmake/FindoneDNN.cmake cmake/FindGnuOpenMP.cmake
              ${PROJECT_BINARY_DIR}/blipConfigVersion.cmake
        DESTINATION ${blip_package})

# pkg-config: blip_c is one shared library; blip, in C++, needs what it was built with if it is static.
set(blip_private_packages "vips libtiff-4 libavif lcms2 libhwy libutf8proc libpcre2-8 libcurl libcrypto zlib")
foreach(package blip blip_c)
  configure_file(cmake/${package}.pc.in ${package}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${package}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
