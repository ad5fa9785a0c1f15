# Manual pages and completions, made of the definitions that --help is made of.
find_package(CLI11 REQUIRED)
headroom_library(headroom_cli cli DEPS headroom_types CLI11::CLI11)
set(HEADROOM_VERSION_DATE 2026-11-21)   # goes with the project's VERSION
target_compile_definitions(headroom_cli PRIVATE HEADROOM_VERSION="${PROJECT_VERSION}"
                           HEADROOM_VERSION_DATE="${HEADROOM_VERSION_DATE}")
