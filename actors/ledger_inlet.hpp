// An I/O thread's way to the ledger: entries are appended here and handed over in batches, so that a request costs two appends. Where
// answers wait for their rows, each entry goes at once and the coroutine waits. No CAF.
#pragma once

#include "actors/ledger_writer.hpp"
#include "net/io_thread.hpp"

namespace switchyard::actors {

/// One per I/O thread; on that thread only.
class ledger_inlet {
 public:
  ledger_inlet(net::io_thread& thread, std::shared_ptr<ledger_writer> writer) : thread_(thread), writer_(std::move(writer)) {}

  [[nodiscard]] bool holds_answers() const noexcept { return writer_->holds_answers(); }
  /// Handed over with the next batch: 64 entries or 5 ms (timers: 10 ms).
  void add(ledger_entry entry) {
    batch_.push_back(std::move(entry));
    if (batch_.size() >= batch_size)
      flush();
    else if (!timer_.armed())
      thread_.arm(timer_, batch_age, [this] { flush(); });
  }
  /// Handed over now; true once it is durable.
  [[nodiscard]] net::task<bool> add_and_wait(ledger_entry entry) {
    batch_.push_back(std::move(entry));
    const auto box = std::make_shared<net::mailbox<bool>>(thread_);
    hand_over([box](bool durable) { box->put(durable); });
    co_return co_await box->take();
  }
  void flush() {
    if (!batch_.empty()) hand_over({});
  }

 private:
  static constexpr std::size_t batch_size = 64;
  static constexpr milliseconds batch_age{5};

  void hand_over(std::function<void(bool)> then) {
    timer_.cancel();
    std::vector<ledger_entry> batch;
    batch.reserve(batch_size);
    batch.swap(batch_);
    writer_->submit(std::move(batch), std::move(then));
  }

  net::io_thread& thread_;
  std::shared_ptr<ledger_writer> writer_;
  std::vector<ledger_entry> batch_;
  net::io_thread::timer timer_;
};

}  // namespace switchyard::actors
