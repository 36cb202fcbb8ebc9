// A one-shot timer for waits of a few milliseconds, precise to the kernel's: io_thread's own are rounded up to 10 ms and cost less.
#pragma once

#include "net/io_thread.hpp"

#include <functional>
#include <memory>

namespace switchyard::net {

/// Lives and dies on the thread. Calls `over` once, unless it is destroyed before.
class short_wait {
 public:
  short_wait(io_thread& thread, microseconds after, std::function<void()> over);
  ~short_wait();
  short_wait(const short_wait&) = delete;
  short_wait& operator=(const short_wait&) = delete;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace switchyard::net
