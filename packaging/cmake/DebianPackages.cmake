# `cpack -G DEB` in the build directory makes packages for Debian: blip (the program), blip-models,
# libblip-c1 (the shared libraries) and libblip-dev.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME blip)
set(CPACK_PACKAGE_CONTACT "The blip.cpp developers <blip@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Describes images, offline, with BLIP models")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program models libraries development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION graphics)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # what ldd says, as packages of the distribution
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME blip)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
    "Captions images, answers questions about them, matches and embeds images and texts")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS blip-models)

set(CPACK_DEBIAN_MODELS_PACKAGE_NAME blip-models)
set(CPACK_DEBIAN_MODELS_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_MODELS_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_MODELS_DESCRIPTION "The small models that come with blip")

set(CPACK_DEBIAN_LIBRARIES_PACKAGE_NAME libblip-c1)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARIES_PACKAGE_RECOMMENDS blip-models)
set(CPACK_COMPONENT_LIBRARIES_DESCRIPTION "The shared libraries of blip.cpp, for C and C++")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libblip-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
# A static libblip needs what it was built with.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libblip-c1 (= ${PROJECT_VERSION}), libdnnl-dev, libvips-dev, libtiff-dev, libavif-dev, liblcms2-dev, libutf8proc-dev, libpcre2-dev, libcurl4-openssl-dev, libssl-dev, zlib1g-dev, libhwy-dev, pkg-config")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "Headers, static library, CMake and pkg-config files of blip.cpp")
include(CPack)
