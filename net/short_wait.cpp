#include "net/short_wait.hpp"

#include "net/asio.hpp"

namespace switchyard::net {

struct short_wait::state {
  explicit state(asio::io_context& context) : timer(context) {}
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor> timer;
  std::function<void()> over;
};

short_wait::short_wait(io_thread& thread, microseconds after, std::function<void()> over) : state_(std::make_shared<state>(context_of(thread))) {
  state_->over = std::move(over);
  state_->timer.expires_after(after);
  state_->timer.async_wait([state = state_](const system_error& failure) {
    if (failure || !state->over) return;
    std::exchange(state->over, {})();
  });
}

short_wait::~short_wait() {
  state_->over = {};
  state_->timer.cancel();
}

}  // namespace switchyard::net
