// doctest for tests whose subject uses base/check.h: both define CHECK, and from here on it is doctest's. Include it last, so
// that the engine's inline functions keep theirs.
// Owner: the test. Thread: main.
#pragma once

#include "native/base/check.h"

#undef CHECK
#include "test/native/vendor/doctest.h"
