#include "native/os/symbols.h"

#include <dlfcn.h>

namespace os {

void* find_symbol(const char* name) { return ::dlsym(RTLD_DEFAULT, name); }

}  // namespace os
