// The process's last words. Owner: nobody. Thread: any, also one that is failing: nothing is allocated and no lock is taken.
#pragma once

#include <string_view>

namespace os {

/// Writes to standard error as it is, as much of it as the system takes.
void write_error_output(std::string_view text);

}  // namespace os
