# What `cmake --install` puts in place: the program, the library with its headers and its
# find_package(blip) files, and the bundled models and vocabulary where the program looks for them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(blip_package ${CMAKE_INSTALL_LIBDIR}/cmake/blip)
install(TARGETS blip blip_cli EXPORT blipTargets)
if(BLIP_TRAIN)
  install(TARGETS blip_train_cli)
  install(DIRECTORY recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/blip)
endif()
install(DIRECTORY include/blip TYPE INCLUDE FILES_MATCHING PATTERN *.hpp)
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/blip/models)
install(FILES LICENSE README.md CHANGELOG.md TYPE DOC)

install(EXPORT blipTargets NAMESPACE blip:: DESTINATION ${blip_package})
write_basic_package_version_file(blipConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/blipConfig.cmake cmake/FindoneDNN.cmake cmake/FindGnuOpenMP.cmake
              cmake/FindSentencePiece.cmake
              ${PROJECT_BINARY_DIR}/blipConfigVersion.cmake
        DESTINATION ${blip_package})
