#include "storage/ledger_query.hpp"

#include "storage/big_endian.hpp"

#include <algorithm>
#include <unordered_set>

namespace switchyard::storage {

namespace {

constexpr std::int64_t us_per_minute = 60'000'000;
constexpr std::size_t most_problems = 20;
using sums_by_name = std::map<std::string, ledger_sums>;

std::string minute_key(std::int64_t minute) {
  std::string key = "m";
  append_big_endian(key, static_cast<std::uint32_t>(std::clamp<std::int64_t>(minute, 0, UINT32_MAX)));
  return key;
}

/// Key of a row at or before the first one at `from_us`.
result<std::string> start_of(const reader& from, std::int64_t from_us) {
  std::string row;
  auto read = from.scan_back(table::meta, minute_key(0), minute_key(from_us / us_per_minute + 1), [&](std::string_view, std::string_view value) {
    row = value;
    return false;
  });
  if (!read) return read.failure();
  return row;
}

outcome add_rows(const reader& from, dimension by, time_span span, sums_by_name& out) {
  if (span.from_us >= span.to_us) return done{};
  return each_row(from, span, {}, [&](std::string_view, const ledger_row& row) {
    each_name(row.what.parties, by, [&](std::string&& name) { out[std::move(name)].add(row); });
    return true;
  });
}

/// Periods [first, last) of one kind: one scan, as they stand beside each other.
outcome add_periods(const reader& from, dimension by, char period, std::int64_t first, std::int64_t last, sums_by_name& out) {
  if (first >= last) return done{};
  std::optional<error> problem;
  const auto limit = static_cast<std::uint32_t>(std::min<std::int64_t>(last, UINT32_MAX));
  auto read = from.scan(table::rollups, rollup_prefix(period, static_cast<std::uint32_t>(first)), rollup_prefix(period, limit),
                        [&](std::string_view key, std::string_view value) {
                          if (key.size() < 6 || static_cast<dimension>(key[5]) != by) return true;
                          auto sums = decode_sums(key, value);
                          if (!sums) {
                            problem = sums.failure();
                            return false;
                          }
                          out[std::string(key.substr(6))].add(*sums);
                          return true;
                        });
  if (!read) return read;
  if (problem) return *problem;
  return done{};
}

constexpr std::int64_t up(std::int64_t at, std::int64_t unit) noexcept { return at > INT64_MAX - unit ? at / unit : (at + unit - 1) / unit; }

}  // namespace

outcome each_row(const reader& from, time_span span, std::string_view after, const std::function<bool(std::string_view, const ledger_row&)>& visit) {
  std::string begin(after);
  if (begin.empty()) {
    auto start = start_of(from, span.from_us);
    if (!start) return start.failure();
    begin = std::move(*start);
  } else {
    begin += '\0';                               // the least key above
  }
  std::optional<error> problem;
  auto read = from.scan(table::ledger_rows, begin, {}, [&](std::string_view key, std::string_view value) {
    auto row = decode_row(key, value);
    if (!row) {
      problem = row.failure();
      return false;
    }
    if (row->at_us >= span.to_us) return false;  // times never go back
    return row->at_us < span.from_us || visit(key, *row);
  });
  if (!read) return read;
  if (problem) return *problem;
  return done{};
}

result<std::map<std::string, ledger_sums>> sum_by(const reader& from, dimension by, time_span span) {
  sums_by_name out;
  span.from_us = std::max<std::int64_t>(span.from_us, 0);
  const auto first_hour = up(span.from_us, us_per_hour), last_hour = span.to_us / us_per_hour;
  outcome step = done{};
  if (first_hour >= last_hour) {
    step = add_rows(from, by, span, out);        // less than a whole hour within
    if (!step) return step.failure();
    return out;
  }
  const auto first_day = up(first_hour, 24), last_day = last_hour / 24;
  if (step) step = add_rows(from, by, {span.from_us, first_hour * us_per_hour}, out);
  if (first_day < last_day) {
    if (step) step = add_periods(from, by, 'h', first_hour, first_day * 24, out);
    if (step) step = add_periods(from, by, 'd', first_day, last_day, out);
    if (step) step = add_periods(from, by, 'h', last_day * 24, last_hour, out);
  } else if (step) {
    step = add_periods(from, by, 'h', first_hour, last_hour, out);
  }
  if (step && span.to_us != INT64_MAX) step = add_rows(from, by, {last_hour * us_per_hour, span.to_us}, out);
  if (!step) return step.failure();
  return out;
}

result<std::map<std::int64_t, ledger_sums>> sum_over_time(const reader& from, sums_per unit, time_span span) {
  constexpr std::size_t most_periods = 10'000;
  const char kind = unit == sums_per::day ? 'd' : 'h';
  const std::int64_t length_us = unit == sums_per::day ? 24 * us_per_hour : us_per_hour;
  const auto number_at = [&](std::int64_t us) { return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us / length_us, 0, UINT32_MAX - 1)); };
  std::map<std::int64_t, ledger_sums> out;
  std::vector<std::int64_t> cut;                 // beginnings of periods that the span cuts
  std::optional<error> problem;
  auto read = from.scan(table::rollups, rollup_prefix(kind, number_at(span.from_us)), rollup_prefix(kind, number_at(span.to_us) + 1),
                        [&](std::string_view key, std::string_view value) {
                          if (key.size() != 6 || static_cast<dimension>(key[5]) != dimension::total) return true;
                          const auto begin_us = read_big_endian<std::uint32_t>(key.substr(1)) * length_us;
                          if (begin_us < span.from_us || begin_us + length_us > span.to_us) {
                            cut.push_back(begin_us);
                            return out.size() + cut.size() <= most_periods;
                          }
                          auto sums = decode_sums(key, value);
                          if (!sums)
                            problem = sums.failure();
                          else
                            out.emplace(begin_us, *sums);
                          return sums && out.size() + cut.size() <= most_periods;
                        });
  if (!read) return read.failure();
  if (problem) return *problem;
  if (out.size() + cut.size() > most_periods) return client_error(error_code::invalid_request, "from, to: more than 10000 of these periods lie between them", "from");
  for (const auto begin_us : cut) {
    auto sums = sum_by(from, dimension::total, {std::max(begin_us, span.from_us), std::min(begin_us + length_us, span.to_us)});
    if (!sums) return sums.failure();
    if (const auto some = sums->find(""); some != sums->end()) out.emplace(begin_us, some->second);
  }
  return out;
}

