// balance: {strategy: adaptive, targets: [openai/gpt-4o, {target: openai/gpt-4o-mini, weight: 0.05}]}
#include "config/sections.hpp"
#include "config/stage_kinds.hpp"
#include "config/targets.hpp"

#include <algorithm>

namespace switchyard::config {

namespace {

/// "openai/gpt-4o" or {target: openai/gpt-4o, weight: 0.05}.
class weighted_target_rule final : public rule<weighted_target> {
 public:
  void read(const node& from, weighted_target& into, reading& run) const override {
    if (from.kind == value_kind::map) return map_->read(from, into, run);
    into.at = from.at;
    if (from.kind == value_kind::list || from.kind == value_kind::null) return run.wrong_type(from, "provider/model or {target, weight}");
    name_->read(from, into.target, run);
  }
  void show(const weighted_target& from, json_writer& out) const override { map_->show(from, out); }
  void describe(json_writer& out) const override {
    describe_any_of(out, [&] { name_->describe(out); }, [&] { map_->describe(out); });
  }

 private:
  rule_ptr<std::string> name_ = target_name();
  rule_ptr<weighted_target> map_ = std::make_shared<section<weighted_target>>(
      std::vector<field<weighted_target>>{
          {"target", &weighted_target::target, target_name(), "provider/model", presence::required},
          {"weight", &weighted_target::weight, number(0, 1'000'000), "Share among the stage's targets."},
      },
      section_extras<weighted_target>{.at = &weighted_target::at, .foreign = {{"model", "target"}}});
};

rule_ptr<balance_stage_config> balance_table() {
  using strategy = balance_strategy;
  const auto strategies = std::make_shared<choice<strategy>>(std::vector<std::pair<std::string_view, strategy>>{
      {"weighted", strategy::weighted},
      {"round_robin", strategy::round_robin},
      {"least_connections", strategy::least_connections},
      {"lowest_latency", strategy::lowest_latency},
      {"lowest_cost", strategy::lowest_cost},
      {"geo", strategy::geo},
      {"adaptive", strategy::adaptive}});
  const auto targets = std::make_shared<list_of<weighted_target>>(std::make_shared<weighted_target_rule>());
  return std::make_shared<section<balance_stage_config>>(std::vector<field<balance_stage_config>>{
      {"strategy", &balance_stage_config::strategy, strategies, "How a key is chosen among the healthy ones."},
      {"targets", &balance_stage_config::targets, targets, "Models to choose from; left out: the one the client asks for."},
  });
}

void check_balance(const config& all, const balance_stage_config& stage, const stage_place& place, reading& run) {
  const auto path = place.path + ".targets";
  for (std::size_t i = 0; i < stage.targets.size(); ++i)
    check_target(all, stage.targets[i].target, item_path(path, i), stage.targets[i].at, run);
  const bool some_weight = std::any_of(stage.targets.begin(), stage.targets.end(), [](const auto& t) { return t.weight > 0; });
  if (!stage.targets.empty() && !some_weight) run.report(path, place.at, "at least one target needs a weight above 0");
}

}  // namespace

stage_kind_ptr balance_kind() {
  return make_stage_kind("balance", "Chooses a key among the healthy ones that serve the target.", balance_table(), check_balance);
}

}  // namespace switchyard::config
