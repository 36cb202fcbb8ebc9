// One I/O thread: one event loop, its timers and its pools. What starts on an I/O thread lives and dies there.
#pragma once

#include "base/clock.hpp"
#include "net/task.hpp"

#include <functional>
#include <memory>
#include <string>

namespace switchyard::net {

class upstream_pools;

class io_thread {
 public:
  explicit io_thread(std::string name);
  ~io_thread();   ///< stops and joins
  io_thread(const io_thread&) = delete;
  io_thread& operator=(const io_thread&) = delete;

  void start();                                   ///< runs the loop on a thread of its own
  void stop();                                    ///< ends the loop after what runs now; join() waits
  void join();

  /// From any thread.
  void post(std::function<void()> work);
  [[nodiscard]] bool is_current() const noexcept;
  /// The time; within a time_slice the time at which it began.
  [[nodiscard]] steady_time now() const noexcept;

  /// What runs because of one event takes microseconds and asks for the time a dozen times: within a slice the clock is read once.
  /// For the handlers of net/ that resume coroutines.
  class time_slice {
   public:
    explicit time_slice(io_thread& thread) noexcept : thread_(thread), outer_(thread.slice_) { thread.slice_ = steady_now(); }
    ~time_slice() { thread_.slice_ = outer_; }
    time_slice(const time_slice&) = delete;
    time_slice& operator=(const time_slice&) = delete;

   private:
    io_thread& thread_;
    steady_time outer_;
  };

  /// A cancellable one-shot timer, precise to 10 ms. Destroying or re-arming it cancels. Use on this thread only.
  class timer {
   public:
    timer() = default;
    timer(timer&&) noexcept;
    timer& operator=(timer&&) noexcept;
    ~timer();
    void cancel() noexcept;
    [[nodiscard]] bool armed() const noexcept;

   private:
    friend class io_thread;
    struct entry;
    entry* entry_ = nullptr;
  };
  void arm(timer& which, milliseconds after, std::function<void()> fire);
  /// co_await thread.sleep(20ms)
  [[nodiscard]] task<void> sleep(milliseconds duration);

  [[nodiscard]] upstream_pools& pools() noexcept;
  /// The Asio loop, for net/ only.
  struct loop;
  [[nodiscard]] loop& native() noexcept { return *loop_; }

 private:
  friend class timer;
  std::unique_ptr<loop> loop_;
  steady_time slice_{};                          // no slice: the epoch
};

/// Hands a value from another thread to a coroutine that waits on an I/O thread:
///   auto box = std::make_shared<mailbox<answer>>(thread);  ask(..., [box](answer a) { box->put(std::move(a)); });
///   answer a = co_await box->take();
template <class T>
class mailbox : public std::enable_shared_from_this<mailbox<T>> {
 public:
  explicit mailbox(io_thread& home) : home_(home) {}
  /// From any thread, once.
  void put(T value) {
    home_.post([self = this->shared_from_this(), v = std::make_shared<T>(std::move(value))] { self->signal_.set(std::move(*v)); });
  }
  /// On the home thread, once.
  signal<T>& take() noexcept { return signal_; }

 private:
  io_thread& home_;
  signal<T> signal_;
};

}  // namespace switchyard::net
