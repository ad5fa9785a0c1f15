# Text -> Config. yaml-cpp, RE2 and nlohmann/json stay behind headroom_config's .cpp files.
pkg_check_modules(YAML_CPP REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_package(nlohmann_json REQUIRED)
headroom_library(headroom_config config DEPS headroom_policies)
if(TARGET headroom_config)
  target_link_libraries(headroom_config PRIVATE PkgConfig::YAML_CPP PkgConfig::RE2 nlohmann_json::nlohmann_json fmt::fmt)
endif()
