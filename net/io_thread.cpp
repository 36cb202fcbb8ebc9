#include "net/io_thread.hpp"

#include "net/asio.hpp"
#include "net/readiness.hpp"
#include "net/upstream_pool.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>

#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <thread>

namespace switchyard::net {

namespace {
constexpr milliseconds tick_length{10};
constexpr std::size_t wheel_slots = 512;   // 5.12 s a turn; longer waits go round
}  // namespace

/// A node of the timing wheel (Varghese and Lauck 1987, scheme 6): doubly linked within its slot.
struct io_thread::timer::entry {
  entry* previous = nullptr;
  entry* next = nullptr;
  std::int64_t due = 0;                    // tick
  timer* owner = nullptr;
  loop* home = nullptr;
  std::function<void()> fire;
};

struct io_thread::loop {
  using entry = timer::entry;

  explicit loop(io_thread& self, std::string thread_name)
      : name(std::move(thread_name)), ticker(context), pools(std::make_unique<upstream_pools>(self)) {
    for (auto& slot : wheel) slot.previous = slot.next = &slot;
  }
  ~loop() {
    for (auto& slot : wheel)
      while (slot.next != &slot) release(slot.next);
    while (spare != nullptr) delete std::exchange(spare, spare->next);
  }

  [[nodiscard]] std::int64_t tick_of(steady_time t) const noexcept { return (t - epoch) / tick_length; }

  entry* take_entry() {
    if (spare == nullptr) return new entry;
    return std::exchange(spare, spare->next);
  }
  void insert(entry* e) noexcept {
    entry& slot = wheel[static_cast<std::size_t>(e->due) % wheel_slots];
    e->next = &slot;
    e->previous = slot.previous;
    e->previous->next = e;
    slot.previous = e;
    ++armed;
  }
  void unlink(entry* e) noexcept {
    e->previous->next = e->next;
    e->next->previous = e->previous;
    --armed;
  }
  void release(entry* e) noexcept {
    unlink(e);
    if (e->owner != nullptr) e->owner->entry_ = nullptr;
    e->owner = nullptr;
    e->fire = nullptr;
    e->next = spare;
    spare = e;
  }

  void keep_ticking() {
    if (ticking || armed == 0) return;
    ticking = true;
    ticker.expires_after(tick_length);
    ticker.async_wait([this](const system_error& failure) {
      ticking = false;
      if (failure) return;
      turn();
      keep_ticking();
    });
  }

  void turn() {
    const std::int64_t now = tick_of(steady_now());
    const std::int64_t from = now - turned >= static_cast<std::int64_t>(wheel_slots) ? now - static_cast<std::int64_t>(wheel_slots) + 1 : turned + 1;
    turned = now;
    // Callbacks may arm and cancel at will: due entries are first moved to a list of their own.
    entry due;
    due.previous = due.next = &due;
    for (std::int64_t tick = from; tick <= now; ++tick) {
      entry& slot = wheel[static_cast<std::size_t>(tick) % wheel_slots];
      for (entry* e = slot.next; e != &slot;) {
        entry* following = e->next;
        if (e->due <= now) {
          unlink(e);
          e->next = &due;
          e->previous = due.previous;
          e->previous->next = e;
          due.previous = e;
          ++armed;
        }
        e = following;
      }
    }
    while (due.next != &due) {
      entry* e = due.next;
      auto fire = std::move(e->fire);
      release(e);
      fire();
    }
  }

  std::string name;
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  std::optional<asio::executor_work_guard<executor>> work;
  std::thread thread;
  std::atomic<std::thread::id> id{};
  const steady_time epoch = steady_now();
  std::array<entry, wheel_slots> wheel;
  entry* spare = nullptr;
  std::int64_t turned = 0;
  std::size_t armed = 0;
  bool ticking = false;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor> ticker;
  readiness ready{context};
  std::unique_ptr<upstream_pools> pools;
};

io_thread::io_thread(std::string name) : loop_(std::make_unique<loop>(*this, std::move(name))) {}

io_thread::~io_thread() {
  stop();
  join();
  loop_->pools.reset();
}

void io_thread::start() {
  loop_->work.emplace(loop_->context.get_executor());
  loop_->thread = std::thread([this] {
    loop_->id = std::this_thread::get_id();
    pthread_setname_np(pthread_self(), loop_->name.substr(0, 15).c_str());
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    loop_->context.run();
  });
}

void io_thread::stop() {
  loop_->work.reset();
  loop_->context.stop();
}

void io_thread::join() {
  if (loop_->thread.joinable()) loop_->thread.join();
}

void io_thread::post(std::function<void()> work) { asio::post(loop_->context, std::move(work)); }
bool io_thread::is_current() const noexcept { return loop_->id.load() == std::this_thread::get_id(); }
steady_time io_thread::now() const noexcept { return slice_ == steady_time{} ? steady_now() : slice_; }
upstream_pools& io_thread::pools() noexcept { return *loop_->pools; }
asio::io_context& context_of(io_thread& thread) noexcept { return thread.native().context; }
readiness& readiness_of(io_thread& thread) noexcept { return thread.native().ready; }

io_thread::timer::timer(timer&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {
  if (entry_ != nullptr) entry_->owner = this;
}
io_thread::timer& io_thread::timer::operator=(timer&& other) noexcept {
  if (this != &other) {
    cancel();
    entry_ = std::exchange(other.entry_, nullptr);
    if (entry_ != nullptr) entry_->owner = this;
  }
  return *this;
}
io_thread::timer::~timer() { cancel(); }
void io_thread::timer::cancel() noexcept {
  if (entry_ != nullptr) entry_->home->release(entry_);
}
bool io_thread::timer::armed() const noexcept { return entry_ != nullptr; }

void io_thread::arm(timer& which, milliseconds after, std::function<void()> fire) {
  which.cancel();
  auto* e = loop_->take_entry();
  // Rounded up, so that a timer never fires early; the running tick does not count.
  e->due = loop_->tick_of(steady_now() + after) + 1;
  e->owner = &which;
  e->home = loop_.get();
  e->fire = std::move(fire);
  which.entry_ = e;
  if (loop_->armed == 0) loop_->turned = loop_->tick_of(steady_now());
  loop_->insert(e);
  loop_->keep_ticking();
}

task<void> io_thread::sleep(milliseconds duration) {
  signal<bool> over;
  timer alarm;
  arm(alarm, duration, [&over] { over.set(true); });
  co_await over;
}

}  // namespace switchyard::net
