#include "actors/world_context.hpp"

#include "base/log.hpp"

namespace switchyard::actors {

std::uint64_t listener_list::add(listener who) {
  auto made = std::make_shared<entry>();
  made->who = std::move(who);
  const std::lock_guard guard(mutex_);
  if (entries_.size() >= capacity) return 0;
  entries_.emplace(++last_, std::move(made));
  count_.store(static_cast<int>(entries_.size()), std::memory_order_relaxed);
  return last_;
}

void listener_list::remove(std::uint64_t subscription) {
  std::shared_ptr<entry> gone;
  {
    const std::lock_guard guard(mutex_);
    const auto found = entries_.find(subscription);
    if (found == entries_.end()) return;
    gone = std::move(found->second);
    entries_.erase(found);
    count_.store(static_cast<int>(entries_.size()), std::memory_order_relaxed);
  }
  // A call under way on another thread ends before this goes on.
  const std::lock_guard guard(gone->mutex);
  gone->who = nullptr;
}

void listener_list::tell_all(const std::string& json) {
  std::map<std::uint64_t, std::shared_ptr<entry>> all;
  {
    const std::lock_guard guard(mutex_);
    all = entries_;
  }
  for (const auto& [subscription, one] : all) {
    try {
      const std::lock_guard guard(one->mutex);
      const auto who = one->who;                 // a copy: it may unsubscribe itself
      if (who) who(json);
    } catch (const std::exception& e) {
      log::warn("listener_failed", "a listener of live events threw and is removed", {{"why", e.what()}});
      remove(subscription);
    }
  }
}

answer_once::~answer_once() {
  (*this)({504, "application/json", R"({"error":{"code":"overloaded","message":"nobody answered in time"}})"});
}

void answer_once::operator()(admin_answer answer) {
  if (answered_.exchange(true)) return;
  try {
    then_(std::move(answer));
  } catch (const std::exception& e) {
    log::error("answer_failed", "the receiver of an admin answer threw", {{"why", e.what()}});
  }
}

}  // namespace switchyard::actors
