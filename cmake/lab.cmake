# headroom-lab: load generators and scenarios on real cgroups.
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
# The simulated node: pure, so that nothing of the live edges can get into it.
headroom_library(headroom_sim lab/sim DEPS headroom_engine)
headroom_library(headroom_lab lab DEPS headroom_sim headroom_workloads headroom_fs headroom_config headroom_engine nlohmann_json::nlohmann_json PkgConfig::HTTPLIB)
if(TARGET headroom_lab AND TARGET headroom_fs)
  # std::atomic::wait and thread creation are in the load processes.
  target_link_libraries(headroom_lab PUBLIC Threads::Threads)
  target_compile_definitions(headroom_lab PRIVATE HEADROOM_SCENARIO_DIR="${CMAKE_SOURCE_DIR}/lab/scenarios")
  add_executable(headroom-lab ${CMAKE_SOURCE_DIR}/lab/main_lab.cpp ${CMAKE_SOURCE_DIR}/lab/main_lab_flags.cpp ${CMAKE_SOURCE_DIR}/lab/main_lab_run.cpp)
  target_link_libraries(headroom-lab PRIVATE headroom_lab headroom_cli CLI11::CLI11)
endif()
if(TARGET headroom_lab AND EXISTS ${CMAKE_SOURCE_DIR}/lab/main_churn.cpp)
  add_executable(headroom-churn ${CMAKE_SOURCE_DIR}/lab/main_churn.cpp)
  target_link_libraries(headroom-churn PRIVATE headroom_lab CLI11::CLI11)
endif()