result<verification> verify(const reader& from, std::atomic<std::uint64_t>* rows_done) {
  verification out;
  const auto complain = [&](std::string what) {
    if (out.problems.size() < most_problems) out.problems.push_back(std::move(what));
  };
  auto head = ledger::read_head(from);
  if (!head) return head.failure();
  auto tail = ledger::read_tail(from);
  if (!tail) return tail.failure();

  rollups again;
  again.keep_all();
  std::unordered_set<attempt_key, attempt_key_hash> seen;
  row_hash previous = *tail;
  std::uint64_t incarnation = 0, seq = 0;
  std::int64_t at_us = 0;
  auto read = from.scan(table::ledger_rows, {}, {}, [&](std::string_view key, std::string_view value) {
    auto row = decode_row(key, value);
    if (!row) {
      complain(row.failure().message);
      return true;
    }
    const auto name = row->id.to_string();
    if (row->previous != previous) complain("row " + name + " does not follow the row before it: rows were lost or changed");
    const bool follows = row->id.incarnation == incarnation ? row->id.seq == seq + 1 : seq == 0 || (row->id.incarnation > incarnation && row->id.seq == 1);
    if (!follows) complain("row " + name + " comes after a gap");
    if (row->at_us < at_us) complain("row " + name + " is earlier than the row before it");
    if (!seen.insert(row->what.id).second)
      complain("row " + name + " settles attempt " + std::to_string(row->what.id.attempt) + " of request " + row->what.id.request.to_string() + " again");
    previous = hash_of(key, value);
    incarnation = row->id.incarnation;
    seq = row->id.seq;
    at_us = row->at_us;
    again.add(*row);
    out.total.add(*row);
    ++out.rows;
    if (rows_done != nullptr) rows_done->store(out.rows, std::memory_order_relaxed);
    return true;
  });
  if (!read) return read.failure();
  again.fold();
  if (*head ? previous != (*head)->last : out.rows != 0) complain("the newest row is not the one the ledger's head names: rows were lost or changed");

  read = from.scan(table::rollups, {}, {}, [&](std::string_view key, std::string_view value) {
    ++out.cells;
    auto sums = decode_sums(key, value);
    const auto expected = again.held().find(std::string(key));
    if (!sums)
      complain(sums.failure().message);
    else if (expected == again.held().end() || !(expected->second == *sums))
      complain("the roll-up '" + std::string(key.substr(0, 1)) + "' of '" + std::string(key.substr(std::min<std::size_t>(6, key.size()))) + "' is not the sum of its rows");
    return true;
  });
  if (!read) return read.failure();
  if (out.cells < again.held().size()) complain("roll-ups are missing: " + std::to_string(again.held().size() - out.cells));

  read = from.scan(table::open_attempts, {}, {}, [&](std::string_view key, std::string_view value) {
    ++out.open_attempts;
    auto open = decode_open(key, value);
    if (!open)
      complain(open.failure().message);
    else if (seen.contains(open->id))
      complain("attempt " + std::to_string(open->id.attempt) + " of request " + open->id.request.to_string() + " is settled and still open");
    return true;
  });
  if (!read) return read.failure();
  return out;
}

}  // namespace switchyard::storage
