// ledger export, ledger verify, backup: through the node. restore: on files, with no node on them.
#include "tools/switchyardctl/commands.hpp"

#include "base/clock.hpp"
#include "storage/ledger_query.hpp"
#include "storage/rocks_store.hpp"
#include "tools/switchyardctl/json_text.hpp"
#include "tools/switchyardctl/ledger_copies.hpp"
#include "tools/switchyardctl/views.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

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

constexpr auto ask_again_after = std::chrono::milliseconds(100);

std::string free_name(const std::string& wanted) {
  for (int n = 1;; ++n)
    if (auto name = wanted + "-" + std::to_string(n); !files::exists(name)) return name;
}

}  // namespace

int ledger_export(const console& c, const export_question& question) {
  std::string path = "/admin/v1/ledger?format=" + question.format;
  if (!question.from.empty()) path += "&from=" + percent_encoded(question.from);
  if (!question.to.empty()) path += "&to=" + percent_encoded(question.to);
  bool first = true;
  for (std::string next = path; !next.empty();) {
    const auto page = json_answer(c.client.ask("GET", next));
    if (!page) return failed;
    if (first) print(text_at(*page, "head") == "-" ? "" : text_at(*page, "head"));
    first = false;
    const auto* rows = member(*page, "rows");
    if (rows != nullptr && rows->is_string()) print(std::string_view(rows->get_string()));
    const auto* more = member(*page, "next");
    next = more != nullptr && more->is_string() ? path + "&after=" + std::string(std::string_view(more->get_string())) : "";
  }
  return fine;
}

int ledger_verify(const console& c) {
  auto answer = json_answer(c.client.ask("POST", "/admin/v1/ledger/verify"));
  while (answer && text_at(*answer, "state") == "running") {
    std::this_thread::sleep_for(ask_again_after);
    answer = json_answer(c.client.ask("GET", "/admin/v1/ledger/verify"));
  }
  if (!answer) return failed;
  const auto* ok = member(*answer, "ok");
  const bool well = ok != nullptr && ok->is_bool() && ok->get_bool();
  if (c.json) {
    print(json::serialize(*answer) + "\n");
    return well ? fine : failed;
  }
  for (const auto& problem : list_of(*answer, "problems")) complain(text_of(problem));
  print((well ? "fine: " : "NOT fine: ") + text_at(*answer, "rows") + " rows, " + text_at(*answer, "rollups") + " sums, " +
        text_at(*answer, "open_attempts") + " attempts under way, " + text_at(*answer, "total.cost_usd") + " USD\n");
  return well ? fine : failed;
}

int ledger_verify_cluster(const console& c) {
  const auto answer = json_answer(c.client.ask("GET", "/admin/v1/ledger/copies?scope=cluster"));
  if (!answer) return failed;
  const auto ledgers = compare_copies(*answer);
  const auto& silent = list_of(*answer, "missing");
  bool well = true;
  json::array rows;
  table shown{{{"NODE"}, {"ROWS", true}, {"COPIED", true}, {"ON THEIR WAY", true}, {"WITHOUT A COPY", true}, {"COMPARED", true}, {"DIFFERING", true}}, {}};
  for (const auto& one : ledgers) {
    well = well && one.missing == 0 && one.differing.empty();
    json::array differing;
    for (const auto& where : one.differing) differing.emplace_back(where);
    rows.push_back(json::object{{"node", one.node}, {"rows", one.rows}, {"copied", one.copied}, {"waiting", one.waiting}, {"missing", one.missing}, {"compared", one.compared},
                                {"differing", std::move(differing)}});
    shown.rows.push_back({{one.node}, {std::to_string(one.rows)}, {std::to_string(one.copied)}, {std::to_string(one.waiting)},
                          {std::to_string(one.missing), one.missing > 0 ? tone::bad : tone::plain}, {std::to_string(one.compared)},
                          {std::to_string(one.differing.size()), one.differing.empty() ? tone::plain : tone::bad}});
  }
  well = well && silent.empty();
  if (c.json) {
    print(json::serialize(json::object{{"ok", well}, {"ledgers", std::move(rows)}, {"silent", silent}}) + "\n");
    return well ? fine : failed;
  }
  for (const auto& one : ledgers)
    for (const auto& where : one.differing) complain(one.node + ": " + where + " is not what its ledger has");
  for (const auto& node : silent) complain(text_of(node) + " did not answer: what it keeps is not counted");
  print(render(shown, c.style));
  return well ? fine : failed;
}

int backup(const console& c, const std::string& folder) {
  const auto absolute = files::absolute(folder).lexically_normal().string();
  const auto answer = json_answer(c.client.ask("POST", "/admin/v1/backup", json::serialize(json::object{{"dir", absolute}})));
  if (!answer) return failed;
  print(c.json ? json::serialize(*answer) + "\n" : "written to " + absolute + "\n");
  return fine;
}

int restore(const std::string& folder, const std::string& data_dir) {
  const auto from = folder + "/ledger", place = data_dir + "/ledger";
  std::error_code bad;
  if (!files::is_directory(from, bad)) {
    complain(folder + ": not a backup: it has no folder 'ledger'");
    return wrong_usage;
  }
  files::create_directories(data_dir, bad);
  auto used = incarnation_used(nullptr);
  // A node that runs holds the lock; a store that is damaged may be replaced.
  if (files::exists(place, bad)) {
    const auto there = storage::open_rocks_store(place, storage::on_damage::refuse);
    if (!there && there.failure().param == "lock") {
      complain(there.failure().message);
      return failed;
    }
    if (there) used = incarnation_used(there->get());
  }
  const auto copy = free_name(place + ".restoring");
  files::copy(from, copy, files::copy_options::recursive, bad);
  if (bad) {
    complain("cannot copy " + from + " to " + copy + ": " + bad.message());
    files::remove_all(copy, bad);
    return failed;
  }
  std::uint64_t rows = 0;
  {
    std::string why;
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
    if (!why.empty()) {
      complain("the backup is not whole, and nothing was changed: " + why);
      files::remove_all(copy, bad);
      return failed;
    }
  }
  std::string kept;
  if (files::exists(place, bad)) {
    kept = free_name(place + ".before-restore");
    files::rename(place, kept, bad);
  }
  if (!bad) files::rename(copy, place, bad);
  if (bad) {
    complain("cannot put the backup in its place: " + bad.message() + "; it is in " + copy);
    return failed;
  }
  print("restored " + std::to_string(rows) + " rows to " + place + (kept.empty() ? "" : "; what was there is kept as " + kept) + "\n");
  return fine;
}

}  // namespace switchyard::ctl
