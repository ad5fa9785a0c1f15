# libsystemd's headers only: it is loaded when there is somebody to talk to.
pkg_check_modules(SYSTEMD REQUIRED libsystemd)
headroom_library(headroom_systemd systemd DEPS headroom_types ${CMAKE_DL_LIBS})
target_include_directories(headroom_systemd PRIVATE ${SYSTEMD_INCLUDE_DIRS})
