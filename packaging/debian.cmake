# Debian's packages, by cpack -G DEB: one a component (docs/packaging.md).

set(XDOMAIN_MAINTAINER "The libxdomain authors <libxdomain@example.org>" CACHE STRING
  "Who maintains the packages: name and address")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME xdomain)
set(upstream_version ${PROJECT_VERSION})
if(xdomain_prerelease)
  string(APPEND upstream_version "~${xdomain_prerelease}") # sorts before the release
endif()
set(CPACK_PACKAGE_VERSION ${upstream_version})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${XDOMAIN_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENTS_ALL)

# What Debian wants beside each package's files.
set(debian_folder ${CMAKE_CURRENT_BINARY_DIR}/debian)
file(READ ${PROJECT_SOURCE_DIR}/LICENSE licence)
string(REGEX REPLACE "^.*\n(Permission is)" "\\1" licence "${licence}")
string(REGEX REPLACE "\n+$" "" licence "${licence}")
string(REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REPLACE "\n" "\n " licence "${licence}")
string(TIMESTAMP debian_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${debian_folder}/copyright @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${debian_folder}/changelog.Debian @ONLY)

set(debian_version ${upstream_version}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(runtime_package libxdomain${PROJECT_VERSION_MAJOR})
set(same_runtime "${runtime_package} (= ${debian_version})")

set(about "libxdomain translates pictures of one domain into another, between
the latent spaces of two VAEs, and learns to do so on a CPU.")

# xdomain_debian_package(COMPONENT PACKAGE SECTION DEPENDS HOLDS)
macro(xdomain_debian_package component package section depends holds)
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${depends}")
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${about}\nThis package holds ${holds}")
  install(FILES ${debian_folder}/copyright ${debian_folder}/changelog.Debian
    DESTINATION share/doc/${package} COMPONENT ${component})
endmacro()

xdomain_debian_package(runtime ${runtime_package} libs "" "the shared library.")
# Debian asks for a trigger; cpack adds scripts that call ldconfig besides.
file(WRITE ${debian_folder}/triggers "activate-noawait ldconfig\n")
file(WRITE ${debian_folder}/shlibs
  "libxdomain ${PROJECT_VERSION_MAJOR} ${runtime_package} (>= ${upstream_version})\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${debian_folder}/triggers ${debian_folder}/shlibs)
if(XDOMAIN_WITH_OPENBLAS)
  set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS libopenblas0)
endif()

set(development_depends "${same_runtime}")
if(XDOMAIN_WITH_ZLIB)
  string(APPEND development_depends ", zlib1g-dev")
endif()
xdomain_debian_package(development libxdomain-dev libdevel "${development_depends}"
  "the headers, for C and C++, the static
library, and what pkg-config and CMake read.")

if(TARGET xdomain_onednn)
  xdomain_debian_package(onednn libxdomain-onednn libs "${same_runtime}"
    "the backend that computes by oneDNN, a plug-in.")
endif()
if(TARGET xdomain_opencl)
  xdomain_debian_package(opencl libxdomain-opencl libs "${same_runtime}"
    "the backend that computes on an OpenCL device, a plug-in.")
endif()
if(TARGET xdomain_tool)
  xdomain_debian_package(tool xdomain graphics "${same_runtime}"
    "the tool, which trains, applies, scores and
inspects models.")
  set(CPACK_DEBIAN_TOOL_PACKAGE_SUGGESTS "libvips42")
endif()
if(TARGET xdomain_gegl)
  xdomain_debian_package(gegl gegl-xdomain graphics "${same_runtime}"
    "the operation xdomain:translate, for GIMP and the gegl tool.")
endif()
if(TARGET xdomain_gimp)
  xdomain_debian_package(gimp gimp-xdomain graphics "gegl-xdomain (= ${debian_version}), gimp"
    "the procedure by which GIMP's scripts call the
GEGL operation.")
endif()
if(TARGET xdomain_vips)
  xdomain_debian_package(vips libvips-xdomain graphics "${same_runtime}"
    "the operation xdomain_translate, a module of libvips.")
endif()

include(CPack)
