// ledger export, ledger verify, backup: through the node.
#include "tools/switchyardctl/commands.hpp"

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

constexpr auto ask_again_after = std::chrono::milliseconds(100);

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
    rows.push_back(json::object{{"node", one.node}, {"rows", one.rows}, {"copied", one.copied}, {"waiting", one.waiting}, {"missing", one.missing}, {"elsewhere", one.elsewhere}, {"compared", one.compared},
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
  for (const auto& one : ledgers)
    if (one.elsewhere > 0)
      complain(one.node + ": " + std::to_string(one.elsewhere) + " rows of earlier lives are on other nodes alone: its disk was lost (`ledger restore` makes a ledger of them), or it keeps them for a shorter time");
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

}  // namespace switchyard::ctl
