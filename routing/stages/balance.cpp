#include "routing/stages/balance.hpp"

#include "routing/balance.hpp"

namespace switchyard::routing::stages {

namespace {

class balance_stage final : public stage {
 public:
  balance_stage(config::balance_strategy strategy, std::vector<target> targets)
      : stage("balance", "balance"), strategy_(strategy), targets_(std::move(targets)) {}

  verdict decide(decision_context& context) const override {
    context.made.strategy = strategy_;
    // A model the client named stands; only how its keys are chosen is ours then.
    // So does what an earlier stage chose for this very request.
    if (context.request.asked == nullptr && !targets_.empty() && context.made.named_by.empty()) context.made.targets = targets_;
    return say(to_string(strategy_), context.explain ? reason(context) : std::string());
  }

 private:
  [[nodiscard]] std::string reason(const decision_context& context) const {
    if (context.request.asked != nullptr) return "the client named " + context.request.asked->name();
    if (!context.made.named_by.empty()) return std::string(context.made.named_by) + " named " + context.made.targets.front().name();
    if (targets_.empty()) return "keys of the target that other stages name";
    std::string text;
    for (const auto& t : targets_) text += (text.empty() ? "among " : ", ") + t.name();
    return text;
  }

  config::balance_strategy strategy_;
  std::vector<target> targets_;
};

}  // namespace

result<std::shared_ptr<const stage>> make_balance(const config::balance_stage_config& config, provider_list providers) {
  std::vector<target> targets;
  for (const auto& wanted : config.targets) {
    auto found = find_target(providers, wanted.target);
    if (!found) return found.failure();
    found->weight = wanted.weight;
    targets.push_back(std::move(*found));
  }
  return std::shared_ptr<const stage>(std::make_shared<balance_stage>(config.strategy, std::move(targets)));
}

}  // namespace switchyard::routing::stages
