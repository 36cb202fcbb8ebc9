#include "tools/switchyardctl/views.hpp"

#include "tools/switchyardctl/json_text.hpp"

#include <boost/json.hpp>

#include <functional>

namespace switchyard::ctl {

namespace json = boost::json;

namespace {

/// One column: its title, and how a row's object becomes a cell.
struct field {
  std::string title;
  std::function<cell(const json::value&)> read;
  bool right = false;
};

field text(std::string title, std::string path) {
  return {std::move(title), [path = std::move(path)](const json::value& row) { return cell{text_at(row, path)}; }};
}

field number(std::string title, std::string path, int digits = 2) {
  return {std::move(title), [path = std::move(path), digits](const json::value& row) {
    const auto value = number_at(row, path);
    return cell{value ? short_number(*value, digits) : text_at(row, path)};
  }, true};
}

/// `scale`: microseconds in one unit of the field.
field duration(std::string title, std::string path, double scale) {
  return {std::move(title), [path = std::move(path), scale](const json::value& row) {
    const auto value = number_at(row, path);
    return cell{value ? short_duration(*value * scale) : "-"};
  }, true};
}

tone tone_of_breaker(std::string_view state) {
  if (state == "closed") return tone::good;
  if (state == "open") return tone::bad;
  return state == "half_open" || state == "half-open" ? tone::warning : tone::plain;
}

field breaker(std::string title, std::string path) {
  return {std::move(title), [path = std::move(path)](const json::value& row) {
    auto state = text_at(row, path);
    const auto mood = tone_of_breaker(state);
    return cell{std::move(state), mood};
  }};
}

cell success_cell(const json::value& key) {
  const auto success = number_at(key, "success_rate");
  if (!success || number_at(key, "calls") == 0.0) return {"-"};   // no calls say nothing, not 100 %
  return {percent(*success), *success >= 0.99 ? tone::good : *success >= 0.9 ? tone::warning : tone::bad};
}

cell status_cell(const json::value& row) {
  const auto code = number_at(row, "status");
  if (!code) return {text_at(row, "status")};
  return {*code == 0 ? "-" : short_number(*code, 0), *code >= 500 ? tone::bad : *code >= 400 ? tone::warning : tone::good};
}

/// "3/64" used and limit, "3" without a limit.
std::string with_limit(const std::string& used, const std::string& limit) {
  return limit == "-" || limit == "0" ? used : used + "/" + limit;
}

std::string tabulate(const json::array& rows, const std::vector<field>& fields, const table_style& style,
                     std::string_view when_empty) {
  if (rows.empty()) return std::string(when_empty) + "\n";
  table out;
  for (const auto& f : fields) out.columns.push_back({f.title, f.right});
  for (const auto& row : rows) {
    auto& line = out.rows.emplace_back();
    for (const auto& f : fields) line.push_back(f.read(row));
  }
  return render(out, style);
}

/// "node     yard-a" lines; missing ones are left out.
std::string facts(const json::value& from, const std::vector<std::pair<std::string, std::string>>& paths) {
  std::size_t width = 0;
  for (const auto& [name, path] : paths) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, path] : paths) {
    if (member(from, path) == nullptr) continue;
    const auto value = printable(text_at(from, path));
    if (value != "-") out += name + std::string(width - name.size() + 2, ' ') + value + "\n";
  }
  return out;
}

bool some_have(const json::array& rows, std::string_view name) {
  return std::any_of(rows.begin(), rows.end(), [name](const json::value& row) { return member(row, std::string(name)) != nullptr; });
}

