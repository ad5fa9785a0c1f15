# headroom-guard: libc and cgroups/ledger only, so that it is small and still there when the daemon is not.
target_compile_options(headroom_ledger PRIVATE -fno-exceptions -fno-rtti)
add_executable(headroom-guard agent/main_guard.cpp)
target_compile_options(headroom-guard PRIVATE -fno-exceptions -fno-rtti)
target_link_libraries(headroom-guard PRIVATE headroom_ledger Threads::Threads)
target_link_options(headroom-guard PRIVATE -Wl,--as-needed)
