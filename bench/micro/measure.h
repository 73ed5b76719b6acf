// Times of code that takes nanoseconds to milliseconds: the least of many short repetitions, in which nothing else ran.
// Owner: the program. Thread: main.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace micro {

inline double now_ns() {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

/// Makes the compiler believe that the value is used, and that it might have been changed.
template <typename Value>
void keep(Value& value) {
  asm volatile("" : "+m"(value) : : "memory");
}

/// The least time of one call, each repetition a batch of them; `note` as often as there is something to note.
class Least {
 public:
  template <typename Act>
  void note(std::size_t calls, Act act) {
    const double begin_ns = now_ns();
    for (std::size_t i = 0; i < calls; ++i) act();
    ns_ = std::min(ns_, (now_ns() - begin_ns) / static_cast<double>(calls));
  }
  double ns() const { return ns_; }

 private:
  double ns_ = std::numeric_limits<double>::infinity();
};

}  // namespace micro