/// Nodes that go on with an old configuration, and why. `name`: the member that names a node.
std::string config_problems(const json::array& nodes, std::string_view name) {
  std::string out;
  for (const auto& node : nodes) {
    const auto* why = member(node, "config_problem");
    if (why == nullptr || !why->is_string()) continue;
    out += printable(text_at(node, name)) + " cannot apply the cluster's configuration and goes on with its old one:\n";
    for (std::string_view rest = why->get_string(); !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      out += "  " + printable(std::string(rest.substr(0, end))) + "\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

std::string missing_nodes(const json::value& answer) {
  std::string out;
  if (!answer.is_object()) return out;
  for (const auto& node : list_of(answer, "missing")) out += "no answer from " + printable(text_of(node)) + "\n";
  return out;
}

/// A list of one node or of a cluster: then every row tells its node, and nodes that did not answer stand below.
std::string tabulate_list(const json::value& answer, const char* list, std::vector<field> fields, const table_style& style, std::string_view when_empty) {
  const auto& rows = list_of(answer, list);
  if (some_have(rows, "node")) fields.insert(fields.begin(), text("NODE", "node"));
  return tabulate(rows, fields, style, when_empty) + missing_nodes(answer);
}

/// One row per signal: {"name":"safety.pii","value","confidence","took_us","because"}; what is no finding goes leaf by leaf.
void add_signals(json::array& rows, const json::value& from, const std::string& path) {
  const auto* object = from.if_object();
  if (object == nullptr) {
    rows.push_back(json::object{{"name", path}, {"value", from}});
    return;
  }
  const auto* value = object->contains("value") ? &object->at("value") : object->if_contains("score");
  if (value == nullptr) {
    for (const auto& [name, inner] : *object)
      if (name != "took_us") add_signals(rows, inner, (path.empty() ? "" : path + ".") + std::string(name.data(), name.size()));
    return;
  }
  json::object row{{"name", path}, {"value", *value}};
  std::string because;
  for (const auto& [name, inner] : *object) {
    if (name == "confidence" || name == "took_us") {
      row[name] = inner;
    } else if (name != "value" && name != "score" && name != "scores") {
      const auto text = text_of(inner);
      if (text != "-" && text != "{}") because += (because.empty() ? "" : "; ") + text;
    }
  }
  if (!because.empty()) row["because"] = because;
  rows.push_back(std::move(row));
}

std::string signal_table(const json::value& answer, const table_style& style) {
  const auto* signals = member(answer, "signals");
  json::array rows;
  if (signals != nullptr && signals->is_object()) add_signals(rows, *signals, {});
  if (rows.empty()) return {};
  return "\n" + tabulate(rows,
                         {text("SIGNAL", "name"), text("VALUE", "value"), number("CONFIDENCE", "confidence", 2), duration("TOOK", "took_us", 1),
                          text("BECAUSE", "because")},
                         style, "");
}

std::string stage_table(const json::value& answer, const table_style& style) {
  return "\n" + tabulate(list_of(answer, "stages"),
                         {text("STAGE", "name"), text("VERDICT", "verdict"), duration("TOOK", "took_us", 1), text("REASON", "reason")}, style,
                         "no stages");
}

std::string join_provider_model(const json::value& row) {
  const auto provider = text_at(row, "provider");
  const auto model = text_at(row, "model");
  return provider == "-" && model == "-" ? "-" : provider + "/" + model;
}

cell parked_cell(const json::value& row) {
  const auto* parked = member(row, "parked");
  if (parked == nullptr || !parked->is_bool()) return {"-"};
  if (!parked->get_bool()) return {"no", tone::faint};
  const auto left = number_at(row, "parked_ms");
  return {text_at(row, "parked_for") + (left ? " " + short_duration(*left * 1000) : ""), tone::warning};
}

std::vector<field> decision_fields() {
  return {{"TIME", [](const json::value& d) { return cell{clock_of(text_at(d, "at")), tone::faint}; }},
          text("REQUEST", "request_id"),
          {"STATUS", status_cell, true},
          text("ROUTE", "route"),
          {"TARGET", [](const json::value& d) { return cell{join_provider_model(d)}; }},
          text("KEY", "key"),
          {"TRIES", [](const json::value& d) {
             const auto* attempts = member(d, "attempts");
             if (attempts == nullptr) return cell{"-"};
             return cell{attempts->is_array() ? std::to_string(attempts->get_array().size()) : text_of(*attempts)};
           }, true},
          duration("TOOK", "duration_us", 1),
          text("COST USD", "cost_usd"),
          text("REASON", "reason")};
}

std::string spaced_kinds(const json::value& route) {
  std::string out;
  for (const auto& stage : list_of(route, "stages")) {
    if (!out.empty()) out += " > ";
    out += stage.is_string() ? text_of(stage) : text_at(stage, "kind");
  }
  return out.empty() ? "-" : out;
}

// Targets come as names or as {"target","weight"}.
std::string target_names(const json::value& route, std::string_view path) {
  std::string out;
  for (const auto& target : list_of(route, path)) {
    if (!out.empty()) out += ", ";
    const auto name = target.is_object() ? text_at(target, "target") : text_of(target);
    const auto weight = target.is_object() ? number_at(target, "weight") : std::nullopt;
    out += weight && *weight != 1 ? name + " (" + short_number(*weight) + ")" : name;
  }
  return out.empty() ? "-" : out;
}

}  // namespace

std::string show_status(const json::value& answer, const table_style& style) {
  std::string out = facts(answer, {{"node", "node"}, {"version", "version"}, {"region", "region"}});
  if (const auto uptime = number_at(answer, "uptime_s")) out += "up       " + short_duration(*uptime * 1e6) + "\n";
  out += facts(answer, {{"clients", "connections"}, {"yard", "yard_version"}});
  if (const auto* usable = member(answer, "keys_usable"))
    out += "keys     " + text_of(*usable) + " of " + text_at(answer, "keys") + " usable\n";
  const auto& nodes = list_of(answer, "nodes");
  if (nodes.size() > 1)
    out = tabulate(nodes, {text("NODE", "node"), text("VERSION", "version"), text("REGION", "region"), duration("UP", "uptime_s", 1e6), number("CLIENTS", "connections"),
                           number("YARD", "yard_version"), number("KEYS", "keys"), number("USABLE", "keys_usable")}, style, "");
  out += config_problems(nodes.empty() ? json::array{answer} : nodes, "node");
  return out + "\n" + tabulate_list(answer, "actors",
                               {text("ACTOR", "name"), text("KIND", "kind"), number("MAILBOX", "mailbox"), text("STATE", "state")},
                               style, "no actors");
}

std::string show_nodes(const json::value& answer, const table_style& style) {
  std::vector<field> fields{text("NODE", "name"), text("STATE", "state")};
  if (some_have(list_of(answer, "nodes"), "incarnation"))            // in a cluster
    fields.insert(fields.end(), {text("ADDRESS", "address"), text("INCARNATION", "incarnation"), duration("ROUND TRIP", "round_trip_ms", 1e3)});
  fields.insert(fields.end(), {text("REGION", "region"), text("VERSION", "version"), duration("UP", "uptime_s", 1e6)});
  return tabulate_list(answer, "nodes", std::move(fields), style, "no nodes") + config_problems(list_of(answer, "nodes"), "name");
}

std::string show_keys(const json::value& answer, const table_style& style) {
  return tabulate_list(
      answer, "keys",
      {text("PROVIDER", "provider"), text("KEY", "key"), text("REGION", "region"), number("WEIGHT", "weight"),
       number("EFFECTIVE", "effective_weight"), breaker("BREAKER", "breaker"), {"PARKED", parked_cell},
       {"IN FLIGHT", [](const json::value& k) { return cell{with_limit(text_at(k, "in_flight"), text_at(k, "max_in_flight"))}; }, true},
       {"LATENCY", [](const json::value& k) {
          const auto latency = number_at(k, "latency_ms");
          return cell{latency && *latency > 0 ? short_duration(*latency * 1000) : "-"};
        }, true},
       {"SUCCESS", success_cell, true},
       number("CALLS", "calls"), number("FAILED", "failures"), number("429S", "rate_limited"),
       number("RPM LEFT", "rpm.remaining", 0), number("TPM LEFT", "tpm.remaining", 0), text("MODELS", "models")},
      style, "no keys");
}

std::string show_breakers(const json::value& answer, const table_style& style) {
  return tabulate_list(
      answer, "breakers",
      {text("PROVIDER", "provider"), text("KEY", "key"), breaker("STATE", "state"),
       {"TRY IN", [](const json::value& b) {
          const auto left = number_at(b, "open_in_ms");
          return cell{left && *left > 0 ? short_duration(*left * 1000) : "-"};
        }, true},
       duration("OPENS FOR", "open_for_ms", 1000), number("OPENINGS", "openings"), number("CALLS", "window.calls"),
       number("FAILED", "window.failures"),
       {"RATE", [](const json::value& b) {
          const auto rate = number_at(b, "window.failure_rate");
          return cell{rate ? percent(*rate) : "-"};
        }, true},
       number("TIMEOUTS", "window.timeouts"), number("CONNECT", "window.connect_failures")},
      style, "no breakers");
}

std::string show_limits(const json::value& answer, const table_style& style) {
  return tabulate_list(answer, "limits",
                  {text("SCOPE", "scope"), text("PROVIDER", "provider"), text("NAME", "name"), text("KIND", "kind"),
                   number("LIMIT", "limit"), number("USED", "used"), number("LEFT", "remaining"), text("RESETS", "resets_at")},
                  style, "no limits are configured");
}

std::string show_routes(const json::value& answer, const table_style& style) {
  return tabulate(list_of(answer, "routes"),
                  {text("ROUTE", "name"), text("ALIASES", "aliases"), text("STRATEGY", "strategy"),
                   {"STAGES", [](const json::value& r) { return cell{spaced_kinds(r)}; }},
                   {"TARGETS", [](const json::value& r) { return cell{target_names(r, "targets")}; }},
                   {"FALLBACKS", [](const json::value& r) { return cell{target_names(r, "fallbacks")}; }}},
                  style, "no routes");
}

std::string show_decisions(const json::value& answer, const table_style& style) {
  return tabulate(list_of(answer, "decisions"), decision_fields(), style, "no decisions yet");
}

std::string show_decision_line(const json::value& decision, const table_style& style) {
  constexpr std::size_t widths[] = {12, 36, 6, 10, 28, 16, 5, 8, 11, 0};   // of decision_fields(); longer texts push on
  std::string out;
  std::size_t index = 0;
  for (const auto& f : decision_fields()) {
    auto [content, mood] = f.read(decision);
    content = printable(content);
    const std::size_t taken = display_width(content);
    const std::string padding(widths[index] > taken ? widths[index] - taken : 0, ' ');
    if (index++ != 0) out += "  ";
    out += f.right ? padding + painted(content, mood, style.colour) : painted(content, mood, style.colour) + padding;
  }
  return out + "\n";
}

std::string show_trace(const json::value& decision, const table_style& style) {
  std::string out = facts(decision, {{"request", "request_id"}, {"at", "at"}, {"operation", "operation"},
                                     {"asked for", "requested_model"}, {"route", "route"}, {"virtual key", "virtual_key"},
                                     {"status", "status"}, {"outcome", "outcome"}, {"error", "error_code"},
                                     {"reason", "reason"}, {"input tokens", "input_tokens"},
                                     {"output tokens", "output_tokens"}, {"cost usd", "cost_usd"}});
  for (const auto& [name, path] : {std::pair{"took", "duration_us"}, {"overhead", "overhead_us"}, {"first token", "first_token_us"}})
    if (const auto value = number_at(decision, path)) {
      const std::string title = name;
      out += title + std::string(15 - title.size(), ' ') + short_duration(*value) + "\n";
    }
  if (member(decision, "stages") != nullptr) out += signal_table(decision, style) + stage_table(decision, style);
  return out + "\n" + tabulate(list_of(decision, "attempts"),
                               {{"TARGET", [](const json::value& a) { return cell{join_provider_model(a)}; }}, text("KEY", "key"),
                                text("RESULT", "result"), {"STATUS", status_cell, true}, duration("FIRST BYTE", "first_byte_us", 1),
                                duration("TOOK", "duration_us", 1), text("PROBLEM", "problem")},
                               style, "no provider was called");
}

std::string show_explanation(const json::value& answer, const table_style& style) {
  std::string out = facts(answer, {{"route", "route"}, {"target", "target"}, {"reason", "reason"},
                                   {"input tokens", "estimate.input_tokens"}, {"output tokens", "estimate.output_tokens"},
                                   {"cost usd", "estimate.cost_usd"}, {"prices from", "estimate.prices"}});
  out += signal_table(answer, style) + stage_table(answer, style);
  out += "\n" + tabulate(list_of(answer, "candidates"),
                         {{"CANDIDATE", [](const json::value& c) { return cell{join_provider_model(c)}; }}, text("KEY", "key"),
                          number("WEIGHT", "weight", 3),
                          {"EXCLUDED BECAUSE", [](const json::value& c) {
                             const auto why = text_at(c, "excluded_because");
                             return why == "-" ? cell{why, tone::faint} : cell{why, tone::warning};
                           }}},
                         style, "no candidates");
  return out;
}

std::string show_virtual_keys(const json::value& answer, const table_style& style) {
  return tabulate(list_of(answer, "virtual_keys"),
                  {text("NAME", "name"),
                   {"STATE", [](const json::value& k) {
                      const auto state = text_at(k, "state");
                      return cell{state, state == "active" ? tone::good : state == "-" ? tone::faint : tone::bad};
                    }},
                   text("PARENT", "parent"), text("MODELS", "models"), text("ROUTES", "routes"), number("RPM", "rpm.limit", 0),
                   number("RPM LEFT", "rpm.remaining", 0), number("TPM", "tpm.limit", 0), number("TPM LEFT", "tpm.remaining", 0),
                   {"BUDGET", [](const json::value& k) {
                      const auto* usd = member(k, "budget.usd");
                      return cell{usd == nullptr ? "-" : text_of(*usd) + " USD/" + text_at(k, "budget.period")};
                    }},
                   text("SPENT", "budget.spent_usd"), text("LEFT", "budget.remaining_usd"), text("RESETS", "budget.resets_at"),
                   text("EXPIRES", "expires"), text("TAGS", "tags")},
                  style, "there are no virtual keys: any credential is accepted");
}

std::string show_members(const json::value& answer, const table_style&) { return indented_json(answer) + "\n"; }

std::string show_savings(const json::value& answer, const table_style& style) {
  json::array rows = list_of(answer, "routes");
  if (const auto* total = member(answer, "total"); total != nullptr && total->is_object() && !rows.empty()) {
    json::object last = total->get_object();
    last["route"] = "total";
    rows.push_back(std::move(last));
  }
  auto out = facts(answer, {{"from", "from"}, {"to", "to"}});
  return out + tabulate(rows,
                        {text("ROUTE", "route"), text("BASELINE", "baseline"), number("REQUESTS", "requests"),
                         {"COST USD", [](const json::value& r) { return cell{text_at(r, "cost_usd")}; }, true},
                         {"BASELINE USD", [](const json::value& r) { return cell{text_at(r, "baseline_usd")}; }, true},
                         {"SAVED USD", [](const json::value& r) { return cell{text_at(r, "saved_usd")}; }, true},
                         {"BY ROUTING", [](const json::value& r) { return cell{text_at(r, "saved_by.routing")}; }, true},
                         {"BY CACHE", [](const json::value& r) { return cell{text_at(r, "saved_by.cache")}; }, true},
                         {"BY CASCADE", [](const json::value& r) { return cell{text_at(r, "saved_by.cascade")}; }, true}},
                        style, "nothing to compare with: give a route a baseline (routes: [{name, baseline: provider/model}])") + missing_nodes(answer);
}

std::string show_spend(const json::value& answer, const table_style& style) {
  json::array rows = list_of(answer, "groups");
  if (const auto* total = member(answer, "total"); total != nullptr && total->is_object() && !rows.empty()) {
    json::object last = total->get_object();
    last["name"] = "total";
    rows.push_back(std::move(last));
  }
  auto by = text_at(answer, "by");
  for (char& c : by) c = c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  auto out = facts(answer, {{"from", "from"}, {"to", "to"}});
  return out + tabulate(rows,
                        {text(by == "-" ? "NAME" : by, "name"), number("REQUESTS", "requests"), number("ERRORS", "errors"),
                         number("INPUT", "input_tokens"), number("OUTPUT", "output_tokens"), number("CACHED", "cached_tokens"),
                         {"COST USD", [](const json::value& r) { return cell{text_at(r, "cost_usd")}; }, true},
                         number("UNPRICED", "unpriced")},
                        style, "nothing was spent yet") + missing_nodes(answer);
}

std::string error_message_of(std::string_view body) {
  boost::system::error_code problem;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), problem);
  if (problem) return {};
  for (const auto* path : {"error.message", "error", "message"}) {
    const auto* found = member(parsed, path);
    if (found != nullptr && found->is_string()) return printable(text_of(*found));
  }
  return {};
}

}  // namespace switchyard::ctl
