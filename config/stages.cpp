// A route's stages: a list of maps with one key each, the stage's kind.
#include "config/schema.hpp"
#include "config/sections.hpp"

#include <algorithm>

namespace switchyard::config {

namespace {

constexpr absent_key absent_stages[] = {
    {"guard", "available stages: balance, fallback"},    {"cache", "available stages: balance, fallback"},
    {"semantic", "available stages: balance, fallback"}, {"intent", "available stages: balance, fallback"},
    {"cost", "available stages: balance, fallback"},     {"cascade", "available stages: balance, fallback"},
};

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
    out.key("anyOf");
    out.begin_list();
    out.begin_object();
    name_->describe(out);
    out.end_object();
    out.begin_object();
    map_->describe(out);
    out.end_object();
    out.end_list();
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

class stages_rule final : public rule<std::vector<stage_config>> {
 public:
  void read(const node& from, std::vector<stage_config>& into, reading& run) const override {
    if (from.kind != value_kind::list && from.kind != value_kind::null) return run.wrong_type(from, "a list of stages");
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      const auto inside = run.enter(i, *from.items[i]);
      read_stage(*from.items[i], into, run);
    }
  }

  void show(const std::vector<stage_config>& from, json_writer& out) const override {
    out.begin_list();
    for (const auto& stage : from) {
      out.begin_object();
      if (const auto* balance = std::get_if<balance_stage_config>(&stage.what)) {
        out.key("balance");
        balance_->show(*balance, out);
      } else if (const auto* fallback = std::get_if<fallback_stage_config>(&stage.what)) {
        out.key("fallback");
        fallback_.show(*fallback, out);
      }
      out.end_object();
    }
    out.end_list();
  }

  void describe(json_writer& out) const override {
    describe_nullable("array", out);
    out.key("items");
    out.begin_object();
    out.member("type", "object");
    out.member("additionalProperties", false);
    out.member("minProperties", 1);
    out.member("maxProperties", 1);
    out.key("properties");
    out.begin_object();
    out.key("balance");
    out.begin_object();
    out.member("description", "Chooses a key among the healthy ones that serve the target.");
    balance_->describe(out);
    out.end_object();
    out.key("fallback");
    out.begin_object();
    out.member("description", "Targets to try, in order, once the first has failed.");
    fallback_.describe(out);
    out.end_object();
    out.end_object();
    out.end_object();
  }

 private:
  void read_stage(const node& from, std::vector<stage_config>& into, reading& run) const {
    if (from.kind != value_kind::map) return run.wrong_type(from, "a map with one key, the stage's kind (balance or fallback)");
    const auto entries = run.entries(from);
    if (entries.size() != 1)
      run.report(from.at, "expected exactly one key, the stage's kind; begin every stage with '- '");
    for (const auto* entry : entries) {
      const auto inside = run.enter(*entry);
      stage_config stage;
      stage.at = entry->at;
      if (entry->key == "balance") {
        balance_->read(*entry->value, stage.what.emplace<balance_stage_config>(), run);
      } else if (entry->key == "fallback") {
        fallback_.read(*entry->value, stage.what.emplace<fallback_stage_config>(), run);
      } else {
        run.unknown_key(*entry, {"balance", "fallback"}, absent_stages, {});
        continue;
      }
      const auto same_kind = [&](const stage_config& other) { return other.what.index() == stage.what.index(); };
      if (const auto first = std::find_if(into.begin(), into.end(), same_kind); first != into.end())
        run.report(entry->at, "a route has each stage at most once, and this one is already at line " + std::to_string(first->at.line));
      else
        into.push_back(std::move(stage));
    }
  }

  rule_ptr<balance_stage_config> balance_ = balance_table();
  fallback_rule fallback_;
};

}  // namespace

rule_ptr<std::vector<stage_config>> stages() { return std::make_shared<stages_rule>(); }

}  // namespace switchyard::config
