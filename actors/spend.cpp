#include "actors/spend.hpp"

namespace switchyard::actors {

namespace {

constexpr std::size_t most_rows = 2000;

}  // namespace

void spend_sums::add(const spend_sums& other) noexcept {
  requests += other.requests;
  errors += other.errors;
  unpriced += other.unpriced;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cached_tokens += other.cached_tokens;
  cost += other.cost;
}

void spend::add(const request_record& record) {
  if (record.attempts.empty()) return;
  const auto& last = record.attempts.back();
  row where{last.key ? last.key->provider : "", last.model, record.route ? record.route->name : "", record.virtual_key};
  const spend_sums one{.requests = 1,
                       .errors = record.ending == request_ending::error ? 1u : 0u,
                       .unpriced = record.cost ? 0u : 1u,
                       .input_tokens = record.input_tokens,
                       .output_tokens = record.output_tokens,
                       .cached_tokens = record.cached_tokens,
                       .cost = record.cost.value_or(0)};
  total_.add(one);
  auto sums = rows_.find(where);
  if (sums == rows_.end()) {
    if (rows_.size() >= most_rows) where = {"other", "other", "other", "other"};
    sums = rows_.try_emplace(std::move(where)).first;
  }
  sums->second.add(one);
}

bool spend::knows(std::string_view by) noexcept {
  return by == "model" || by == "provider" || by == "route" || by == "virtual_key" || by == "tag";
}

std::map<std::string, spend_sums> spend::by(std::string_view by, const tags_by_key& tags) const {
  std::map<std::string, spend_sums> groups;
  for (const auto& [where, sums] : rows_) {
    if (by == "model") groups[where.provider + "/" + where.model].add(sums);
    if (by == "provider") groups[where.provider].add(sums);
    if (by == "route") groups[where.route].add(sums);
    if (by == "virtual_key") groups[where.virtual_key].add(sums);
    if (by == "tag") {
      const auto tagged = tags.find(where.virtual_key);
      if (tagged == tags.end()) continue;
      for (const auto& [name, value] : tagged->second) groups[name + "=" + value].add(sums);
    }
  }
  return groups;
}

}  // namespace switchyard::actors
