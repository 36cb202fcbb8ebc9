// Budgets of virtual keys hold for the whole cluster. `hard`: this node commits at most what it holds of the pool; the node's own ledger is the record
// of what is set aside and spent, so a request writes nothing more than it does anyway. `soft`: all count, each adds up.
//
//   requests --reserve--> routing::budget <--usable, outlook / committed, wanted--> budget_part <--account, give_back--> escrow_holder <--messages--> owner
//                                         <--others' spending--------------------- budget_part <--registers "budget/NAME PERIOD"--> all nodes
//
// Invariant: usable <= accepted - returned; what goes back was taken off `usable` before (give_up, then give_back).
#pragma once

#include "actors/cluster/part.hpp"
#include "cluster/soft_budget.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace switchyard::actors {

/// A budget's name among nodes: "NAME month". A budget of another kind of period is another budget.
[[nodiscard]] std::string shared_budget_name(std::string_view virtual_key, config::budget_period period);
/// The period that runs, of a budget with such a name; 0 where the name has none.
[[nodiscard]] std::int64_t shared_budget_period(std::string_view name, wall_time now) noexcept;

class budget_part final : public cluster_part {
 public:
  struct options {
    std::function<wall_time()> clock = [] { return wall_now(); };
    milliseconds tell_every{200};                ///< others, of what is spent here
    milliseconds look_again{500};                ///< where nothing seems to happen
    bool gives_up_before_return = true;          ///< false only to show that the simulation notices
  };
  budget_part() = default;
  explicit budget_part(options how) : options_(std::move(how)) {}

  void prepare(cluster::protocol_options& options, cluster::node_protocols::surroundings& around) override;
  void begin(cluster::node_protocols& protocols, steady_time now) override;
  void yard_changed(const std::shared_ptr<const routing::yard>& yard, steady_time now) override;
  [[nodiscard]] milliseconds next_tick_within() const override;
  void tick(steady_time now) override;
  void leave(steady_time now) override;

 private:
  struct shared_budget {
    std::shared_ptr<routing::budget> money;
    bool hard = true;
    nano_usd limit = 0;
    cluster::escrow_pool_name pool;              // of the period that runs
    nano_usd committed = -1;                     // at the last look
    steady_time looked{};
    steady_time busy_until{};
    cluster::budget_count told;                  // to others
    steady_time told_at{};
  };

  void configure();
  void tick(shared_budget& one, const routing::budget::share_figures& here, steady_time now);
  void hold(shared_budget& one, const routing::budget::share_figures& here, steady_time now);
  void tell(shared_budget& one, const routing::budget::share_figures& here, steady_time now);
  [[nodiscard]] cluster::budget_count others(const shared_budget& one, steady_time now) const;

  options options_;
  cluster::node_protocols* protocols_ = nullptr;
  std::vector<cluster::node_name> nodes_;        // others
  bool pressed_ = false;                         // somebody waits for money, or will before long
  bool asleep_ = false;                          // a budget is not in use: it may hold nothing for who comes first
  std::map<std::string, shared_budget> budgets_; // by virtual key
};

}  // namespace switchyard::actors
