#include "storage/virtual_keys.hpp"

#include "base/money.hpp"
#include "storage/record.hpp"

#include <algorithm>

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1;
constexpr std::uint32_t fields = 16;             // of the first version; two more since

std::int64_t us_of(wall_time at) noexcept { return std::chrono::duration_cast<microseconds>(at.time_since_epoch()).count(); }
std::optional<std::int64_t> us_of(const std::optional<wall_time>& at) noexcept { return at ? std::optional(us_of(*at)) : std::nullopt; }
wall_time time_of(std::int64_t us) noexcept { return wall_time(std::chrono::duration_cast<wall_time::duration>(microseconds(us))); }
std::optional<wall_time> time_of(const std::optional<std::int64_t>& us) noexcept { return us ? std::optional(time_of(*us)) : std::nullopt; }

std::string_view view(const sha256_digest& digest) noexcept { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

sha256_digest read_digest(record_reader& in) {
  sha256_digest out{};
  const auto bytes = in.bytes(out.size());
  std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
  return out;
}

void write_texts(record_writer& out, const std::vector<std::string>& all) {
  out.list(all.size());
  for (const auto& one : all) out.text(one);
}

std::vector<std::string> read_texts(record_reader& in) {
  std::vector<std::string> all;
  for (auto left = in.list(); left > 0 && in.ok(); --left) all.push_back(in.text());
  return all;
}

}  // namespace

result<stored_virtual_key> decode_virtual_key(std::string_view name, std::string_view value) {
  stored_virtual_key key;
  auto& terms = key.terms;
  record_reader in(value, version, fields);
  terms.name = name;
  key.digest = read_digest(in);
  key.digest_before = read_digest(in);
  key.before_until = time_of(in.number_or_nil());
  key.created = time_of(in.number());
  key.rotated = time_of(in.number_or_nil());
  key.revoked = time_of(in.number_or_nil());
  terms.expires = time_of(in.number_or_nil());
  terms.parent = in.text();
  terms.rpm = in.number();
  terms.tpm = in.number();
  const auto budget = in.number_or_nil();
  const auto period = in.number(), mode = in.number();
  terms.models = read_texts(in);
  terms.routes = read_texts(in);
  for (auto left = in.list(); left >= 2 && in.ok(); left -= 2) {
    auto tag = in.text();
    terms.tags[std::move(tag)] = in.text();
  }
  if (in.more()) {
    key.change = static_cast<std::uint64_t>(in.number());
    key.changed_by = in.text();
  }
  const bool known = period >= 0 && period <= static_cast<int>(config::budget_period::total) && mode >= 0 && mode <= static_cast<int>(config::budget_mode::soft);
  if (!in.ok() || !known) return storage_error("the record of virtual key '" + std::string(name) + "' is damaged: " + (in.ok() ? "its budget" : in.problem()));
  if (budget) terms.budget = {static_cast<double>(*budget) * 1e-9, static_cast<config::budget_period>(period), static_cast<config::budget_mode>(mode)};
  return key;
}

std::string encode(const stored_virtual_key& key) {
  const auto& terms = key.terms;
  const auto budget = terms.budget.value_or(config::budget_config{});
  std::string bytes;
  record_writer out(bytes, fields + 2, version);
  out.bytes(view(key.digest)).bytes(view(key.digest_before)).number_or_nil(us_of(key.before_until)).number(us_of(key.created));
  out.number_or_nil(us_of(key.rotated)).number_or_nil(us_of(key.revoked)).number_or_nil(us_of(terms.expires));
  out.text(terms.parent).number(terms.rpm).number(terms.tpm);
  out.number_or_nil(terms.budget ? std::optional(usd_to_nano(budget.usd)) : std::nullopt);
  out.number(static_cast<std::int64_t>(budget.period)).number(static_cast<std::int64_t>(budget.mode));
  write_texts(out, terms.models);
  write_texts(out, terms.routes);
  out.list(2 * terms.tags.size());
  for (const auto& [name, value] : terms.tags) out.text(name).text(value);
  out.number(static_cast<std::int64_t>(key.change)).text(key.changed_by);
  out.done();
  return bytes;
}

void put(write_batch& batch, const stored_virtual_key& key) { put_virtual_key(batch, key.terms.name, encode(key)); }

void put_virtual_key(write_batch& batch, std::string_view name, std::string_view value) { batch.put(table::virtual_keys, name, value); }

result<std::vector<stored_virtual_key>> read_virtual_keys(const reader& from) {
  std::vector<stored_virtual_key> all;
  std::optional<error> problem;
  auto read = from.scan(table::virtual_keys, {}, {}, [&](std::string_view name, std::string_view value) {
    auto one = decode_virtual_key(name, value);
    if (!one) {
      problem = one.failure();
      return false;
    }
    all.push_back(std::move(*one));
    return true;
  });
  if (!read) return read.failure();
  if (problem) return *problem;
  return all;
}

}  // namespace switchyard::storage
