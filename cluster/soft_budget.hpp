// A soft budget: every node counts what it spent and set aside, all see each other's counts (register "budget/NAME"), each adds them up.
//
//   value = array [period (int), spent (int), reserved (int)]     nano-dollars; spent of a period only grows
//
// Bound: with P parts that do not hear of each other, at most (P - 1) x what was left when they parted, and what was reserved within the
// time a register takes to arrive (about 1 s without faults).
#pragma once

#include "base/money.hpp"
#include "cluster/message.hpp"

#include <map>

namespace switchyard::cluster {

struct budget_count {
  std::int64_t period = 0;
  nano_usd spent = 0;
  nano_usd reserved = 0;

  template <class Self, class Visit>
  static void fields(Self& self, Visit&& visit) {
    visit(self.period, self.spent, self.reserved);
  }
  friend bool operator==(const budget_count&, const budget_count&) = default;
};

/// Not thread-safe.
class soft_budget {
 public:
  explicit soft_budget(nano_usd amount) : amount_(amount) {}

  void configure(nano_usd amount) noexcept { amount_ = amount; }
  /// From another node's register. A count of an earlier period ends nothing.
  void learn(const node_name& node, const budget_count& count) {
    auto& known = others_[node];
    if (count.period >= known.period) known = count;
  }
  /// At start: what this node spent in `period` before, by its ledger.
  void resume(std::int64_t period, nano_usd spent) { own_ = {period, spent, 0}; }

  [[nodiscard]] bool reserve(std::int64_t period, nano_usd amount) {
    turn_to(period);
    if (known(period) + amount > amount_) return false;
    own_.reserved += amount;
    return true;
  }
  /// A reservation of a period that is over cost what it cost, in the new one nothing.
  void settle(std::int64_t period, nano_usd reserved, nano_usd cost) {
    if (period != own_.period) return;
    own_.reserved -= reserved;
    own_.spent += cost;
  }
  [[nodiscard]] const budget_count& own() const noexcept { return own_; }
  /// Spent and reserved by all, as far as this node has heard.
  [[nodiscard]] nano_usd known(std::int64_t period) const {
    nano_usd sum = own_.period == period ? own_.spent + own_.reserved : 0;
    for (const auto& [node, count] : others_)
      if (count.period == period) sum += count.spent + count.reserved;
    return sum;
  }

 private:
  void turn_to(std::int64_t period) {
    if (period > own_.period) own_ = {period, 0, 0};
  }

  nano_usd amount_;
  budget_count own_;
  std::map<node_name, budget_count> others_;
};

}  // namespace switchyard::cluster
