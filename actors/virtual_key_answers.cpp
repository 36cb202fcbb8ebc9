#include "actors/virtual_key_answers.hpp"

#include "config/budget_periods.hpp"
#include "config/units.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

constexpr std::string_view prefix = "/admin/v1/virtual-keys/";
constexpr std::string_view rotate_suffix = "/rotate";

json::array strings(const std::vector<std::string>& all) {
  json::array out;
  for (const auto& one : all) out.emplace_back(one);
  return out;
}

json::value limit_value(const std::shared_ptr<routing::rate_limit>& limit, steady_time now) {
  if (!limit) return json::object{{"limit", nullptr}, {"remaining", nullptr}};
  return json::object{{"limit", limit->limit()}, {"remaining", limit->remaining(now)}};
}

json::value time_value(const std::optional<wall_time>& at) { return at ? json::value(config::format_time(*at)) : json::value(nullptr); }

json::value budget_value(const routing::virtual_key_entry& key, wall_time at) {
  if (!key.money || !key.config.budget) return nullptr;
  const auto now = key.money->look(at);
  return json::object{{"usd", key.config.budget->usd},
                      {"period", config::to_string(now.under.period)},
                      {"mode", config::to_string(key.config.budget->mode)},
                      {"spent_usd", format_usd(now.spent)},
                      {"reserved_usd", format_usd(now.reserved)},
                      {"remaining_usd", format_usd(now.remaining)},
                      {"resets_at", time_value(now.resets)},
                      {"unpriced_requests", now.unpriced}};
}

std::string_view state_of(const routing::virtual_key_entry& key, wall_time at) {
  if (key.revoked) return "revoked";
  if (key.config.expires && at >= *key.config.expires) return "expired";
  return key.refusal(at).empty() ? "active" : "parent_refused";
}

json::object object_of(const routing::virtual_key_entry& key, steady_time now, wall_time at) {
  json::object tags;
  for (const auto& [name, value] : key.config.tags) tags[name] = value;
  return {{"name", key.config.name},
          {"source", key.declared ? "config" : "api"},
          {"state", state_of(key, at)},
          {"parent", key.config.parent.empty() ? json::value(nullptr) : json::value(key.config.parent)},
          {"models", strings(key.config.models)},
          {"routes", strings(key.config.routes)},
          {"tags", std::move(tags)},
          {"rpm", limit_value(key.requests, now)},
          {"tpm", limit_value(key.tokens, now)},
          {"budget", budget_value(key, at)},
          {"expires", time_value(key.config.expires)},
          {"created", key.declared ? json::value(nullptr) : json::value(config::format_time(key.created))},
          {"rotated", time_value(key.rotated)},
          {"old_key_until", time_value(key.before_until && at < *key.before_until ? key.before_until : std::nullopt)},
          {"revoked", time_value(key.revoked)}};
}

admin_answer problem_of(const error& what) {
  const auto status = http_status(what);
  const auto code = status == 404 ? std::string_view("not_found") : status == 409 ? std::string_view("conflict") : to_string(what.code);
  const bool about_field = !what.param.empty() && status == 400;
  return problem_answer(status, code, about_field ? what.param + ": " + what.message : what.message);
}

}  // namespace

std::string virtual_keys_json(const routing::yard& yard, steady_time now, wall_time at) {
  json::array rows;
  if (yard.virtual_keys)
    for (const auto& key : yard.virtual_keys->all()) rows.push_back(object_of(*key, now, at));
  return json::serialize(json::object{{"required", yard.virtual_keys && yard.virtual_keys->required()}, {"virtual_keys", std::move(rows)}});
}

admin_answer virtual_key_answer(const routing::yard& yard, std::string_view path, steady_time now, wall_time at) {
  const auto key = path.starts_with(prefix) && yard.virtual_keys ? yard.virtual_keys->named(path.substr(prefix.size())) : nullptr;
  if (!key) return problem_answer(404, "not_found", "there is no such virtual key");
  return {200, "application/json", json::serialize(object_of(*key, now, at))};
}

admin_answer virtual_key_changed_answer(const routing::virtual_key_entry& key, const std::string& shown_once, steady_time now, wall_time at, int status) {
  json::object body{{"virtual_key", object_of(key, now, at)}};
  if (!shown_once.empty()) body["key"] = shown_once;
  return {status, "application/json", json::serialize(body)};
}

virtual_key_asked virtual_key_change(const virtual_key_book& book, const admin_question& question, wall_time now) {
  virtual_key_asked out;
  const auto take = [&](result<virtual_key_book::change> made, std::string_view what) {
    out.what = what;
    if (made)
      out.change = *std::move(made);
    else
      out.refusal = problem_of(made.failure());
  };
  const std::string_view path = question.path;
  if (!path.starts_with(prefix)) {
    take(book.make(question.body, fresh_random_bytes(), now), "created");
    return out;
  }
  const auto rest = path.substr(prefix.size());
  if (question.method == "POST") {
    if (!rest.ends_with(rotate_suffix)) {
      out.refusal = problem_answer(405, "method_not_allowed", "a virtual key takes GET, PUT, PATCH and DELETE; its /rotate takes POST");
      return out;
    }
    take(book.rotate(std::string(rest.substr(0, rest.size() - rotate_suffix.size())), question.body, fresh_random_bytes(), now), "rotated");
    return out;
  }
  const std::string name(rest);
  if (question.method == "DELETE")
    take(book.revoke(name, now), "revoked");
  else
    take(book.update(name, question.body, question.method == "PUT" ? virtual_key_book::body_is::whole : virtual_key_book::body_is::part), "updated");
  return out;
}

}  // namespace switchyard::actors
