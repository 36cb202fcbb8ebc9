// restore, ledger restore: a stopped node's ledger is put in its place, of a backup or of what other nodes kept of it.
#include "tools/switchyardctl/commands.hpp"

#include "base/clock.hpp"
#include "base/hex.hpp"
#include "storage/ledger_query.hpp"
#include "storage/ledger_rebuild.hpp"
#include "storage/rocks_store.hpp"
#include "tools/switchyardctl/json_text.hpp"
#include "tools/switchyardctl/views.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

namespace switchyard::ctl {

namespace json = boost::json;
namespace files = std::filesystem;

namespace {

/// The highest incarnation that the ledger there can have used: where it cannot tell, and for those that followed the backup on a disk
/// that is lost, the seconds since 1970 stand above them all, as no node starts once a second.
std::uint64_t incarnation_used(const storage::store* there) {
  const auto by_clock = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count());
  if (there == nullptr) return by_clock;
  const auto head = storage::ledger::read_head(*there);
  return head && *head ? std::max(by_clock, (*head)->incarnation) : by_clock;
}

std::string free_name(const std::string& wanted) {
  for (int n = 1;; ++n)
    if (auto name = wanted + "-" + std::to_string(n); !files::exists(name)) return name;
}

/// A node that runs holds the lock; a store that is damaged may be replaced. nullopt: it said why not.
std::optional<std::uint64_t> incarnation_to_skip(const std::string& place) {
  std::error_code bad;
  if (!files::exists(place, bad)) return incarnation_used(nullptr);
  const auto there = storage::open_rocks_store(place, storage::on_damage::refuse);
  if (there) return incarnation_used(there->get());
  if (there.failure().param != "lock") return incarnation_used(nullptr);
  complain(there.failure().message);
  return std::nullopt;
}

/// Checks the ledger in the folder `copy`; how many rows it has. An error: it said what is wrong, and the folder is gone.
std::optional<std::uint64_t> checked(const std::string& copy, std::uint64_t used, const std::string& what) {
  std::string why;
  std::uint64_t rows = 0;
  {
    const auto opened = storage::open_rocks_store(copy, storage::on_damage::refuse);
    if (!opened) why = opened.failure().message;
    if (opened) {
      const auto found = storage::verify(**opened);
      if (!found)
        why = found.failure().message;
      else if (!found->problems.empty())
        why = found->problems.front();
      else
        rows = found->rows;
      if (const auto skipped = storage::ledger::skip_incarnations(**opened, used); why.empty() && !skipped) why = skipped.failure().message;
    }
  }
  if (why.empty()) return rows;
  complain(what + " is not whole, and nothing was changed: " + why);
  std::error_code ignored;
  files::remove_all(copy, ignored);
  return std::nullopt;
}

int put_in_place(const std::string& copy, const std::string& place, std::uint64_t rows, const std::string& what) {
  std::string kept;
  std::error_code bad;
  if (files::exists(place, bad)) {
    kept = free_name(place + ".before-restore");
    files::rename(place, kept, bad);
  }
  if (!bad) files::rename(copy, place, bad);
  if (bad) {
    complain("cannot put " + what + " in its place: " + bad.message() + "; it is in " + copy);
    return failed;
  }
  print("restored " + std::to_string(rows) + " rows to " + place + (kept.empty() ? "" : "; what was there is kept as " + kept) + "\n");
  return fine;
}

std::uint64_t count_at(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

struct kept_range {
  std::uint64_t first = 0, last = 0;
};

/// Every row of `range` that a node has, in order; rows that nobody has are passed over. False: it said why.
bool fetch(const console& c, const std::string& node, std::uint64_t incarnation, kept_range range, storage::ledger_rebuild& into) {
  for (auto next = range.first; next <= range.last;) {
    const auto page = json_answer(c.client.ask("GET", "/admin/v1/ledger/copies/rows?scope=cluster&of=" + percent_encoded(node) + "&incarnation=" + std::to_string(incarnation) +
                                                          "&first=" + std::to_string(next)));
    if (!page) return false;
    std::map<std::uint64_t, std::string> rows;   // several nodes may keep the same ones
    for (const auto& one : list_of(*page, "rows"))
      if (const auto* row = one.if_object()) rows.try_emplace(count_at(*row, "seq"), from_hex(text_at(one, "row")).value_or(""));   // add() refuses what is no row
    if (rows.empty()) return true;
    // Up to where the first page of any node ends: beyond it another one's rows may be missing in between.
    for (const auto& [seq, row] : rows) {
      if (seq > next && seq != rows.begin()->first) break;
      if (seq > range.last) return true;
      if (const auto added = into.add(incarnation, seq, row); !added) {
        complain(added.failure().message);
        return false;
      }
      next = seq + 1;
    }
  }
  return true;
}

}  // namespace

int restore(const std::string& folder, const std::string& data_dir) {
  const auto from = folder + "/ledger", place = data_dir + "/ledger";
  std::error_code bad;
  if (!files::is_directory(from, bad)) {
    complain(folder + ": not a backup: it has no folder 'ledger'");
    return wrong_usage;
  }
  files::create_directories(data_dir, bad);
  const auto used = incarnation_to_skip(place);
  if (!used) return failed;
  const auto copy = free_name(place + ".restoring");
  files::copy(from, copy, files::copy_options::recursive, bad);
  if (bad) {
    complain("cannot copy " + from + " to " + copy + ": " + bad.message());
    files::remove_all(copy, bad);
    return failed;
  }
  const auto rows = checked(copy, *used, "the backup");
  return rows ? put_in_place(copy, place, *rows, "the backup") : failed;
}

int ledger_restore(const console& c, const std::string& node, const std::string& data_dir) {
  const auto place = data_dir + "/ledger";
  const auto said = json_answer(c.client.ask("GET", "/admin/v1/ledger/copies?scope=cluster"));
  if (!said) return failed;
  std::map<std::uint64_t, std::vector<kept_range>> lives;
  for (const auto& one : list_of(*said, "copies")) {
    const auto* copy = one.if_object();
    if (copy == nullptr || text_at(one, "of") != node || text_at(one, "node") == node) continue;
    lives[count_at(*copy, "incarnation")].push_back({count_at(*copy, "first"), count_at(*copy, "last")});
  }
  for (const auto& silent : list_of(*said, "missing")) complain(text_of(silent) + " did not answer: what it keeps is not restored");
  if (lives.empty()) {
    complain("no node keeps rows of '" + node + "'");
    return failed;
  }
  std::error_code bad;
  files::create_directories(data_dir, bad);
  const auto used = incarnation_to_skip(place);
  if (!used) return failed;
  const auto copy = free_name(place + ".restoring");
  std::uint64_t left_out = 0;
  {
    auto store = storage::open_rocks_store(copy, storage::on_damage::refuse);
    if (!store) {
      complain(store.failure().message);
      return failed;
    }
    storage::ledger_rebuild made(**store, node);
    bool well = true;
    for (auto& [incarnation, ranges] : lives) {
      std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      std::uint64_t next = 0;
      for (const auto& range : ranges) {
        if (range.last < next || !well) continue;
        well = fetch(c, node, incarnation, {std::max(range.first, next), range.last}, made);
        next = range.last + 1;
      }
    }
    if (const auto ended = made.finish(); well && !ended) {
      complain(ended.failure().message);
      well = false;
    }
    left_out = made.left_out();
    if (!well) {
      store->reset();
      files::remove_all(copy, bad);
      return failed;
    }
  }
  const auto rows = checked(copy, *used, "what the others keep");
  if (!rows) return failed;
  if (left_out > 0) complain(std::to_string(left_out) + " older rows are left out: rows between them and the newer ones are on no node, and a ledger is one unbroken chain");
  return put_in_place(copy, place, *rows, "what the others keep");
}

}  // namespace switchyard::ctl
