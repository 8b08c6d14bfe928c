# Installs the library, its headers, what find_package(dtenv) and pkg-config need, and the command.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

if(NOT TARGET dtenv)
  return()
endif()

install(TARGETS dtenv EXPORT dtenv_targets
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES include/dtenv/dtenv.h include/dtenv/dtenv.hpp
  DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/dtenv")

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/dtenv")
install(EXPORT dtenv_targets NAMESPACE dtenv:: FILE dtenvTargets.cmake
  DESTINATION "${package_folder}")
configure_package_config_file(cmake/dtenvConfig.cmake.in dtenvConfig.cmake
  INSTALL_DESTINATION "${package_folder}" NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(dtenvConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/dtenvConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/dtenvConfigVersion.cmake"
  DESTINATION "${package_folder}")

# The prefix is named relative to the file, so that a tree can be moved (or unpacked elsewhere).
file(RELATIVE_PATH dtenv_pc_to_prefix
  "${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" dtenv_pc_to_prefix "${dtenv_pc_to_prefix}")
configure_file(cmake/dtenv.pc.in dtenv.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/dtenv.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

if(TARGET dtenv_command)
  file(RELATIVE_PATH bin_to_lib
    "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
  set_target_properties(dtenv_command PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
  install(TARGETS dtenv_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
