#include "tools/switchyardctl/commands.hpp"

#include "config/load.hpp"
#include "tools/switchyardctl/json_text.hpp"
#include "tools/switchyardctl/views.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

namespace switchyard::ctl {

namespace json = boost::json;

namespace {

std::optional<json::value> parsed(std::string_view text) {
  boost::system::error_code problem;
  auto value = json::parse(json::string_view(text.data(), text.size()), problem);
  if (problem) return std::nullopt;
  return value;
}

// Says what is wrong with an answer and what to do about it.
void complain_about(const admin_reply& reply) {
  const auto said = error_message_of(reply.body);
  if (reply.status == 401)
    return complain((said.empty() ? "the admin API wants a token" : said) + "; give --token or set SWITCHYARD_ADMIN_TOKEN");
  if (!said.empty()) return complain(said);
  complain("the node answered HTTP " + std::to_string(reply.status) +
           (reply.status == 404 ? "; does --url name its admin address, and is it of this version?" : ""));
}

std::optional<admin_reply> answer_of(const result<admin_reply>& asked) {
  if (!asked) {
    complain(asked.failure().message);
    return std::nullopt;
  }
  if (asked->status < 200 || asked->status > 299) {
    complain_about(*asked);
    return std::nullopt;
  }
  return *asked;
}

std::optional<json::value> json_of(const admin_reply& reply) {
  auto value = parsed(reply.body);
  if (!value) complain("the node's answer is not JSON; does --url name its admin address?");
  return value;
}

int print_answer(const console& c, const result<admin_reply>& asked, view as_table) {
  const auto reply = answer_of(asked);
  if (!reply) return failed;
  const auto value = json_of(*reply);
  if (!value) return failed;
  print(c.json ? reply->body + (reply->body.ends_with('\n') ? "" : "\n") : as_table(*value, c.style));
  return fine;
}

// The route to explain when none was named; "" when there is none.
std::string usual_route(const json::value& answer) {
  std::string first;
  for (const auto& route : list_of(answer, "routes")) {
    const auto name = text_at(route, "name");
    if (name == "auto") return name;
    if (first.empty() && name != "direct" && name != "-") first = name;
  }
  return first;
}

// A chat body of the prompt, or the given body with the model filled in.
json::value chat_body(const std::string& prompt) {
  auto given = parsed(prompt);
  if (given && given->is_object() && given->get_object().contains("messages")) return std::move(*given);
  return json::object{{"messages", json::array{json::object{{"role", "user"}, {"content", prompt}}}}};
}

}  // namespace

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::optional<json::value> json_answer(const result<admin_reply>& asked) {
  const auto reply = answer_of(asked);
  return reply ? json_of(*reply) : std::nullopt;
}

void complain(std::string_view message) { std::cerr << "switchyardctl: " << printable(message) << "\n"; }

int show(const console& c, const std::string& path, view as_table) {
  return print_answer(c, c.client.ask("GET", path), as_table);
}

int decisions(const console& c, int limit, bool follow) {
  const std::string path = "/admin/v1/decisions?limit=" + std::to_string(limit);
  if (!follow) return show(c, path, show_decisions);

  const auto reply = answer_of(c.client.ask("GET", path));
  if (!reply) return failed;
  const auto newest_first = json_of(*reply);
  if (!newest_first) return failed;
  const auto show_one = [&](const json::value& decision) {
    print(c.json ? json::serialize(decision) + "\n" : show_decision_line(decision, c.style));
  };
  const auto& past = list_of(*newest_first, "decisions");
  for (auto one = past.rbegin(); one != past.rend(); ++one) show_one(*one);

  const auto ended = c.client.follow("/admin/v1/events", [&](const std::string& data) {
    const auto event = parsed(data);
    if (!event || text_at(*event, "type") != "decision") return;
    const auto* inner = member(*event, "decision");
    show_one(inner != nullptr && inner->is_object() ? *inner : *event);
  });
  if (answer_of(ended)) complain("the node ended the stream");
  return failed;
}

int explain(const console& c, const explain_question& question) {
  std::string prompt = question.prompt;
  if (prompt == "-") prompt.assign(std::istreambuf_iterator<char>(std::cin), {});
  auto body = chat_body(prompt);
  auto& members = body.get_object();
  if (!question.model.empty()) members["model"] = question.model;
  if (!members.contains("model")) {
    const auto reply = answer_of(c.client.ask("GET", "/admin/v1/routes"));
    if (!reply) return failed;
    const auto routes = json_of(*reply);
    if (!routes) return failed;
    const auto route = usual_route(*routes);
    if (route.empty()) {
      complain("no route is configured; name a model with --model provider/model");
      return wrong_usage;
    }
    members["model"] = route;
  }
  return print_answer(c, c.client.ask("POST", "/admin/v1/explain", json::serialize(body)), show_explanation);
}

int drain(const console& c, const std::string& node) {
  json::object body;
  if (!node.empty()) body["node"] = node;
  const auto reply = answer_of(c.client.ask("POST", "/admin/v1/drain", json::serialize(body)));
  if (!reply) return failed;
  print(c.json ? reply->body + "\n" : "draining: /readyz answers 503 so that load balancers move on; requests are still served until the node is stopped\n");
  return fine;
}

int cache_clear(const console& c, const cleared_part& part) {
  std::string path = "/admin/v1/cache";
  char before = '?';
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"route", part.route}, {"virtual_key", part.virtual_key}, {"tag", part.tag}})
    if (!value.empty()) path += std::exchange(before, '&') + std::string(name) + "=" + percent_encoded(value);
  return print_answer(c, c.client.ask("DELETE", path), [](const json::value& answer, const table_style&) {
    const auto* members = answer.if_object();
    const auto* count = members != nullptr ? members->if_contains("cleared") : nullptr;
    return "cleared " + (count != nullptr ? json::serialize(*count) : std::string("0")) + " answers\n";
  });
}

