// fallback: [anthropic/claude-sonnet-4-5, openai/gpt-4o]
#include "config/sections.hpp"
#include "config/stage_kinds.hpp"
#include "config/targets.hpp"

namespace switchyard::config {

namespace {

class fallback_rule final : public rule<fallback_stage_config> {
 public:
  void read(const node& from, fallback_stage_config& into, reading& run) const override {
    if (from.kind != value_kind::list) return run.wrong_type(from, "a list of provider/model");
    if (from.items.empty()) run.report(from.at, "expected a list of at least one provider/model");
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      const auto inside = run.enter(i, *from.items[i]);
      into.at.push_back(from.items[i]->at);
      name_->read(*from.items[i], into.targets.emplace_back(), run);
    }
  }
  void show(const fallback_stage_config& from, json_writer& out) const override { list_of<std::string>(name_).show(from.targets, out); }
  void describe(json_writer& out) const override { list_of<std::string>(name_, 1).describe(out); }

 private:
  rule_ptr<std::string> name_ = target_name();
};

void check_fallback(const config& all, const fallback_stage_config& stage, const stage_place& place, reading& run) {
  for (std::size_t i = 0; i < stage.targets.size(); ++i)
    check_target(all, stage.targets[i], item_path(place.path, i), stage.at[i], run);
}

}  // namespace

stage_kind_ptr fallback_kind() {
  return make_stage_kind<fallback_stage_config>("fallback", "Targets to try, in order, once the first has failed.",
                                                std::make_shared<fallback_rule>(), check_fallback);
}

}  // namespace switchyard::config
