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
  if (record.rows.empty()) return;
  replay(record.origin, record.life, record.first, record.first + record.rows.size() - 1);
}

void row_collector::replay(const node_name& origin, std::uint64_t life, std::uint64_t first, std::uint64_t last) {
  kept_[{origin, life}].add(first, last);
  taken_[{origin, life}].add(first, last);
}

void row_collector::on(const node_name& from, shipped_rows message, outbox& out, journal_box& journal) {
  if (!configured_.contains(from) || from == self_ || message.rows.empty() || message.first == 0) return;
  const origin_life whose{from, message.life};
  const auto last = message.first + message.rows.size() - 1;
  auto& taken = taken_[whose];
  const auto fresh = taken.first_missing(message.first);
  if (fresh > last) {
    // Known to the last row: answered now, or by written() when the record that holds them is.
    if (kept_[whose].first_missing(message.first) > last) out.send(from, shipped_answer{message.life, message.first, last});
    return;
  }
  kept_rows record{from, message.life, fresh, {}};
  for (auto seq = fresh; seq <= last && !taken.contains(seq); ++seq) record.rows.push_back(std::move(message.rows[seq - message.first]));
  const auto end = fresh + record.rows.size() - 1;
  taken.add(fresh, end);
  const auto number = journal.write(encode(record));
  waiting_[number] = {from, message.life, fresh, end, message.first};
  if (!options_.answered_when_written) out.send(from, shipped_answer{message.life, message.first, end});
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
