#include "actors/decision_log.hpp"

#include "actors/events_json.hpp"
#include "actors/signals_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <limits>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

template <class Small, class Value>
Small fit(Value value) noexcept {
  if (value <= 0) return 0;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Small>::max());
  return static_cast<Small>(std::min(static_cast<std::uint64_t>(value), most));
}

// Clients name models as they like, so names are forgotten once they outnumber what the ring can refer to.
std::size_t most_names(std::size_t decisions) { return 4096 + 2 * decisions; }

std::string_view text_of(request_ending ending) noexcept {
  switch (ending) {
    case request_ending::ok: return "ok";
    case request_ending::error: return "error";
    case request_ending::client_gone: return "client_gone";
  }
  return "unknown";
}

}  // namespace

std::uint32_t name_table::number_of(std::string_view name) {
  if (name.empty() && !names_.empty()) return 0;
  if (const auto known = numbers_.find(name); known != numbers_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  numbers_.emplace(names_.back(), number);
  return number;
}

std::optional<std::uint32_t> name_table::find(std::string_view name) const {
  const auto known = numbers_.find(name);
  if (known == numbers_.end()) return std::nullopt;
  return known->second;
}

void decision_log::keep(std::size_t kept) {
  kept_ = kept;
  while (ring_.size() > kept_) forget_oldest();
}

void decision_log::add(const request_record& record) {
  if (kept_ == 0) return;
  if (ring_.size() >= kept_) forget_oldest();
  ring_.push_back(pack(record));
  if (ring_.back().prompt) prompt_bytes_ += ring_.back().prompt->size();
  while (prompt_bytes_ > most_prompt_bytes && without_prompts_ < ring_.size()) forget_prompt(ring_[without_prompts_++]);
  if (names_.size() > most_names(kept_)) forget_unused_names();
}

void decision_log::forget_prompt(packed_decision& kept) noexcept {
  if (!kept.prompt) return;
  prompt_bytes_ -= kept.prompt->size();
  kept.prompt.reset();
}

void decision_log::forget_oldest() {
  forget_prompt(ring_.front());
  ring_.pop_front();
  if (without_prompts_ > 0) --without_prompts_;
}

decision_log::packed_attempt decision_log::pack(const attempt_record& attempt) {
  return {.provider = names_.number_of(attempt.key ? attempt.key->provider : ""),
          .model = names_.number_of(attempt.model),
          .key = names_.number_of(attempt.key ? attempt.key->config.name : ""),
          .problem = names_.number_of(attempt.problem),
          .first_byte_us = fit<std::uint32_t>(attempt.outcome.first_byte.count()),
          .duration_us = fit<std::uint32_t>(attempt.outcome.duration.count()),
          .status = fit<std::uint16_t>(attempt.status),
          .result = attempt.outcome.result,
          .probe = attempt.outcome.probe};
}

decision_log::packed_decision decision_log::pack(const request_record& record) {
  packed_decision kept{.id = record.id,
                       .at = record.at,
                       .cost = record.cost.value_or(-1),
                       .route = names_.number_of(record.route ? record.route->name : ""),
                       .virtual_key = names_.number_of(record.virtual_key),
                       .operation = names_.number_of(record.operation),
                       .requested_model = names_.number_of(record.requested_model),
                       .error_code = names_.number_of(record.error_code),
                       .decision = names_.number_of(record.decision),
                       .duration_us = fit<std::uint32_t>(record.duration.count()),
                       .overhead_us = fit<std::uint32_t>(record.overhead.count()),
                       .first_token_us = fit<std::uint32_t>(record.first_token.count()),
                       .input_tokens = fit<std::uint32_t>(record.input_tokens),
                       .output_tokens = fit<std::uint32_t>(record.output_tokens),
                       .cached_tokens = fit<std::uint32_t>(record.cached_tokens),
                       .status = fit<std::uint16_t>(record.status),
                       .ending = record.ending,
                       .stream = record.stream,
                       .tokens_estimated = record.tokens_estimated,
                       .last = {},
                       .earlier = nullptr,
                       .attempted = !record.attempts.empty(),
                       .details = record.details,
                       .prompt = record.prompt.empty() ? nullptr : std::make_unique<std::string>(record.prompt)};
  if (record.attempts.empty()) return kept;
  kept.last = pack(record.attempts.back());
  if (record.attempts.size() > 1) {
    kept.earlier = std::make_unique<std::vector<packed_attempt>>();
    kept.earlier->reserve(record.attempts.size() - 1);
    for (std::size_t i = 0; i + 1 < record.attempts.size(); ++i) kept.earlier->push_back(pack(record.attempts[i]));
  }
  return kept;
}

void decision_log::forget_unused_names() {
  name_table fresh;
  const auto move = [&](name& number) { number = fresh.number_of(names_[number]); };
  const auto move_attempt = [&](packed_attempt& a) {
    for (name* number : {&a.provider, &a.model, &a.key, &a.problem}) move(*number);
  };
  for (auto& d : ring_) {
    for (name* number : {&d.route, &d.virtual_key, &d.operation, &d.requested_model, &d.error_code, &d.decision}) move(*number);
    move_attempt(d.last);
    if (d.earlier)
      for (auto& attempt : *d.earlier) move_attempt(attempt);
  }
  names_ = std::move(fresh);
}

bool decision_log::matches(const packed_decision& kept, const decision_filter& filter) const {
  const auto differs = [this](const std::string& wanted, name have) { return !wanted.empty() && names_[have] != wanted; };
  if (differs(filter.route, kept.route) || differs(filter.virtual_key, kept.virtual_key)) return false;
  if (differs(filter.provider, kept.last.provider)) return false;
  if (!filter.model.empty() && names_[kept.requested_model] != filter.model && names_[kept.last.model] != filter.model &&
      names_[kept.last.provider] + "/" + names_[kept.last.model] != filter.model)
    return false;
  if (filter.status.empty()) return true;
  const auto code = std::to_string(kept.status);
  return filter.status == code || (filter.status.ends_with("xx") && filter.status.size() == 3 && filter.status[0] == code[0]);
}

void decision_log::write(std::string& out, const packed_decision& kept) const {
  json::object d;
  d["request_id"] = kept.id.to_string();
  d["at"] = rfc3339(kept.at);
  d["operation"] = names_[kept.operation];
  d["requested_model"] = names_[kept.requested_model];
  d["route"] = names_[kept.route];
  d["provider"] = names_[kept.last.provider];
  d["model"] = names_[kept.last.model];
  d["key"] = names_[kept.last.key];
  d["virtual_key"] = names_[kept.virtual_key];
  d["status"] = kept.status;
  d["outcome"] = text_of(kept.ending);
  if (kept.error_code != 0) d["error_code"] = names_[kept.error_code];
  d["reason"] = names_[kept.decision];
  d["stream"] = kept.stream;
  d["input_tokens"] = kept.input_tokens;
  d["output_tokens"] = kept.output_tokens;
  d["cached_tokens"] = kept.cached_tokens;
  if (kept.tokens_estimated) d["tokens_estimated"] = true;
  if (kept.cost >= 0)
    d["cost_usd"] = format_usd(kept.cost);
  else
    d["cost_usd"] = nullptr;
  d["duration_us"] = kept.duration_us;
  d["overhead_us"] = kept.overhead_us;
  if (kept.first_token_us != 0) d["first_token_us"] = kept.first_token_us;
  json::array attempts;
  const auto add = [&](const packed_attempt& a) {
    json::object attempt;
    attempt["provider"] = names_[a.provider];
    attempt["model"] = names_[a.model];
    attempt["key"] = names_[a.key];
    attempt["result"] = routing::to_string(a.result);
    attempt["status"] = a.status;
    if (a.problem != 0) attempt["problem"] = names_[a.problem];
    if (a.probe) attempt["probe"] = true;
    attempt["first_byte_us"] = a.first_byte_us;
    attempt["duration_us"] = a.duration_us;
    attempts.push_back(std::move(attempt));
  };
  if (kept.earlier)
    for (const auto& attempt : *kept.earlier) add(attempt);
  if (kept.attempted) add(kept.last);
  d["attempts"] = std::move(attempts);
  if (kept.details)
    for (auto& member : details_object(*kept.details)) d[member.key()] = std::move(member.value());
  if (kept.prompt) d["prompt"] = *kept.prompt;
  out += json::serialize(d);
}

std::string decision_log::newest(const decision_filter& filter) const {
  std::string out = "{\"decisions\":[";
  std::size_t shown = 0;
  for (auto kept = ring_.rbegin(); kept != ring_.rend() && shown < filter.limit; ++kept) {
    if (!matches(*kept, filter)) continue;
    if (shown++ != 0) out += ',';
    write(out, *kept);
  }
  return out + "]}";
}

std::string decision_log::prompts(std::size_t limit) const {
  json::array rows;
  for (auto kept = ring_.rbegin(); kept != ring_.rend() && rows.size() < limit; ++kept) {
    if (!kept->prompt) continue;
    const auto target = kept->attempted ? names_[kept->last.provider] + "/" + names_[kept->last.model] : std::string();
    rows.push_back(json::object{{"prompt", *kept->prompt}, {"route", names_[kept->route]}, {"target", target}, {"at", rfc3339(kept->at)}});
  }
  return json::serialize(json::object{{"prompts", std::move(rows)}});
}

std::optional<std::string> decision_log::find(const request_id& id) const {
  const auto kept = std::find_if(ring_.rbegin(), ring_.rend(), [&](const packed_decision& d) { return d.id == id; });
  if (kept == ring_.rend()) return std::nullopt;
  std::string out;
  write(out, *kept);
  return out;
}

std::string decision_log::to_json(const request_record& record) {
  decision_log one(1);
  one.add(record);
  std::string out;
  one.write(out, one.ring_.back());
  return out;
}

}  // namespace switchyard::actors
