// headroomd: the daemon. agent/daemon.cpp is what it does.
#include "agent/daemon.hpp"

int main(int argc, char** argv) { return headroom::headroomd_main(argc, argv); }
