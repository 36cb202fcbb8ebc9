#include "actors/cluster/merged_answers.hpp"

#include "base/money.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

struct merged_list {
  std::string_view path;
  std::string_view list;                         // of rows; "figures": there is none, all figures are added up
  std::string_view by = {};                      // rows of the same one are added up, and "total"
};
constexpr std::array merged_lists{
    merged_list{"/admin/v1/status", "actors"},     merged_list{"/admin/v1/nodes", "nodes"},   merged_list{"/admin/v1/keys", "keys"},
    merged_list{"/admin/v1/breakers", "breakers"}, merged_list{"/admin/v1/limits", "limits"}, merged_list{"/admin/v1/spend", "groups", "name"},
    merged_list{"/admin/v1/savings", "routes", "route"},
    merged_list{"/admin/v1/ledger/copies", "copies"}, merged_list{"/admin/v1/ledger/copies/rows", "rows"}, merged_list{"/admin/v1/cache", "figures"},
};

/// "12.000000001" in nano-dollars; 0 for what is none.
nano_usd parse_usd(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  nano_usd amount = 0;
  int places = -1;
  for (const char c : text) {
    if (c == '.' && places < 0) {
      places = 0;
    } else if (c >= '0' && c <= '9' && places < 9) {
      amount = amount * 10 + (c - '0');
      if (places >= 0) ++places;
    } else {
      return 0;
    }
  }
  for (places = std::max(places, 0); places < 9; ++places) amount *= 10;
  return negative ? -amount : amount;
}

/// Integers are added, amounts ("..._usd", and each member of "saved_by") as money; anything else stays as the first one had it.
void add_figures(json::object& into, const json::object& from, bool amounts = false) {
  for (const auto& [name, value] : from) {
    auto* known = into.if_contains(name);
    if (known == nullptr) {
      into[name] = value;
    } else if (value.is_object() && known->is_object()) {
      add_figures(known->get_object(), value.get_object(), name == "saved_by");
    } else if (value.is_int64() && known->is_int64()) {
      known->get_int64() += value.get_int64();
    } else if (value.is_string() && known->is_string() && (amounts || name.ends_with("_usd"))) {
      *known = format_usd(parse_usd(known->get_string()) + parse_usd(value.get_string()));
    }
  }
}

void add_sums(json::object& whole, const json::object& said, const merged_list& shape) {
  if (const auto* total = said.if_contains("total"); total != nullptr && total->is_object()) add_figures(whole["total"].as_object(), total->get_object());
  const auto* groups = said.if_contains(shape.list);
  if (groups == nullptr || !groups->is_array()) return;
  auto& rows = whole[shape.list].as_array();
  for (const auto& row : groups->get_array()) {
    const auto* group = row.if_object();
    const auto* name = group == nullptr ? nullptr : group->if_contains(shape.by);
    if (name == nullptr || !name->is_string()) continue;
    // They are in the order of their names, days and hours so in that of time.
    const auto known = std::find_if(rows.begin(), rows.end(), [&](const json::value& one) { return one.as_object().at(shape.by).as_string() >= name->as_string(); });
    if (known == rows.end() || known->as_object().at(shape.by) != *name)
      rows.insert(known, row);
    else
      add_figures(known->as_object(), *group);
  }
}

/// What only a node itself knows of itself.
void complete_node(json::array& nodes, const std::string& name, const json::object& said) {
  const auto* own_list = said.if_contains("nodes");
  if (own_list == nullptr || !own_list->is_array()) return;
  for (const auto& row : own_list->get_array()) {
    const auto* own = row.if_object();
    const auto* is_self = own == nullptr ? nullptr : own->if_contains("self");
    if (is_self == nullptr || !is_self->is_bool() || !is_self->get_bool()) continue;
    for (auto& known : nodes) {
      auto* entry = known.if_object();
      if (entry == nullptr || !entry->contains("name") || entry->at("name") != json::value(json::string_view(name))) continue;
      for (const char* member : {"region", "uptime_s", "version", "config_problem"})
        if (own->contains(member)) (*entry)[member] = own->at(member);
    }
  }
}

void add_rows(json::array& rows, std::string_view list, const std::string& node, const json::object& said) {
  const auto* more = said.if_contains(list);
  if (more == nullptr || !more->is_array()) return;
  for (const auto& row : more->get_array()) {
    json::object marked{{"node", node}};
    if (const auto* members = row.if_object())
      for (const auto& [name, value] : *members) marked[name] = value;
    rows.push_back(std::move(marked));
  }
}

}  // namespace

bool answers_for_the_cluster(std::string_view path) noexcept {
  return std::any_of(merged_lists.begin(), merged_lists.end(), [path](const auto& one) { return one.path == path; });
}

std::string without_scope(std::string_view query) {
  std::string kept;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    if (pair != "scope" && !pair.starts_with("scope=")) kept += (kept.empty() ? "" : "&") + std::string(pair);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return kept;
}

std::string merged_answer(std::string_view path, const std::vector<node_answer>& answers, std::vector<std::string> missing) {
  const auto shape = std::find_if(merged_lists.begin(), merged_lists.end(), [path](const auto& one) { return one.path == path; });
  json::object whole;
  json::array rows;
  json::array summaries;                         // status: each node's own figures
  bool first = true;
  const bool is_list = shape->by.empty() && shape->list != "figures";
  for (const auto& one : answers) {
    boost::system::error_code bad;
    const auto parsed = json::parse(one.body, bad);
    const auto* said = bad ? nullptr : parsed.if_object();
    if (said == nullptr || one.status != 200) {
      missing.push_back(one.node);
      continue;
    }
    if (std::exchange(first, false)) whole = *said;
    else if (!shape->by.empty()) add_sums(whole, *said, *shape);
    else if (shape->list == "figures") add_figures(whole, *said);
    if (shape->list == "nodes") {
      complete_node(whole["nodes"].as_array(), one.node, *said);
    } else if (is_list) {
      add_rows(rows, shape->list, one.node, *said);
    }
    if (shape->list == "actors") {
      auto summary = *said;
      summary.erase("actors");
      summaries.push_back(std::move(summary));
    }
  }
  if (is_list && shape->list != "nodes") whole[shape->list] = std::move(rows);
  if (shape->list == "actors") whole["nodes"] = std::move(summaries);
  std::sort(missing.begin(), missing.end());
  json::array names;
  for (const auto& node : missing) names.emplace_back(node);
  whole["missing"] = std::move(names);
  return json::serialize(whole);
}

}  // namespace switchyard::actors
