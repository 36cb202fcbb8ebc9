// vkeys create, update, revoke, rotate: through the node.
#include "config/units.hpp"
#include "tools/switchyardctl/commands.hpp"
#include "tools/switchyardctl/json_text.hpp"
#include "tools/switchyardctl/views.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace switchyard::ctl {

namespace json = boost::json;

namespace {

constexpr std::string_view place = "/admin/v1/virtual-keys";

json::array split(const std::vector<std::string>& given) {
  json::array out;
  for (const auto& one : given)
    for (std::string_view rest = one; !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      if (end > 0) out.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  return out;
}

/// "30d" from now, or a time as it is.
std::string expiry_of(const std::string& given) {
  const auto after = config::parse_duration(given);
  return after ? config::format_time(wall_now() + *after) : given;
}

/// What was given of it; nullopt: something is wrong, and the user was told.
std::optional<json::object> body_of(const virtual_key_question& asked) {
  json::object body;
  if (asked.parent) body["parent"] = *asked.parent;
  if (asked.rpm) body["rpm"] = *asked.rpm;
  if (asked.tpm) body["tpm"] = *asked.tpm;
  if (!asked.models.empty()) body["models"] = split(asked.models);
  if (!asked.routes.empty()) body["routes"] = split(asked.routes);
  if (asked.budget) {
    json::object budget{{"usd", *asked.budget}};
    if (!asked.period.empty()) budget["period"] = asked.period;
    if (!asked.mode.empty()) budget["mode"] = asked.mode;
    body["budget"] = std::move(budget);
  } else if (!asked.period.empty() || !asked.mode.empty()) {
    complain("--period and --mode are a budget's: give --budget USD with them");
    return std::nullopt;
  }
  if (!asked.expires.empty()) body["expires"] = expiry_of(asked.expires);
  if (!asked.tags.empty()) {
    json::object tags;
    for (const auto& tag : asked.tags) {
      const auto equals = tag.find('=');
      if (equals == std::string::npos || equals == 0) {
        complain("--tag " + tag + ": expected NAME=VALUE");
        return std::nullopt;
      }
      tags[tag.substr(0, equals)] = tag.substr(equals + 1);
    }
    body["tags"] = std::move(tags);
  }
  for (const auto& what : asked.without) {
    if (what == "budget" || what == "expires")
      body[what] = nullptr;
    else if (what == "parent")
      body[what] = "";
    else if (what == "rpm" || what == "tpm")
      body[what] = 0;
    else if (what == "tags")
      body[what] = json::object{};
    else
      body[what] = json::array{};
  }
  return body;
}

int tell(const console& c, const result<admin_reply>& asked, const std::string& done) {
  const auto answer = json_answer(asked);
  if (!answer) return failed;
  if (c.json) {
    print(json::serialize(*answer) + "\n");
    return fine;
  }
  print(done + "\n");
  if (const auto* key = member(*answer, "key"); key != nullptr && key->is_string())
    print("\n    " + text_of(*key) + "\n\nIt is shown this once; the node keeps only its hash.\n");
  const auto until = text_at(*answer, "virtual_key.old_key_until");
  if (until != "-") print("The key before is taken until " + until + ".\n");
  return fine;
}

}  // namespace

int virtual_key_create(const console& c, const virtual_key_question& asked) {
  auto body = body_of(asked);
  if (!body) return wrong_usage;
  (*body)["name"] = asked.name;
  return tell(c, c.client.ask("POST", place, json::serialize(*body)), "virtual key " + asked.name + " was made:");
}

int virtual_key_update(const console& c, const virtual_key_question& asked) {
  const auto body = body_of(asked);
  if (!body) return wrong_usage;
  if (body->empty()) {
    complain("nothing to change was given");
    return wrong_usage;
  }
  return tell(c, c.client.ask("PATCH", std::string(place) + "/" + percent_encoded(asked.name), json::serialize(*body)), "virtual key " + asked.name + " was changed");
}

int virtual_key_revoke(const console& c, const std::string& name) {
  return tell(c, c.client.ask("DELETE", std::string(place) + "/" + percent_encoded(name)), "virtual key " + name + " is revoked; it is refused from now on");
}

int virtual_key_rotate(const console& c, const std::string& name, const std::string& grace) {
  json::object body;
  if (!grace.empty()) body["grace"] = grace;
  return tell(c, c.client.ask("POST", std::string(place) + "/" + percent_encoded(name) + "/rotate", json::serialize(body)), "virtual key " + name + " has a new value:");
}

}  // namespace switchyard::ctl
