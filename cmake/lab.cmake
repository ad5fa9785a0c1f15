# headroom-lab: load generators and scenarios on real cgroups.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
headroom_library(headroom_lab lab DEPS headroom_fs headroom_config nlohmann_json::nlohmann_json PkgConfig::HTTPLIB)
if(TARGET headroom_lab AND TARGET headroom_fs)
  # std::atomic::wait and thread creation are in the load processes.
  target_link_libraries(headroom_lab PUBLIC Threads::Threads)
  target_compile_definitions(headroom_lab PRIVATE HEADROOM_SCENARIO_DIR="${CMAKE_SOURCE_DIR}/lab/scenarios")
  add_executable(headroom-lab ${CMAKE_SOURCE_DIR}/lab/main_lab.cpp)
  target_link_libraries(headroom-lab PRIVATE headroom_lab headroom_cli CLI11::CLI11)
endif()
