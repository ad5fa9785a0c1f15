# headroom-bench: Google Benchmark, and libcgroup to be compared with. Left out where they are not there (quickstart.sh).
find_package(benchmark QUIET)
pkg_check_modules(LIBCGROUP QUIET IMPORTED_TARGET libcgroup)
if(TARGET headroom_lab AND TARGET headroom_agent AND benchmark_FOUND AND LIBCGROUP_FOUND)
  file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lab/bench/*.cpp)
  add_executable(headroom-bench ${bench_sources})
  target_link_libraries(headroom-bench PRIVATE headroom_lab headroom_agent benchmark::benchmark CLI11::CLI11
                        PkgConfig::LIBCGROUP)
endif()
