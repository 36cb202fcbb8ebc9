// A route's stages: a list of maps with one key each, the stage's kind.
#include "config/schema.hpp"
#include "config/sections.hpp"
#include "config/stage_kinds.hpp"

#include <algorithm>
#include <cassert>

namespace switchyard::config {

const std::vector<stage_kind_ptr>& stage_kinds() {
  // One row per kind. A new stage is a file stage_<name>.cpp, a line here, and a line fewer below.
  static const std::vector<stage_kind_ptr> kinds{
      guard_kind(),
      semantic_kind(),
      intent_kind(),
      balance_kind(),
      fallback_kind(),
      cache_kind(),
  };
  return kinds;
}

const stage_kind& kind_of_stage_config(const stage_config& stage) {
  const auto& kinds = stage_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind->is(stage.what); });
  assert(found != kinds.end());
  return **found;
}

namespace {

/// The contract's that this version has not got.
constexpr std::string_view absent_names[] = {"cost", "cascade"};

class stages_rule final : public rule<std::vector<stage_config>> {
 public:
  stages_rule() {
    for (const auto& kind : stage_kinds()) names_.push_back(kind->name);
    available_ = "available stages: " + joined(names_);
    for (const auto name : absent_names) absent_.push_back({name, available_});
  }

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
      const auto& kind = kind_of_stage_config(stage);
      out.begin_object();
      out.key(kind.name);
      kind.show(stage.what, out);
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
    for (const auto& kind : stage_kinds()) {
      out.key(kind->name);
      out.begin_object();
      out.member("description", kind->doc);
      kind->describe(out);
      out.end_object();
    }
    out.end_object();
    out.end_object();
  }

 private:
  void read_stage(const node& from, std::vector<stage_config>& into, reading& run) const {
    if (from.kind != value_kind::map) return run.wrong_type(from, "a map with one key, the stage's kind (" + joined(names_) + ")");
    const auto entries = run.entries(from);
    if (entries.size() != 1)
      run.report(from.at, "expected exactly one key, the stage's kind; begin every stage with '- '");
    for (const auto* entry : entries) {
      const auto inside = run.enter(*entry);
      const auto& kinds = stage_kinds();
      const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const auto& one) { return one->name == entry->key; });
      if (kind == kinds.end()) {
        run.unknown_key(*entry, names_, absent_, {});
        continue;
      }
      stage_config stage;
      stage.at = entry->at;
      (*kind)->read(*entry->value, stage.what, run);
      const auto same_kind = [&](const stage_config& other) { return other.what.index() == stage.what.index(); };
      if (const auto first = std::find_if(into.begin(), into.end(), same_kind); first != into.end())
        run.report(entry->at, "a route has each stage at most once, and this one is already at line " + std::to_string(first->at.line));
      else
        into.push_back(std::move(stage));
    }
  }

  std::vector<std::string_view> names_;
  std::string available_;
  std::vector<absent_key> absent_;               ///< views into available_
};

}  // namespace

rule_ptr<std::vector<stage_config>> stages() { return std::make_shared<stages_rule>(); }

}  // namespace switchyard::config
