find_package(prometheus-cpp REQUIRED)
headroom_library(headroom_export metrics/export DEPS headroom_model prometheus-cpp::core)
