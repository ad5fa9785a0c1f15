# What a cgroup is. nlohmann/json and RE2 stay behind headroom_workloads' .cpp files.
find_package(nlohmann_json REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
if(TARGET headroom_workloads)
  target_link_libraries(headroom_workloads PRIVATE nlohmann_json::nlohmann_json PkgConfig::RE2 fmt::fmt)
endif()
