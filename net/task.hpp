// Coroutines for the data plane: lazy task<T>, started once, resumed only on its own I/O thread.
//
//   task<int> half(exchange& x) { ... co_return 21; }
//   task<void> whole(exchange& x) { int n = co_await half(x); }
//   detach(whole(x));
#pragma once

#include <coroutine>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

namespace switchyard::net {

namespace detail {
/// Frames come from a per-thread free list: a request allocates its frames without the heap once warm.
void* allocate_frame(std::size_t size);
void release_frame(void* frame, std::size_t size) noexcept;

struct promise_base {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { release_frame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct final_awaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) noexcept {
      return h.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  final_awaiter final_suspend() noexcept { return {}; }
  // Domain failures are values; what still throws here is a broken program.
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};
}  // namespace detail

/// Owns its coroutine frame. co_await it exactly once, or detach() it.
template <class T>
class [[nodiscard]] task {
 public:
  struct promise_type : detail::promise_base {
    std::optional<T> value;
    task get_return_object() noexcept { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    void return_value(T v) { value.emplace(std::move(v)); }
  };

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().continuation = caller;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

 private:
  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <>
class [[nodiscard]] task<void> {
 public:
  struct promise_type : detail::promise_base {
    task get_return_object() noexcept { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    void return_void() noexcept {}
  };

  task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().continuation = caller;
    return handle_;
  }
  void await_resume() noexcept {}

 private:
  explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

namespace detail {
struct detached {
  struct promise_type {
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { release_frame(frame, size); }
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};
}  // namespace detail

/// Starts `work` now and frees it when it ends.
inline detail::detached detach(task<void> work) { co_await work; }

/// A one-shot meeting point on one I/O thread: one coroutine waits, one callback sets. Not thread-safe.
template <class T>
class signal {
 public:
  signal() = default;
  signal(const signal&) = delete;
  signal& operator=(const signal&) = delete;

  void set(T value) {
    if (value_) return;
    value_.emplace(std::move(value));
    if (waiter_) std::exchange(waiter_, {}).resume();
  }
  [[nodiscard]] bool is_set() const noexcept { return value_.has_value(); }

  struct awaiter {
    signal* self;
    bool await_ready() const noexcept { return self->value_.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { self->waiter_ = waiter; }
    T await_resume() { return std::move(*self->value_); }
  };
  // An awaiter of its own: GCC 12 copies an awaitable that it reaches through a call or a pointer.
  awaiter operator co_await() noexcept { return {this}; }

 private:
  std::optional<T> value_;
  std::coroutine_handle<> waiter_;
};

}  // namespace switchyard::net
