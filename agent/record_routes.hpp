// POST /v1/record?file=/…&seconds=600: a recording of its own beside the journal.
#pragma once

#include "agent/http_server.hpp"
#include "agent/recorder.hpp"

namespace headroom {

/// The daemon opens the file, as its own user; the socket belongs to that user alone.
Route record_route(Recorder& recorder);

}  // namespace headroom
