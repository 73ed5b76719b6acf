// Events and what is heard as JavaScript objects (EngineEvent and HeardMessage of src/native/binding.ts), by the bare Node-API: in a worker that is being ended every
// call may fail, and node-addon-api ends the process when it cannot make an Error of that. A failed call here leaves a hole.
// Owner: nobody, pure functions. Thread: the Node thread.
#pragma once

#include <node_api.h>

#include <vector>

#include "native/shard/events.h"
#include "native/topic/ear.h"

namespace addon {

/// An array of event objects, oldest first; an empty handle when the environment cannot make one any more.
napi_value to_array(napi_env env, const std::vector<shard::Event>& events);
/// The same of what an ear has heard.
napi_value to_array(napi_env env, const std::vector<topic::Hearing>& heard);

}  // namespace addon
