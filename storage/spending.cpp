#include "storage/spending.hpp"

#include "storage/record.hpp"

namespace switchyard::storage {

namespace {

using config::budget_period;
constexpr std::uint32_t version = 1;
constexpr std::uint32_t fields = 11;
constexpr budget_period every_period[] = {budget_period::hour, budget_period::day, budget_period::week, budget_period::month, budget_period::total};

constexpr std::size_t index(budget_period period) noexcept { return static_cast<std::size_t>(period); }

}  // namespace

struct spending_record {
  using account = spending::account;

  static std::string encode(const account& from) {
    std::string bytes;
    record_writer out(bytes, fields, version);
    out.text(from.parent);
    for (std::size_t i = 0; i < from.period.size(); ++i) out.number(from.period[i]).number(from.spent[i]);
    out.done();
    return bytes;
  }
  static result<account> decode(std::string_view name, std::string_view value) {
    record_reader in(value, version, fields);
    account out;
    out.parent = in.text();
    for (std::size_t i = 0; i < out.period.size(); ++i) {
      out.period[i] = in.number();
      out.spent[i] = in.number();
    }
    if (!in.ok()) return storage_error("what virtual key '" + std::string(name) + "' has spent is damaged: " + in.problem());
    return out;
  }
};

outcome spending::load(const reader& from) {
  std::optional<error> problem;
  auto read = from.scan(table::spending, {}, {}, [&](std::string_view name, std::string_view value) {
    auto one = spending_record::decode(name, value);
    if (!one) {
      problem = one.failure();
      return false;
    }
    accounts_[std::string(name)] = std::move(*one);
    return true;
  });
  if (!read) return read;
  if (problem) return *problem;
  return done{};
}

void spending::set_parents(const key_parents& parents) {
  for (auto& [name, one] : accounts_) {
    const auto now = parents.find(name);
    const std::string_view parent = now == parents.end() ? std::string_view() : now->second;
    if (one.parent == parent) continue;
    one.parent = parent;
    touched_.insert(name);
  }
  // On disk before it ever spends: what a crash leaves open must find its way up, too.
  for (const auto& [name, parent] : parents)
    if (const auto [made, is_new] = accounts_.try_emplace(name); is_new) {
      made->second.parent = parent;
      touched_.insert(name);
    }
}

void spending::add(std::string_view virtual_key, nano_usd cost, std::int64_t at_us) {
  if (virtual_key.empty() || cost == 0) return;
  std::string name(virtual_key);
  for (int depth = 0; depth < 8 && !name.empty(); ++depth) {
    auto& one = accounts_[name];
    for (const auto period : every_period) {
      const auto number = config::period_number(period, at_us);
      if (one.period[index(period)] != number) one.spent[index(period)] = 0;
      one.period[index(period)] = number;
      one.spent[index(period)] += cost;
    }
    touched_.insert(name);
    name = one.parent;
  }
}

void spending::write(write_batch& batch) {
  for (const auto& name : touched_) batch.put(table::spending, name, spending_record::encode(accounts_.at(name)));
  touched_.clear();
}

result<nano_usd> spent_in(const reader& from, std::string_view virtual_key, budget_period period, wall_time now) {
  auto value = from.get(table::spending, virtual_key);
  if (!value) return value.failure();
  if (!*value) return nano_usd{0};
  const auto one = spending_record::decode(virtual_key, **value);
  if (!one) return one.failure();
  const auto number = config::period_number(period, std::chrono::duration_cast<microseconds>(now.time_since_epoch()).count());
  return one->period[index(period)] >= number ? one->spent[index(period)] : 0;   // later: the clock has stepped back
}

}  // namespace switchyard::storage
