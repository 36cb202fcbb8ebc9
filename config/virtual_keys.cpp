// Virtual keys: one table for those of the file and those of the admin API.
#include "config/virtual_keys.hpp"

#include "config/budget_periods.hpp"
#include "config/document.hpp"
#include "config/schema.hpp"
#include "config/sections.hpp"

namespace switchyard::config {

namespace {

constexpr std::int64_t unlimited_enough = 1'000'000'000'000;
constexpr double dearest = 1'000'000'000;        // USD; in nano-dollars well within 64 bits

using tag_map = std::map<std::string, std::string>;
struct tags_access {
  static std::string& add(tag_map& all, const std::string& name) { return all[name]; }
  static const std::string& name_of(const tag_map::value_type& item) { return item.first; }
  static const std::string& value_of(const tag_map::value_type& item) { return item.second; }
};

bool is_tag_name(std::string_view name) noexcept {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}
constexpr name_form tag_names{"a text without control characters", "^.+$", is_tag_name};

rule_ptr<std::optional<budget_config>> budget_table() {
  using period_words = std::vector<std::pair<std::string_view, budget_period>>;
  const auto period = std::make_shared<choice<budget_period>>(period_words{{"hour", budget_period::hour},
                                                                           {"day", budget_period::day},
                                                                           {"week", budget_period::week},
                                                                           {"month", budget_period::month},
                                                                           {"total", budget_period::total}});
  using mode_words = std::vector<std::pair<std::string_view, budget_mode>>;
  const auto mode = std::make_shared<choice<budget_mode>>(mode_words{{"hard", budget_mode::hard}, {"soft", budget_mode::soft}});
  const auto budget = std::make_shared<section<budget_config>>(
      std::vector<field<budget_config>>{
          {"usd", &budget_config::usd, number(0, dearest, lower_bound::excluded), "US dollars a period.", presence::required},
          {"period", &budget_config::period, period, "When it counts from nought again, in UTC; a week's on Monday; total: never."},
          {"mode", &budget_config::mode, mode, "hard: never above; soft: a cluster may go above by a stated bound."},
      },
      section_extras<budget_config>{.foreign = {{"max_budget", "usd"}, {"limit", "usd"}, {"amount", "usd"}, {"duration", "period"}, {"reset", "period"}}});
  return std::make_shared<optional_of<budget_config>>(budget);
}

/// At most so many items.
template <class T>
class bounded_list final : public rule<std::vector<T>> {
 public:
  bounded_list(rule_ptr<T> item, std::size_t most) : inner_(std::move(item)), most_(most) {}
  void read(const node& from, std::vector<T>& into, reading& run) const override {
    if (from.items.size() > most_) return run.report(from.at, "expected a list of at most " + std::to_string(most_));
    inner_.read(from, into, run);
  }
  void show(const std::vector<T>& from, json_writer& out) const override { inner_.show(from, out); }
  void describe(json_writer& out) const override {
    inner_.describe(out);
    out.member("maxItems", most_);
  }

 private:
  list_of<T> inner_;
  std::size_t most_;
};

}  // namespace

rule_ptr<virtual_key_config> virtual_key(credential_given credential_is) {
  using row = field<virtual_key_config>;
  using key = virtual_key_config;
  const auto tags = std::make_shared<map_by_name<tag_map, std::string, tags_access>>(tag_names, label());
  std::vector<row> rows{{"name", &key::name, name(), "Unique among the virtual keys.", presence::required}};
  if (credential_is == credential_given::yes)
    rows.emplace_back("key", &key::key, credential(), "What the client sends: itself, env.NAME or file:/path.", presence::required);
  const row rest[] = {
      {"parent", &key::parent, optional_name(), "A virtual key whose limits hold for this one too."},
      {"budget", &key::budget, budget_table(), "What it may spend."},
      {"expires", &key::expires, optional_time(), "Refused from then on: 2027-01-31 or 2027-01-31T12:00:00Z."},
      {"rpm", &key::rpm, integer<std::int64_t>(0, unlimited_enough), "Requests a minute; 0: unlimited."},
      {"tpm", &key::tpm, integer<std::int64_t>(0, unlimited_enough), "Tokens a minute; 0: unlimited."},
      {"models", &key::models, std::make_shared<bounded_list<std::string>>(model_pattern(), most_listed),
       "Allowed provider/model patterns such as openai/*; empty: all."},
      {"routes", &key::routes, std::make_shared<bounded_list<std::string>>(name(), most_listed), "Allowed routes; empty: all."},
      {"tags", &key::tags, tags, "Marks for accounting."},
  };
  rows.insert(rows.end(), std::begin(rest), std::end(rest));
  section_extras<key> extras{.at = &key::at, .foreign = {{"value", "key"}, {"api_key", "key"}, {"secret", "key"}, {"max_budget", "budget"},
                                                         {"expires_at", "expires"}, {"expiry", "expires"}, {"team", "parent"}}};
  if (credential_is == credential_given::no) {
    extras.absent = {{"key", "the node makes the key and shows it once"}};
    std::erase_if(extras.foreign, [](const foreign_name& one) { return one.ours == "key"; });
  }
  return std::make_shared<section<key>>(std::move(rows), std::move(extras));
}

virtual_key_read read_virtual_key(std::string_view json, virtual_key_config into) {
  virtual_key_read out;
  const auto tree = parse_document(json);
  if (tree.fault) {
    out.problem = tree.fault->message;
    return out;
  }
  static const environment nothing = [](const std::string&) { return std::nullopt; };
  static const auto table = virtual_key(credential_given::no);
  reading run("", nothing);
  table->read(*tree.root, into, run);
  if (into.tags.size() > most_tags) run.report("tags", {}, "expected at most " + std::to_string(most_tags) + " tags");
  for (const auto& [name, value] : into.tags)
    if (name.size() > longest_tag || value.size() > longest_tag_value)
      run.report("tags" + path_step(name), {}, "expected a name of at most " + std::to_string(longest_tag) + " bytes and a value of at most " + std::to_string(longest_tag_value));
  for (const auto& one : run.take_problems()) {
    out.field = one.key.starts_with('.') ? one.key.substr(1) : one.key;
    out.problem = one.message;
    return out;
  }
  out.value = std::move(into);
  return out;
}

std::string to_json(const virtual_key_config& key) {
  static const auto table = virtual_key(credential_given::no);
  json_writer out;
  table->show(key, out);
  return out.str();
}

}  // namespace switchyard::config
