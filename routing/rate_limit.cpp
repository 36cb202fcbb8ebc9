#include "routing/rate_limit.hpp"

#include <algorithm>
#include <limits>

namespace switchyard::routing {

namespace {

constexpr std::int64_t window_seconds = 61;    // the running second and the 60 before it
constexpr int amount_bits = 40;
constexpr std::uint64_t amount_mask = (std::uint64_t{1} << amount_bits) - 1;
constexpr std::uint64_t tag_mask = (std::uint64_t{1} << (64 - amount_bits)) - 1;
// One call's tokens are bounded by its body; this only keeps a slot from overflowing.
constexpr std::int64_t max_amount = std::int64_t{1} << 32;
// A slot this little ahead of the asker was booked by a thread with a newer clock reading.
constexpr std::uint64_t ahead_seconds = 64;
// Tokens come by way of another node.
constexpr auto shortest_until_lent = milliseconds(50);

std::int64_t second_of(steady_time now) noexcept { return to_ns(now) / 1'000'000'000; }
std::uint64_t tag_of(std::int64_t second) noexcept { return static_cast<std::uint64_t>(second) & tag_mask; }
std::uint64_t pack(std::uint64_t tag, std::int64_t amount) noexcept { return (tag << amount_bits) | static_cast<std::uint64_t>(amount); }
std::int64_t amount_in(std::uint64_t word) noexcept { return static_cast<std::int64_t>(word & amount_mask); }
std::uint64_t tag_in(std::uint64_t word) noexcept { return word >> amount_bits; }
std::size_t index_of(std::int64_t second, std::size_t slots) noexcept { return static_cast<std::size_t>(second) & (slots - 1); }

bool has_left(std::uint64_t word, std::int64_t second) noexcept {
  const std::uint64_t age = (tag_of(second) - tag_in(word)) & tag_mask;
  return age >= static_cast<std::uint64_t>(window_seconds) && age < tag_mask + 1 - ahead_seconds;
}

void raise(std::atomic<std::int64_t>& to, std::int64_t second) noexcept {
  std::int64_t seen = to.load(std::memory_order_acquire);
  while (seen < second && !to.compare_exchange_weak(seen, second, std::memory_order_acq_rel)) {
  }
}

}  // namespace

std::int64_t rate_limit::advance(std::int64_t second) noexcept {
  const std::int64_t seen = newest_.load(std::memory_order_acquire);
  if (second <= seen) return seen;
  raise(announced_, second);
  for (auto& slot : window_) {
    std::uint64_t word = slot.load(std::memory_order_acquire);
    while (amount_in(word) != 0 && has_left(word, second)) {
      if (slot.compare_exchange_weak(word, pack(tag_in(word), 0), std::memory_order_acq_rel)) {
        total_.fetch_sub(amount_in(word), std::memory_order_acq_rel);
        break;
      }
    }
  }
  // Only now may others rely on it: whoever sees `second` here finds the old slots already out of total_.
  raise(newest_, second);
  return second;
}

void rate_limit::book(std::int64_t amount, std::int64_t second) noexcept {
  auto& slot = window_[index_of(second, slots)];
  const std::uint64_t tag = tag_of(second);
  std::uint64_t word = slot.load(std::memory_order_acquire);
  for (;;) {
    // A slot left from an older minute is empty or about to be emptied by us; one of a newer minute takes a straggler's amount.
    const bool outdated = tag_in(word) != tag && has_left(word, second);
    const std::int64_t before = outdated || amount_in(word) == 0 ? 0 : amount_in(word);
    const std::uint64_t next = pack(outdated || amount_in(word) == 0 ? tag : tag_in(word), before + amount);
    if (slot.compare_exchange_weak(word, next, std::memory_order_acq_rel)) {
      if (outdated) total_.fetch_sub(amount_in(word), std::memory_order_acq_rel);
      return;
    }
  }
}

std::int64_t rate_limit::unbook(std::int64_t amount, std::int64_t second) noexcept {
  auto& slot = window_[index_of(second, slots)];
  std::uint64_t word = slot.load(std::memory_order_acquire);
  while (tag_in(word) == tag_of(second) && amount_in(word) > 0) {
    const std::int64_t taken = std::min(amount, amount_in(word));
    if (slot.compare_exchange_weak(word, pack(tag_in(word), amount_in(word) - taken), std::memory_order_acq_rel)) {
      total_.fetch_sub(taken, std::memory_order_acq_rel);
      return taken;
    }
  }
  return 0;
}

bool rate_limit::reserve(std::int64_t amount, steady_time now) noexcept {
  const std::int64_t most = limit();
  if (most == 0 || amount <= 0) return true;
  amount = std::min(amount, max_amount);
  const bool leased = shared();
  if (leased && !allowance_.take(amount, now)) return false;
  (void)advance(second_of(now));
  std::int64_t total = total_.load(std::memory_order_acquire);
  do {
    const bool fits = total + amount <= most || total <= 0;
    if (!fits) {
      if (leased) allowance_.settle(amount, 0, now);
      return false;
    }
  } while (!total_.compare_exchange_weak(total, total + amount, std::memory_order_acq_rel));
  book(amount, announced_.load(std::memory_order_acquire));
  return true;
}

void rate_limit::settle(std::int64_t reserved, std::int64_t actual, steady_time reserved_at, steady_time now) noexcept {
  if (limit() == 0) return;
  reserved = std::clamp<std::int64_t>(reserved, 0, max_amount);
  actual = std::clamp<std::int64_t>(actual, 0, max_amount);
  if (reserved == actual) return;
  if (shared()) allowance_.settle(reserved, actual, now);
  const std::int64_t second = second_of(reserved_at);
  if (advance(second_of(now)) - second >= window_seconds) return;
  if (actual > reserved) {
    total_.fetch_add(actual - reserved, std::memory_order_acq_rel);
    book(actual - reserved, second);
    return;
  }
  // It was booked a second later than asked if the clock reading had just been overtaken.
  const std::int64_t back = reserved - actual;
  const std::int64_t taken = unbook(back, second);
  if (taken < back) (void)unbook(back - taken, second + 1);
}

std::int64_t rate_limit::used(steady_time now) const noexcept {
  const std::int64_t second = second_of(now);
  std::int64_t total = total_.load(std::memory_order_acquire);
  if (total > 0 && second > newest_.load(std::memory_order_acquire)) {
    for (const auto& slot : window_) {
      const std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (has_left(word, second)) total -= amount_in(word);
    }
  }
  return std::max<std::int64_t>(total, 0);
}

std::int64_t rate_limit::remaining(steady_time now) const noexcept {
  const std::int64_t most = limit();
  if (most == 0) return std::numeric_limits<std::int64_t>::max();
  if (shared() && allowance_.level(now) <= 0) return 0;
  return std::max<std::int64_t>(0, most - used(now));
}

bool rate_limit::fits(std::int64_t amount, steady_time now) const noexcept {
  if (limit() == 0 || amount <= 0) return true;
  amount = std::min(amount, max_amount);
  return (!shared() || allowance_.fits(amount, now)) && fits_window(amount, now);
}

bool rate_limit::fits_window(std::int64_t amount, steady_time now) const noexcept {
  const std::int64_t most = limit();
  // total_ never falls short of what is in the window, so a fit by it needs no look at the slots.
  if (total_.load(std::memory_order_relaxed) + amount <= most) return true;
  const std::int64_t in_window = used(now);
  return in_window + amount <= most || in_window == 0;
}

milliseconds rate_limit::fits_in(std::int64_t amount, steady_time now) const noexcept {
  const std::int64_t most = limit();
  if (most == 0 || amount <= 0) return milliseconds(0);
  amount = std::min(amount, max_amount);
  auto until_lent = milliseconds(0);
  if (shared() && !allowance_.has(amount, now)) {
    const auto lacking = std::max<std::int64_t>(1, std::min(amount, most) - allowance_.level(now));
    until_lent = std::clamp(milliseconds(60'000 * std::min(lacking, most) / most), shortest_until_lent, milliseconds(60'000));
  }
  if (fits_window(amount, now)) return until_lent;
  const std::int64_t running = std::max(second_of(now), newest_.load(std::memory_order_acquire));
  std::int64_t left = used(now);
  const auto leaves_in = [now, until_lent](std::int64_t second) {
    const auto at = from_ns((second + window_seconds) * 1'000'000'000);
    return std::max({milliseconds(1), until_lent, std::chrono::ceil<milliseconds>(at - now)});
  };
  for (std::int64_t second = running - (window_seconds - 1); second <= running; ++second) {
    const std::uint64_t word = window_[index_of(second, slots)].load(std::memory_order_relaxed);
    if (tag_in(word) != tag_of(second) || amount_in(word) == 0) continue;
    left -= amount_in(word);
    if (left + amount <= most || left <= 0) return leaves_in(second);
  }
  return leaves_in(running);
}

}  // namespace switchyard::routing
