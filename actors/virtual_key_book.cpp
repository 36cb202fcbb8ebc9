#include "actors/virtual_key_book.hpp"

#include "config/reading.hpp"
#include "config/units.hpp"
#include "config/virtual_keys.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <sys/random.h>

#include <algorithm>
#include <stdexcept>

namespace switchyard::actors {

namespace {

constexpr std::size_t most_made = 100'000;
constexpr milliseconds longest_grace = std::chrono::hours(24 * 365);

error conflict(std::string message, std::string param = {}) {
  auto what = client_error(error_code::invalid_request, std::move(message), std::move(param));
  what.status = 409;
  return what;
}

error unknown_key(const std::string& name) {
  auto what = client_error(error_code::invalid_request, "there is no virtual key " + config::in_quotes(name), "name");
  what.status = 404;
  return what;
}

routing::budget::terms terms_of(const config::budget_config& from) { return {usd_to_nano(from.usd), from.period}; }

}  // namespace

virtual_key_book::virtual_key_book(std::vector<storage::stored_virtual_key> made, const routing::virtual_key_set* published, spent_lookup spent)
    : spent_(std::move(spent)) {
  for (auto& key : made) take(std::move(key));
  if (published == nullptr) return;
  for (const auto& key : published->all()) live_[key->config.name] = {key->requests, key->tokens, key->money};
}

void virtual_key_book::take(storage::stored_virtual_key key) {
  auto name = key.terms.name;
  made_.insert_or_assign(std::move(name), std::move(key));
}

const storage::stored_virtual_key* virtual_key_book::made(const std::string& name) const noexcept {
  const auto found = made_.find(name);
  return found == made_.end() ? nullptr : &found->second;
}

// -- checks -----------------------------------------------------------------------------------------------------------

const config::virtual_key_config* virtual_key_book::find(const std::string& name) const noexcept {
  if (declared_)
    for (const auto& key : declared_->virtual_keys)
      if (key.name == name) return &key;
  const auto made = made_.find(name);
  return made == made_.end() || made->second.revoked ? nullptr : &made->second.terms;
}

std::optional<std::string> virtual_key_book::problem_with(const config::config& next) const {
  for (const auto& key : next.virtual_keys) {
    const auto same_name = made_.find(key.name);
    if (same_name != made_.end() && !same_name->second.revoked)
      return "virtual_keys: " + config::in_quotes(key.name) + " is already the name of a key that the admin API made; revoke that one or choose another name";
    const auto digest = sha256(key.key.reveal());
    for (const auto& [name, made] : made_)
      if (!key.key.empty() && made.digest == digest)
        return "virtual_keys: " + config::in_quotes(key.name) + " has the value of " + config::in_quotes(name) + ", which the admin API made";
  }
  return std::nullopt;
}

std::optional<error> virtual_key_book::check(const config::virtual_key_config& key) const {
  if (declared_) {
    for (const auto& route : key.routes) {
      const auto is_it = [&](const auto& known) { return known.name == route; };
      if (route != "direct" && std::none_of(declared_->routes.begin(), declared_->routes.end(), is_it))
        return client_error(error_code::invalid_request, "no route " + config::in_quotes(route) + " is configured", "routes");
    }
    for (const auto& pattern : key.models) {
      const auto slash = pattern.find('/');
      if (slash == std::string::npos) continue;  // the model's own name at any provider
      const auto is_it = [&](const auto& known) { return known.name == std::string_view(pattern).substr(0, slash); };
      if (std::none_of(declared_->providers.begin(), declared_->providers.end(), is_it))
        return client_error(error_code::invalid_request, "no provider " + config::in_quotes(pattern.substr(0, slash)) + " is configured", "models");
    }
  }
  const auto wide = config::check_parent(key, [this](const std::string& name) { return find(name); });
  if (wide) return client_error(error_code::invalid_request, wide->message, wide->field);
  return std::nullopt;
}

result<const storage::stored_virtual_key*> virtual_key_book::changeable(const std::string& name) const {
  if (declared_)
    for (const auto& key : declared_->virtual_keys)
      if (key.name == name) return conflict("virtual key " + config::in_quotes(name) + " is declared in the config: change it there", "name");
  const auto made = made_.find(name);
  if (made == made_.end()) return unknown_key(name);
  if (made->second.revoked) return conflict("virtual key " + config::in_quotes(name) + " was revoked at " + config::format_time(*made->second.revoked), "name");
  return &made->second;
}

// -- changes ----------------------------------------------------------------------------------------------------------

result<virtual_key_book::change> virtual_key_book::make(std::string_view body, std::string_view fresh, wall_time now) const {
  auto read = config::read_virtual_key(body, {});
  if (!read.value) return client_error(error_code::invalid_request, read.problem, read.field);
  if (made_.size() >= most_made) return conflict("there are " + std::to_string(most_made) + " virtual keys, revoked ones included, and no room for more");
  const auto& name = read.value->name;
  if (const auto made = made_.find(name); made != made_.end() && made->second.revoked)
    return conflict(config::in_quotes(name) + " was the name of a key that was revoked at " + config::format_time(*made->second.revoked) +
                        "; the ledger knows keys by name, so none is used twice", "name");
  if (find(name) != nullptr) return conflict("there already is a virtual key " + config::in_quotes(name), "name");
  if (read.value->expires && *read.value->expires <= now) return client_error(error_code::invalid_request, "is in the past", "expires");
  if (auto problem = check(*read.value)) return *std::move(problem);
  change out;
  out.shown_once = virtual_key_text(fresh);
  out.key.terms = *std::move(read.value);
  out.key.digest = sha256(out.shown_once);
  out.key.created = now;
  return out;
}

result<virtual_key_book::change> virtual_key_book::update(const std::string& name, std::string_view body, body_is what) const {
  const auto known = changeable(name);
  if (!known) return known.failure();
  config::virtual_key_config into;
  if (what == body_is::part) into = (*known)->terms;
  into.name = name;
  // The name may be left out: it stands in the path.
  auto text = std::string(body);
  boost::system::error_code bad;
  auto parsed = boost::json::parse(text, bad);
  if (!bad && parsed.is_object() && !parsed.get_object().contains("name")) {
    auto& members = parsed.get_object();
    members["name"] = name;
    const auto open = text.find('{');
    text.insert(open + 1, "\"name\":\"" + name + "\"" + (members.size() > 1 ? "," : ""));
  }
  auto read = config::read_virtual_key(text, std::move(into));
  if (!read.value) return client_error(error_code::invalid_request, read.problem, read.field);
  if (read.value->name != name) return client_error(error_code::invalid_request, "a key keeps its name, since the ledger knows it by that", "name");
  if (auto problem = check(*read.value)) return *std::move(problem);
  change out{**known, {}};
  out.key.terms = *std::move(read.value);
  return out;
}

result<virtual_key_book::change> virtual_key_book::rotate(const std::string& name, std::string_view body, std::string_view fresh, wall_time now) const {
  const auto known = changeable(name);
  if (!known) return known.failure();
  milliseconds grace{0};
  if (!body.empty()) {
    boost::system::error_code bad;
    const auto parsed = boost::json::parse(boost::json::string_view(body.data(), body.size()), bad);
    const auto* members = bad ? nullptr : parsed.if_object();
    if (members == nullptr) return client_error(error_code::invalid_json, R"(expected {"grace": "24h"} or nothing)");
    for (const auto& member : *members)
      if (member.key() != "grace") return client_error(error_code::invalid_request, R"(unknown member; expected {"grace": "24h"} or nothing)", std::string(member.key()));
    if (const auto* given = members->if_contains("grace")) {
      const auto parsed_grace = given->is_string() ? config::parse_duration(std::string_view(given->get_string())) : std::nullopt;
      if (!parsed_grace || *parsed_grace > longest_grace)
        return client_error(error_code::invalid_request, "expected a duration such as 10m, 24h or 7d, at most 365d", "grace");
      grace = *parsed_grace;
    }
  }
  change out{**known, virtual_key_text(fresh)};
  out.key.digest_before = out.key.digest;
  out.key.before_until = grace.count() > 0 ? std::optional(now + grace) : std::nullopt;
  out.key.digest = sha256(out.shown_once);
  out.key.rotated = now;
  return out;
}

result<virtual_key_book::change> virtual_key_book::revoke(const std::string& name, wall_time now) const {
  const auto known = changeable(name);
  if (!known) return known.failure();
  change out{**known, {}};
  out.key.revoked = now;
  out.key.before_until = std::nullopt;
  return out;
}

// -- the set ----------------------------------------------------------------------------------------------------------

std::shared_ptr<routing::virtual_key_entry> virtual_key_book::entry_of(const config::virtual_key_config& key, wall_time now) {
  auto entry = std::make_shared<routing::virtual_key_entry>();
  entry->config = key;
  entry->config.key = {};
  auto& live = live_[key.name];
  const auto fresh = [this](std::int64_t per_minute) {
    auto limit = std::make_shared<routing::rate_limit>(per_minute);
    limit->share(shared_);
    return limit;
  };
  if (key.rpm > 0 && !live.requests) live.requests = fresh(key.rpm);
  if (key.tpm > 0 && !live.tokens) live.tokens = fresh(key.tpm);
  if (key.budget && !live.money) {
    live.money = std::make_shared<routing::budget>(key.name, terms_of(*key.budget), spent_(key.name, key.budget->period), now);
    const bool hard = key.budget->mode == config::budget_mode::hard;
    if (shared_) live.money->share(hard ? routing::budget::sharing::hard : routing::budget::sharing::soft);
  }
  if (key.rpm > 0) entry->requests = live.requests;
  if (key.tpm > 0) entry->tokens = live.tokens;
  if (key.budget) entry->money = live.money;
  return entry;
}

std::shared_ptr<const routing::virtual_key_set> virtual_key_book::compile(const config::config* declared, wall_time now) {
  if (declared == nullptr) declared = declared_.get();
  std::vector<std::shared_ptr<routing::virtual_key_entry>> entries;
  std::vector<routing::virtual_key_set::credential> credentials;
  std::map<std::string_view, std::shared_ptr<routing::virtual_key_entry>> by_name;
  if (declared != nullptr)
    for (const auto& key : declared->virtual_keys) {
      if (!key.key.empty()) credentials.push_back({sha256(key.key.reveal()), entries.size(), std::nullopt});
      entries.push_back(entry_of(key, now));
      by_name[entries.back()->config.name] = entries.back();
    }
  for (const auto& [name, key] : made_) {
    if (by_name.contains(name)) continue;        // a revoked one whose name the config has taken over
    auto entry = entry_of(key.terms, now);
    entry->declared = false;
    entry->created = key.created;
    entry->rotated = key.rotated;
    entry->revoked = key.revoked;
    if (!key.revoked) {
      credentials.push_back({key.digest, entries.size(), std::nullopt});
      if (key.before_until && now < *key.before_until) {
        entry->before_until = key.before_until;
        credentials.push_back({key.digest_before, entries.size(), key.before_until});
      }
    }
    entries.push_back(std::move(entry));
    by_name[entries.back()->config.name] = entries.back();
  }
  // A parent that is gone lets nobody below it in: its limits can hold no more.
  const auto gone = std::make_shared<routing::virtual_key_entry>();
  gone->revoked = now;
  for (const auto& entry : entries) {
    if (entry->config.parent.empty()) continue;
    const auto parent = by_name.find(entry->config.parent);
    if (parent != by_name.end()) {
      entry->parent = parent->second;
    } else {
      auto missing = std::make_shared<routing::virtual_key_entry>(*gone);
      missing->config.name = entry->config.parent;
      entry->parent = std::move(missing);
    }
  }
  for (const auto& entry : entries)
    for (const auto* at = static_cast<const routing::virtual_key_entry*>(entry.get()); at != nullptr; at = at->parent.get())
      if (at->money) entry->budgets.push_back(at->money);
  return std::make_shared<const routing::virtual_key_set>(std::vector<std::shared_ptr<const routing::virtual_key_entry>>(entries.begin(), entries.end()),
                                                          credentials);
}

void virtual_key_book::enforce(const routing::virtual_key_set& set, wall_time now) {
  for (const auto& key : set.all()) {
    const auto& terms = key->config;
    if (key->requests) key->requests->set_limit(terms.rpm);
    if (key->tokens) key->tokens->set_limit(terms.tpm);
    if (!key->money || key->money->under() == terms_of(*terms.budget)) continue;
    key->money->configure(terms_of(*terms.budget), [&] { return spent_(terms.name, terms.budget->period); }, now);
  }
}

storage::key_parents virtual_key_book::parents_of(const routing::virtual_key_set& set) {
  storage::key_parents out;
  for (const auto& key : set.all())
    if (!key->config.parent.empty()) out[key->config.name] = key->config.parent;
  return out;
}

// -- values -----------------------------------------------------------------------------------------------------------

std::string virtual_key_text(std::string_view random_bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out = "sy-";
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : random_bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += digits[held >> (bits - 6) & 63];
  }
  if (bits > 0) out += digits[held << (6 - bits) & 63];
  return out;
}

std::string fresh_random_bytes() {
  std::string out(32, '\0');
  if (::getrandom(out.data(), out.size(), 0) != static_cast<ssize_t>(out.size())) throw std::runtime_error("the system gives no random bytes");
  return out;
}

}  // namespace switchyard::actors
