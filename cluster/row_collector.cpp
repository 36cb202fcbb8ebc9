#include "cluster/row_collector.hpp"

#include <algorithm>
#include <iterator>

namespace switchyard::cluster {

void number_ranges::add(std::uint64_t first, std::uint64_t last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= first || before->second + 1 == first) {
      first = before->first;
      last = std::max(last, before->second);
      next = ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && (next->first <= last || next->first == last + 1)) {
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_[first] = last;
}

bool number_ranges::contains(std::uint64_t number) const noexcept { return first_missing(number) != number; }

std::uint64_t number_ranges::first_missing(std::uint64_t from) const noexcept {
  const auto next = ranges_.upper_bound(from);
  if (next == ranges_.begin()) return from;
  const auto before = std::prev(next);
  return before->second >= from ? before->second + 1 : from;
}

row_collector::row_collector(node_name self, std::vector<node_name> configured, shipping_options options)
    : self_(std::move(self)), configured_(configured.begin(), configured.end()), options_(options) {}

void row_collector::replay(const kept_rows& record) {
  if (record.size() > 0) replay(record.origin, record.life, record.first, record.first + record.size() - 1);
}

void row_collector::replay(const node_name& origin, std::uint64_t life, std::uint64_t first, std::uint64_t last) {
  kept_[{origin, life}].add(first, last);
  taken_[{origin, life}].add(first, last);
}

std::optional<row_collector::fresh_rows> row_collector::fresh_of(const origin_life& whose, std::uint64_t first, std::uint64_t count, outbox& out) {
  const auto& from = whose.first;
  if (!configured_.contains(from) || from == self_ || count == 0 || count > longest_list || first == 0) return std::nullopt;
  const auto last = first + count - 1;
  const auto& taken = taken_[whose];
  const auto fresh = taken.first_missing(first);
  if (fresh > last) {
    // Known to the last row: answered now, or by written() when the record that holds them is.
    if (kept_[whose].first_missing(first) > last) out.send(from, shipped_answer{whose.second, first, last});
    return std::nullopt;
  }
  auto end = fresh;
  while (end < last && !taken.contains(end + 1)) ++end;
  return fresh_rows{fresh, end - fresh + 1};
}

void row_collector::keep(kept_rows record, std::uint64_t answer_from, outbox& out, row_box& journal) {
  const waiting what{record.origin, record.life, record.first, record.first + record.size() - 1, answer_from};
  taken_[{what.origin, what.life}].add(what.first, what.last);
  waiting_[journal.write(std::move(record))] = what;
  if (!options_.answered_when_written) out.send(what.origin, shipped_answer{what.life, answer_from, what.last});
}

void row_collector::on(const node_name& from, shipped_rows message, outbox& out, row_box& journal) {
  const auto fresh = fresh_of({from, message.life}, message.first, message.rows.size(), out);
  if (!fresh) return;
  kept_rows record{from, message.life, fresh->first};
  for (std::uint64_t i = 0; i < fresh->count; ++i) record.rows.push_back(std::move(message.rows[fresh->first - message.first + i]));
  keep(std::move(record), message.first, out, journal);
}

void row_collector::on(const node_name& from, shipped_run message, outbox& out, row_box& journal) {
  if (message.packed.empty()) return;
  const auto fresh = fresh_of({from, message.life}, message.first, message.count, out);
  if (!fresh) return;
  // It is kept as it came, whatever else it holds.
  kept_rows record{from, message.life, fresh->first};
  record.count = fresh->count;
  record.skipped = static_cast<std::uint32_t>(fresh->first - message.first);
  record.packed = std::move(message.packed);
  keep(std::move(record), message.first, out, journal);
}

void row_collector::written(std::uint64_t number, outbox& out) {
  for (auto one = waiting_.begin(); one != waiting_.end() && one->first <= number; one = waiting_.erase(one)) {
    const auto& what = one->second;
    auto& kept = kept_[{what.origin, what.life}];
    kept.add(what.first, what.last);
    const auto missing = kept.first_missing(what.answer_from);
    if (missing > what.answer_from) out.send(what.origin, shipped_answer{what.life, what.answer_from, missing - 1});
  }
}

const number_ranges& row_collector::kept(const node_name& origin, std::uint64_t life) const {
  static const number_ranges none;
  const auto found = kept_.find({origin, life});
  return found == kept_.end() ? none : found->second;
}

}  // namespace switchyard::cluster
