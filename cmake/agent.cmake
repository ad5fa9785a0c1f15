find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(LIBCGROUP REQUIRED IMPORTED_TARGET libcgroup)   # headroomctl doctor: a second opinion on mounts

headroom_library(headroom_agent agent DEPS headroom_engine headroom_workloads headroom_fs headroom_ledger headroom_export
                 headroom_config headroom_cli headroom_systemd spdlog::spdlog CLI11::CLI11 nlohmann_json::nlohmann_json
                 PkgConfig::HTTPLIB PkgConfig::LIBCGROUP Threads::Threads)
if(TARGET headroom_agent)   # who is asked who is who; libcurl's headers only: it is loaded when the first source needs it
  find_path(CURL_INCLUDE curl/curl.h REQUIRED)
  file(GLOB source_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/agent/sources/*.cpp)
  target_sources(headroom_agent PRIVATE ${source_files})
  target_include_directories(headroom_agent PRIVATE ${CURL_INCLUDE})
  target_link_libraries(headroom_agent PUBLIC ${CMAKE_DL_LIBS})
endif()

if(TARGET headroom_agent AND EXISTS ${CMAKE_SOURCE_DIR}/agent/main_headroomd.cpp)
  add_executable(headroomd agent/main_headroomd.cpp)
  target_link_libraries(headroomd PRIVATE headroom_agent)
  target_link_options(headroomd PRIVATE -Wl,--as-needed)   # libcgroup is headroomctl's
  if(HEADROOM_HOOKS)
    # The same daemon with the fault hooks of the kill and race tests, which the real one does not contain.
    add_executable(headroomd-hooked tests/support/main_hooked.cpp)
    target_link_libraries(headroomd-hooked PRIVATE headroom_agent)
    target_link_options(headroomd-hooked PRIVATE -Wl,--wrap=pread)   # short reads
  endif()
endif()
if(TARGET headroom_agent AND EXISTS ${CMAKE_SOURCE_DIR}/agent/main_headroomctl.cpp)
  add_executable(headroomctl agent/main_headroomctl.cpp)
  target_link_libraries(headroomctl PRIVATE headroom_agent)
endif()
