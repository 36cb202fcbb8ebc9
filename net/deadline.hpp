// A deadline that moves often and strikes rarely: one timer, re-armed only when it strikes too early.
#pragma once

#include "net/io_thread.hpp"

#include <functional>

namespace switchyard::net {

/// set() and clear() cost a store; the callback runs on the thread, at most 10 ms late.
class deadline {
 public:
  deadline(io_thread& thread, std::function<void()> strike) : thread_(thread), strike_(std::move(strike)) {}

  void set(steady_time when) {
    when_ = when;
    if (when == steady_time::max()) return;
    if (!timer_.armed() || when < armed_for_) arm();
  }
  void clear() noexcept { when_ = steady_time::max(); }
  [[nodiscard]] bool passed() const noexcept { return steady_now() >= when_; }
  /// Nothing fires any more; drops the callback.
  void stop() noexcept {
    clear();
    timer_.cancel();
    strike_ = nullptr;
  }

 private:
  void arm() {
    armed_for_ = when_;
    const auto wait = std::chrono::ceil<milliseconds>(when_ - steady_now());
    thread_.arm(timer_, wait < milliseconds(0) ? milliseconds(0) : wait, [this] {
      if (when_ == steady_time::max()) return;
      if (steady_now() < when_) return arm();
      clear();
      if (strike_) strike_();
    });
  }

  io_thread& thread_;
  std::function<void()> strike_;
  io_thread::timer timer_;
  steady_time when_ = steady_time::max();
  steady_time armed_for_{};
};

}  // namespace switchyard::net
