// What a virtual key means for a request: whether it is let in, what of the key's limits and budget it takes, and what marks it carries.
//
//   admit_key -> admit_model (routes, rpm, tpm) -> reserve_money -> top_up (another target that is dearer) -> settle_limits, on every ending
// Whatever limits a key's parents limits the key, too.

#include "actors/request_life.hpp"

#include "config/budget_periods.hpp"
#include "config/units.hpp"
#include "config/virtual_keys.hpp"
#include "routing/worst_cost.hpp"

#include <algorithm>
#include <cstdio>

namespace switchyard::actors {

namespace {

constexpr milliseconds longest_wait_for_money = seconds(2);
constexpr std::int64_t most_tokens = 1'000'000'000;        // of one answer: more is the provider's to refuse
constexpr std::size_t most_request_tags = 16;
constexpr std::string_view tags_header = "x-switchyard-tags";

std::string in_quotes(const std::string& name) { return "'" + name + "'"; }

std::string usd(nano_usd amount) {
  char text[48];
  std::snprintf(text, sizeof text, "$%.6f", static_cast<double>(amount) * 1e-9);
  std::string_view shown(text);
  while (shown.ends_with('0') && shown[shown.size() - 3] != '.') shown.remove_suffix(1);   // cents stay
  return std::string(shown);
}

std::string whose(const routing::budget& which) {
  const auto under = which.under();
  return "the budget of virtual key " + in_quotes(which.owner()) + " (" + usd(under.limit) +
         (under.period == config::budget_period::total ? " in all" : " a " + std::string(config::to_string(under.period))) + ")";
}

error spent(const routing::budget& which, nano_usd worst, wall_time now) {
  const auto figures = which.look(now);
  const auto left = std::max<nano_usd>(0, figures.under.limit - figures.spent);
  std::string message = whose(which);
  message += left == 0 ? " is spent" : " has " + usd(left) + " left, and this request may cost " + usd(worst) + "; ask for fewer tokens (max_tokens)";
  message += figures.resets ? "; it begins again at " + config::format_time(*figures.resets) : "";
  return client_error(error_code::budget_exceeded, std::move(message));
}

error held(const routing::budget& which) {
  auto what = client_error(error_code::rate_limited, "the rest of " + whose(which) + " is held by requests under way; try again when they have ended");
  what.retry_after_s = 1;
  return what;
}

error ownerless(const routing::budget& which) {
  auto what = client_error(error_code::rate_limited, "budget_owner_unavailable: what this node held of " + whose(which) +
                                                         " is used, and the node that gives out the rest cannot be reached; try again later or by another node");
  what.retry_after_s = 1;
  return what;
}

error limited(const routing::virtual_key_entry& key, const routing::rate_limit& limit, std::int64_t amount, std::string_view unit, steady_time now) {
  auto what = client_error(error_code::rate_limited, "the limit of " + std::to_string(limit.limit()) + " " + std::string(unit) +
                                                         " per minute of virtual key " + in_quotes(key.config.name) + " is reached");
  what.retry_after_s = static_cast<int>(std::max<std::int64_t>(1, std::chrono::ceil<seconds>(limit.fits_in(amount, now)).count()));
  return what;
}

bool is_tag_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= config::longest_tag && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

bool is_tag_value(std::string_view text) noexcept {
  return text.size() <= config::longest_tag_value && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

// ---- who asks ----------------------------------------------------------------------------------------------------

std::optional<error> request_life::admit_key(std::string_view credential) {
  const auto* keys = yard_->virtual_keys.get();
  if (keys != nullptr && keys->required()) {
    virtual_key_ = keys->find(credential, record_.at);
    if (virtual_key_ == nullptr) return client_error(error_code::invalid_api_key, "Incorrect API key provided.");
    record_.virtual_key = virtual_key_->config.name;
    if (auto why = virtual_key_->refusal(record_.at); !why.empty()) return client_error(error_code::invalid_api_key, std::move(why));
  }
  const auto given = x_.head().find(tags_header);
  return given.data() == nullptr ? std::nullopt : read_tags(given);
}

/// a=b,c=d. What the key is marked with stands whatever the client says.
std::optional<error> request_life::read_tags(std::string_view given) {
  auto tags = std::make_shared<std::map<std::string, std::string>>();
  const auto refused = [&](const std::string& why) {
    return client_error(error_code::invalid_request, std::string(tags_header) + ": " + why, std::string(tags_header));
  };
  for (auto rest = trimmed(given); !rest.empty();) {
    const auto end = std::min(rest.find(','), rest.size());
    const auto pair = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = pair.find('=');
    if (equals == pair.npos || !is_tag_name(pair.substr(0, equals)) || !is_tag_value(pair.substr(equals + 1)))
      return refused("expected name=value pairs separated by commas: names of up to 64 letters, digits, '.', '_' and '-', values of up to 256 printable characters");
    if (!tags->try_emplace(std::string(pair.substr(0, equals)), pair.substr(equals + 1)).second) return refused("a name stands there twice");
    if (tags->size() > most_request_tags) return refused("at most " + std::to_string(most_request_tags) + " tags are taken");
  }
  if (virtual_key_ != nullptr)
    for (const auto& [name, value] : virtual_key_->config.tags) (*tags)[name] = value;
  tags_ = std::move(tags);
  return std::nullopt;
}

std::optional<error> request_life::admit_model() {
  if (virtual_key_ == nullptr) return std::nullopt;
  if (!virtual_key_->allows_route(record_.route->name))
    return client_error(error_code::model_not_allowed, "this key may not use route '" + record_.route->name + "'", "model");
  const auto now = here_.thread.now();
  const auto tokens = request_.input.tokens() + request_.max_output_tokens;
  const auto* at = virtual_key_;
  std::optional<error> problem;
  for (; at != nullptr && !problem; at = at->parent.get()) {
    if (at->requests && !at->requests->reserve(1, now)) {
      problem = limited(*at, *at->requests, 1, "requests", now);
    } else if (at->tokens && !at->tokens->reserve(tokens, now)) {
      if (at->requests) at->requests->settle(1, 0, now, now);
      problem = limited(*at, *at->tokens, tokens, "tokens", now);
    }
    if (problem) break;
  }
  reserved_at_ = now;
  if (!problem) {
    reserved_tokens_ = tokens;
    return std::nullopt;
  }
  for (const auto* below = virtual_key_; below != at; below = below->parent.get()) {   // all or nothing
    if (below->requests) below->requests->settle(1, 0, now, now);
    if (below->tokens) below->tokens->settle(tokens, 0, now, now);
  }
  return problem;
}

// ---- money -------------------------------------------------------------------------------------------------------

bool request_life::needs_money() const noexcept {
  return virtual_key_ != nullptr && !virtual_key_->budgets.empty() && !providers::is_count(request_.operation);
}

/// Of all answers that are asked for together.
std::int64_t request_life::most_output_tokens() const noexcept {
  if (providers::is_embedding(request_.operation)) return 0;
  const auto each = request_.max_output_tokens > 0 ? std::min(request_.max_output_tokens, most_tokens) : unsaid_output_tokens;
  return each * request_.answers;
}

/// 0: nobody knows the price; such a call is let through and counted.
nano_usd request_life::worst_at(const routing::provider_entry& provider, const std::string& model) const {
  return routing::worst_cost(provider.price_of(model), request_.input.tokens(), most_output_tokens()).value_or(0);
}

/// The dearest of the targets that may be asked first. While only calls under way hold what it needs, it waits for them.
net::task<std::optional<error>> request_life::reserve_money() {
  nano_usd worst = 1;
  for (const auto& target : selection_->first_targets()) worst = std::max(worst, worst_at(*target.provider, target.model));
  const auto begun = here_.thread.now();
  const auto give_up = std::min(begun + longest_wait_for_money, deadline_);
  const routing::budget_chain chain = virtual_key_->budgets;
  while (true) {
    auto verdict = routing::reserve_all(chain, worst, wall_now());
    auto* const by = verdict.by;
    const auto now = here_.thread.now();
    if (verdict.what == routing::budget::verdict::held && (now >= give_up || x_.client_gone())) co_return held(*by);
    if (verdict.what == routing::budget::verdict::held) {
      const auto box = std::make_shared<net::mailbox<bool>>(here_.thread);
      const auto ticket = by->wait(worst, [box] { box->put(true); });
      if (ticket == 0) co_return held(*by);
      verdict = routing::reserve_all(chain, worst, wall_now());   // room may have come before
      if (verdict.what == routing::budget::verdict::held && verdict.by == by) {
        net::io_thread::timer alarm;
        here_.thread.arm(alarm, std::chrono::ceil<milliseconds>(give_up - now), [box] { box->take().set(false); });
        x_.on_client_gone([box] { box->take().set(false); });
        (void)co_await box->take();
        x_.on_client_gone({});
        away_ += std::chrono::duration_cast<microseconds>(here_.thread.now() - now);
      }
      by->stop_waiting(ticket);
    }
    if (verdict.what == routing::budget::verdict::spent) co_return spent(*verdict.by, worst, wall_now());
    if (verdict.what == routing::budget::verdict::ownerless) co_return ownerless(*verdict.by);
    if (verdict.what != routing::budget::verdict::taken) continue;
    money_ = worst;
    co_return std::nullopt;
  }
}

/// What the next call may cost above what is held already; and is its model allowed at all?
std::optional<error> request_life::top_up(const routing::picked_key& pick) {
  if (virtual_key_ == nullptr) return std::nullopt;
  if (virtual_key_->restricts_models()) {
    const auto name = pick.provider->config.name + "/" + pick.model;
    if (!virtual_key_->allows_model(name)) return client_error(error_code::model_not_allowed, "this key may not use model '" + name + "'", "model");
  }
  if (money_ == 0) return std::nullopt;
  const auto worst = worst_at(*pick.provider, pick.model);
  if (worst <= money_) return std::nullopt;
  const auto verdict = routing::reserve_all(virtual_key_->budgets, worst - money_, wall_now());
  if (verdict.what == routing::budget::verdict::spent) return spent(*verdict.by, worst, wall_now());
  if (verdict.what == routing::budget::verdict::ownerless) return ownerless(*verdict.by);
  if (verdict.what == routing::budget::verdict::held) return held(*verdict.by);
  money_ = worst;
  return std::nullopt;
}

/// The provider is not asked: the key's owner may not, or cannot pay.
request_life::attempt_end request_life::not_affordable(error why, attempt_record& report) {
  report.outcome.result = routing::call_result::not_asked;
  report.problem = why.message;
  last_error_ = std::move(why);
  return x_.client_gone() ? attempt_end::client_left : attempt_end::give_up;
}

/// What a request took and did not use goes back; exactly what the ledger is told is charged.
void request_life::settle_limits(steady_time now) {
  for (const auto* at = virtual_key_; at != nullptr && reserved_tokens_ > 0; at = at->parent.get())
    if (at->tokens) at->tokens->settle(reserved_tokens_, record_.input_tokens + record_.output_tokens, reserved_at_, now);
  reserved_tokens_ = 0;
  const bool charged = !record_.attempts.empty() && is_charged(record_.attempts.back().outcome.result);
  if (!charged && !record_.attempts.empty()) record_.saved = 0;   // priced before it failed
  if (money_ == 0) return;
  routing::settle_all(virtual_key_->budgets, std::exchange(money_, 0), charged ? record_.cost : std::optional<nano_usd>(0), wall_now());
}

}  // namespace switchyard::actors
