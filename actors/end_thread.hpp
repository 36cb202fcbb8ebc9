// How a thread that waits for work is ended: by whoever owns it, once, after it has done what it was given. No CAF.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace switchyard::actors {

/// Sets `stopping`, wakes the thread, and waits until it has ended. All calls but the first return at once.
inline void end_thread(std::thread& thread, std::mutex& mutex, std::condition_variable& arrived, bool& stopping) {
  {
    const std::lock_guard guard(mutex);
    if (stopping) return;
    stopping = true;
    arrived.notify_one();
  }
  if (thread.joinable()) thread.join();
}

}  // namespace switchyard::actors
