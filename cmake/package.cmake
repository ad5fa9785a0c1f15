# `cmake --install`, and `cpack -G DEB`: the package for Debian 12. Of programs those of a node; headroom-lab is for those who develop.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)   # where the units look
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "" FORCE)
endif()
include(GNUInstallDirs)
install(TARGETS headroomd headroom-guard DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS headroomctl DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES systemd/headroomd.service systemd/headroom-guard.service DESTINATION lib/systemd/system)
install(FILES systemd/50-headroom.preset DESTINATION lib/systemd/system-preset)
install(FILES systemd/headroom.tmpfiles DESTINATION lib/tmpfiles.d RENAME headroom.conf)
install(FILES systemd/headroom.yaml DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/headroom)
install(FILES deploy/debian/copyright examples/embedded.yaml docs/headroom.schema.json DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME changelog)
install(DIRECTORY ${PAGES}/man ${PAGES}/bash-completion ${PAGES}/fish DESTINATION ${CMAKE_INSTALL_DATADIR} PATTERN "headroom-lab*" EXCLUDE)
install(DIRECTORY ${PAGES}/zsh/site-functions/ DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions PATTERN "_headroom-lab" EXCLUDE)
install(CODE [[
  set(share "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share")
  file(GLOB texts "${share}/man/man*/headroom*.[158]" "${share}/doc/headroom/changelog")
  execute_process(COMMAND gzip -9nf ${texts} COMMAND_ERROR_IS_FATAL ANY)]])

set(CPACK_SET_DESTDIR ON)   # /etc is not below the prefix
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME headroom)
set(CPACK_PACKAGE_CONTACT "Headroom maintainers <maintainers@headroom.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "lends idle CPU to throttled cgroups and takes it back in time")
set(CPACK_PACKAGE_DESCRIPTION
"headroomd raises the CPU limit of units and containers that would be throttled
while the machine has CPUs to spare, and puts every value back before a
neighbour waits. headroom-guard puts everything back should it die or freeze.
As installed it only observes.")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libsystemd0, libcurl4")   # loaded when they are needed, so that no program's header names them
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/deploy/debian/${script})
endforeach()
include(CPack)