int config_show(const console& c) {
  return print_answer(c, c.client.ask("GET", "/admin/v1/config"), show_members);
}

int config_apply(const console& c, const std::string& file, const std::string& version) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) {
    std::cerr << "switchyardctl: " << printable(file) << " cannot be read\n";
    return wrong_usage;
  }
  const auto path = "/admin/v1/config" + (version.empty() ? std::string() : "?version=" + percent_encoded(version));
  return print_answer(c, c.client.ask("PUT", path, text), [](const json::value& answer, const table_style&) {
    std::string out = "in force on this node and a majority: version " + text_at(answer, "version") + "\n";
    std::string own;
    for (const auto& name : list_of(answer, "passed_over")) own += (own.empty() ? "" : ", ") + text_of(name);
    if (!own.empty()) out += "each node keeps its own " + own + "\n";
    return out;
  });
}

int config_check(const std::string& file, bool as_json) {
  const auto loaded = config::load_file(file, config::process_environment());
  const auto warnings = config::file_warnings(file);
  if (as_json) {
    const auto rows = [](const std::vector<config::problem>& all) {
      json::array out;
      for (const auto& p : all)
        out.push_back(json::object{{"file", p.file}, {"line", p.at.line}, {"column", p.at.column}, {"key", p.key}, {"message", p.message}});
      return out;
    };
    print(json::serialize(json::object{{"ok", loaded.value.has_value()}, {"problems", rows(loaded.problems)}, {"warnings", rows(warnings)}}) + "\n");
    return loaded.value ? fine : wrong_usage;
  }
  for (const auto& p : warnings) std::cerr << "warning: " << printable(p.to_string()) << "\n";
  for (const auto& p : loaded.problems) std::cerr << printable(p.to_string()) << "\n";
  if (!loaded.value) return wrong_usage;
  const auto counted = [](std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  std::size_t keys = 0;
  for (const auto& provider : loaded.value->providers) keys += provider.keys.size();
  print(file + ": fine: " + counted(loaded.value->providers.size(), "provider") + ", " + counted(keys, "key") + ", " +
        counted(loaded.value->routes.size(), "route") + ", " + counted(loaded.value->virtual_keys.size(), "virtual key") + "\n");
  return fine;
}

int config_schema() {
  const auto schema = config::json_schema();
  const auto value = parsed(schema);
  print((value ? indented_json(*value) : schema) + "\n");
  return fine;
}

int config_example() {
  print(config::example_yaml());
  return fine;
}

}  // namespace switchyard::ctl
