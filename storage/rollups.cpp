#include "storage/rollups.hpp"

#include "storage/big_endian.hpp"
#include "storage/record.hpp"

#include <algorithm>

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1;
constexpr std::uint32_t fields = 12;
constexpr std::uint32_t least_fields = 10;       // of earlier versions
constexpr dimension every_dimension[] = {dimension::total, dimension::model, dimension::provider, dimension::key,
                                         dimension::virtual_key, dimension::route, dimension::tag};
constexpr std::size_t prefix_bytes = 6;          // period, number, dimension
constexpr std::size_t looked_through = 4;     // groups compared before one is looked up by all its names

void encode(const ledger_sums& sums, std::string& to) {
  record_writer out(to, fields, version);
  for (const auto value : {sums.requests, sums.attempts, sums.errors, sums.unknown, sums.unpriced, sums.input_tokens, sums.output_tokens,
                           sums.cached_tokens, sums.cost, sums.saved, sums.saved_by_cache, sums.saved_by_cascade})
    out.number(value);
  out.done();
}

}  // namespace

void ledger_sums::add(const settled_facts& what) noexcept {
  requests += what.last ? 1 : 0;
  attempts += 1;
  errors += what.last && what.outcome == row_outcome::error ? 1 : 0;
  unknown += what.outcome == row_outcome::unknown ? 1 : 0;
  unpriced += what.cost ? 0 : 1;
  input_tokens += what.input_tokens;
  output_tokens += what.output_tokens;
  cached_tokens += what.cached_tokens;
  cost += what.cost.value_or(0);
  saved += what.saved;
  if (what.saved_by == savings_reason::cache) saved_by_cache += what.saved;
  if (what.saved_by == savings_reason::cascade) saved_by_cascade += what.saved;
}

void ledger_sums::add(const ledger_sums& other) noexcept {
  requests += other.requests;
  attempts += other.attempts;
  errors += other.errors;
  unknown += other.unknown;
  unpriced += other.unpriced;
  input_tokens += other.input_tokens;
  output_tokens += other.output_tokens;
  cached_tokens += other.cached_tokens;
  cost += other.cost;
  saved += other.saved;
  saved_by_cache += other.saved_by_cache;
  saved_by_cascade += other.saved_by_cascade;
}

std::optional<dimension> dimension_of(std::string_view name) noexcept {
  if (name == "model") return dimension::model;
  if (name == "provider") return dimension::provider;
  if (name == "key") return dimension::key;
  if (name == "virtual_key") return dimension::virtual_key;
  if (name == "route") return dimension::route;
  if (name == "tag") return dimension::tag;
  return std::nullopt;
}

void each_name(const attempt_parties& who, dimension by, const std::function<void(std::string&&)>& visit) {
  switch (by) {
    case dimension::total: return visit({});
    case dimension::model: return visit(who.provider + "/" + who.model);
    case dimension::provider: return visit(std::string(who.provider));
    case dimension::key: return visit(who.provider + "/" + who.key);
    case dimension::virtual_key: return visit(std::string(who.virtual_key));
    case dimension::route: return visit(std::string(who.route));
    case dimension::tag:
      for (const auto& [name, value] : who.tags) visit(name + "=" + value);
  }
}

std::string rollup_prefix(char period, std::uint32_t number) {
  std::string out(1, period);
  append_big_endian(out, number);
  return out;
}

std::string rollup_prefix(char period, std::uint32_t number, dimension by) {
  auto out = rollup_prefix(period, number);
  out += static_cast<char>(by);
  return out;
}

result<ledger_sums> decode_sums(std::string_view key, std::string_view value) {
  record_reader in(value, version, least_fields);
  ledger_sums sums;
  for (auto* field : {&sums.requests, &sums.attempts, &sums.errors, &sums.unknown, &sums.unpriced, &sums.input_tokens, &sums.output_tokens,
                      &sums.cached_tokens, &sums.cost, &sums.saved})
    *field = in.number();
  for (auto* field : {&sums.saved_by_cache, &sums.saved_by_cascade})
    if (in.more()) *field = in.number();
  if (in.ok()) return sums;
  return storage_error("a roll-up of period '" + std::string(key.substr(0, 1)) + "' is damaged: " + in.problem());
}

