#include "tools/switchyardctl/ledger_copies.hpp"

#include "tools/switchyardctl/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <map>

namespace switchyard::ctl {

namespace {

struct copy {
  std::string on;
  std::uint64_t first = 0, last = 0;
  std::map<std::string, std::string> blocks;     // first row, hash
};

std::uint64_t number_at(const boost::json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

/// Numbers of [first, last] that no copy has, split at the highest that one has.
void count(copied_ledger& into, const copy& own, std::vector<const copy*> others) {
  std::sort(others.begin(), others.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  into.rows += own.last - own.first + 1;
  auto next = own.first;
  for (const auto* other : others) {
    const auto from = std::max(other->first, next), to = std::min(other->last, own.last);
    if (from > to) continue;
    into.missing += from - next;
    into.copied += to - from + 1;
    next = to + 1;
  }
  into.waiting += own.last + 1 - next;
}

}  // namespace

std::vector<copied_ledger> compare_copies(const boost::json::value& answer) {
  std::map<std::string, std::map<std::uint64_t, std::vector<copy>>> all;   // of, incarnation
  for (const auto& row : list_of(answer, "copies")) {
    const auto* members = row.if_object();
    if (members == nullptr) continue;
    copy one{text_at(row, "node"), number_at(*members, "first"), number_at(*members, "last"), {}};
    if (const auto* blocks = members->if_contains("blocks"); blocks != nullptr && blocks->is_object())
      for (const auto& [first, hash] : blocks->get_object()) one.blocks[std::string(first)] = text_of(hash);
    all[text_at(row, "of")][number_at(*members, "incarnation")].push_back(std::move(one));
  }
  std::vector<copied_ledger> out;
  for (const auto& [node, lives] : all) {
    copied_ledger line;
    line.node = node;
    for (const auto& [incarnation, copies] : lives) {
      const auto own = std::find_if(copies.begin(), copies.end(), [&](const copy& one) { return one.on == node; });
      if (own == copies.end()) {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
        for (const auto& one : copies) ranges.emplace_back(one.first, one.last);
        std::sort(ranges.begin(), ranges.end());
        std::uint64_t next = 0;
        for (const auto& [first, last] : ranges) {
          if (last < next) continue;
          line.elsewhere += last + 1 - std::max(first, next);
          next = last + 1;
        }
        continue;
      }
      std::vector<const copy*> others;
      for (const auto& one : copies)
        if (one.on != node) others.push_back(&one);
      count(line, *own, others);
      for (const auto* other : others)
        for (const auto& [first, hash] : other->blocks) {
          const auto ours = own->blocks.find(first);
          if (ours == own->blocks.end()) continue;
          line.compared += 64;
          if (ours->second != hash)
            line.differing.push_back("incarnation " + std::to_string(incarnation) + ", rows " + first + " to " + std::to_string(std::stoull(first) + 63) + " on " + other->on);
        }
    }
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace switchyard::ctl
