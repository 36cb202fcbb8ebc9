// An I/O thread's way to the ledger: entries are appended here and handed over in batches. A call that is over before its reservation was
// handed over makes one entry of the two, so that most requests cost one row and nothing else. Where answers wait for their rows, each
// entry goes at once and the coroutine waits. No CAF.
#pragma once

#include "actors/ledger_writer.hpp"
#include "net/io_thread.hpp"

namespace switchyard::actors {

/// One per I/O thread; on that thread only.
class ledger_inlet {
 public:
  /// Where an entry waits to be handed over.
  struct place {
    std::uint64_t batch = 0;                     ///< 0: nowhere
    std::size_t at = 0;
  };

  ledger_inlet(net::io_thread& thread, std::shared_ptr<ledger_writer> writer) : thread_(thread), writer_(std::move(writer)) {}

  [[nodiscard]] bool holds_answers() const noexcept { return writer_->holds_answers(); }
  /// Handed over with the next batch: 512 entries or 5 ms (timers: 10 ms). `yard` holds what the entry points into.
  place add(ledger_entry entry, const std::shared_ptr<const routing::yard>& yard) {
    append(std::move(entry), yard);
    const place put{batch_number_, batch_.size() - 1};
    if (batch_.size() >= batch_size)
      flush();
    else if (!timer_.armed())
      thread_.arm(timer_, batch_age, [this] { flush(); });
    return put;
  }
  /// The entry that was put there; nullptr: it was handed over.
  [[nodiscard]] ledger_entry* waiting(place where) noexcept { return where.batch == batch_number_ ? &batch_[where.at] : nullptr; }
  /// Handed over now; true once it is durable.
  [[nodiscard]] net::task<bool> add_and_wait(ledger_entry entry, const std::shared_ptr<const routing::yard>& yard) {
    append(std::move(entry), yard);
    const auto box = std::make_shared<net::mailbox<bool>>(thread_);
    hand_over([box](bool durable) { box->put(durable); });
    co_return co_await box->take();
  }
  void flush() {
    if (!batch_.empty()) hand_over({});
  }

 private:
  static constexpr std::size_t batch_size = 512;
  static constexpr milliseconds batch_age{5};

  void append(ledger_entry&& entry, const std::shared_ptr<const routing::yard>& yard) {
    // One reference per batch and yard, not per entry: other threads count them, too.
    if (batch_.empty() || yard.get() != yard_) entry.yard = yard;
    yard_ = yard.get();
    batch_.push_back(std::move(entry));
  }
  void hand_over(std::function<void(bool)> then) {
    timer_.cancel();
    ++batch_number_;
    // Most calls were over before and never cost a look at how long the prompt is.
    for (auto& entry : batch_)
      if (const auto* input = std::exchange(entry.uncounted, nullptr)) entry.input_tokens = input->tokens();
    writer_->submit(std::exchange(batch_, writer_->empty_batch()), std::move(then));
  }

  net::io_thread& thread_;
  std::shared_ptr<ledger_writer> writer_;
  std::vector<ledger_entry> batch_;
  std::uint64_t batch_number_ = 1;
  const routing::yard* yard_ = nullptr;          ///< of the newest entry of batch_
  net::io_thread::timer timer_;
};

}  // namespace switchyard::actors
