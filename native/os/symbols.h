// Functions that the process's executable brings along. Owner: nobody. Thread: any.
#pragma once

namespace os {

/// The function of that name in the executable or the libraries that it was started with; null: there is none.
void* find_symbol(const char* name);

}  // namespace os