outcome rollups::load(const reader& from, std::int64_t at_us) {
  hour_ = static_cast<std::uint32_t>(at_us / us_per_hour);
  day_ = static_cast<std::uint32_t>(at_us / us_per_day);
  std::optional<error> problem;
  for (const auto& prefix : {rollup_prefix('h', hour_), rollup_prefix('d', day_)}) {
    const auto read = from.scan(table::rollups, prefix, after_prefix(prefix), [&](std::string_view key, std::string_view value) {
      auto sums = decode_sums(key, value);
      if (!sums) {
        problem = sums.failure();
        return false;
      }
      cells_[std::string(key)] = *sums;
      ++names_[std::string(key.substr(0, prefix_bytes))];
      return true;
    });
    if (!read) return read;
  }
  if (problem) return *problem;
  return done{};
}

void rollups::enter(char period, std::uint32_t number) {
  auto& now = period == 'h' ? hour_ : day_;
  if (number == now) return;
  now = number;
  if (keep_all_) return;
  // What is not written yet stays: its rows and it go into the same batch.
  std::erase_if(cells_, [&](const auto& cell) { return cell.first[0] == period && !touched_.contains(cell.first); });
  std::erase_if(names_, [&](const auto& count) { return count.first[0] == period; });
}

void rollups::add(const settled_facts& what, const attempt_parties& who, std::int64_t at_us, place& at) {
  const auto hour = at_us / us_per_hour;
  if (hour != groups_hour_) fold();
  groups_hour_ = hour;
  if (at.fold != fold_) at = {fold_, group_of(who)};
  groups_[at.group].sums.add(what);
}

std::size_t rollups::group_of(const attempt_parties& who) {
  // Most rows are of the parties of one of the last few.
  for (std::size_t back = 1; back <= std::min(groups_.size(), looked_through); ++back)
    if (groups_[groups_.size() - back].parties == who) return groups_.size() - back;
  group_key_.clear();
  const auto append = [this](const std::string& name) {
    append_big_endian(group_key_, static_cast<std::uint32_t>(name.size()));
    group_key_ += name;
  };
  for (const auto* name : {&who.route, &who.provider, &who.model, &who.key, &who.virtual_key}) append(*name);
  for (const auto& [name, value] : who.tags) {
    append(name);
    append(value);
  }
  const auto [found, is_new] = known_groups_.try_emplace(group_key_, groups_.size());
  if (is_new) groups_.push_back({who, {}});
  return found->second;
}

// Groups in the order of their first rows meet their names in the order in which the rows do: which names come first, and so which ones
// are "other", does not depend on how rows were divided into commits.
void rollups::fold() {
  const auto hour = static_cast<std::uint32_t>(groups_hour_);
  const auto day = static_cast<std::uint32_t>(groups_hour_ / 24);
  if (!groups_.empty()) {
    enter('h', hour);
    enter('d', day);
  }
  for (const auto& group : groups_) {
    for (const auto by : every_dimension) {
      each_name(group.parties, by, [&](std::string&& name) {
        add_to('h', hour, by, name, group.sums);
        add_to('d', day, by, name, group.sums);
      });
    }
  }
  groups_.clear();
  known_groups_.clear();
  ++fold_;
}

void rollups::add_to(char period, std::uint32_t number, dimension by, std::string_view name, const ledger_sums& sums) {
  auto key = rollup_prefix(period, number, by);
  auto& count = names_[key];
  const auto prefix = key.size();
  key += name;
  auto cell = cells_.find(key);
  if (cell == cells_.end()) {
    if (count >= most_names) {
      key.resize(prefix);
      key += "other";
    }
    const auto [made, is_new] = cells_.try_emplace(key);
    if (is_new) ++count;
    cell = made;
  }
  cell->second.add(sums);
  touched_.insert(cell->first);
}

void rollups::write(write_batch& batch) {
  fold();
  std::string value;
  for (const auto& key : touched_) {
    value.clear();
    encode(cells_.at(key), value);
    batch.put(table::rollups, key, value);
  }
  touched_.clear();
}

}  // namespace switchyard::storage
