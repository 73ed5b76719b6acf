// The C++ tests' entry point.
// Owner: the process. Thread: main.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "test/native/vendor/doctest.h"
