// The hashes against published examples: a wrong one would look like a server that refuses what is signed well.
// Owner: nobody. Thread: any.
#pragma once

namespace load {

/// Ends the process when a hash is wrong.
void check_digests();

}  // namespace load
