# headroom-bench: Google Benchmark, and libcgroup to be compared with.
find_package(benchmark REQUIRED)
pkg_check_modules(LIBCGROUP REQUIRED IMPORTED_TARGET libcgroup)
if(TARGET headroom_lab AND TARGET headroom_agent)
  file(GLOB bench_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lab/bench/*.cpp)
  add_executable(headroom-bench ${bench_sources})
  target_link_libraries(headroom-bench PRIVATE headroom_lab headroom_agent benchmark::benchmark CLI11::CLI11
                        PkgConfig::LIBCGROUP)
endif()
