#include "actors/ledger_answers.hpp"

#include "actors/admin_answers.hpp"
#include "actors/events_json.hpp"
#include "base/hex.hpp"
#include "storage/ledger_query.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

constexpr std::size_t most_rows_in_page = 5000;
constexpr std::size_t longest_key_text = 1024;     // a row's key in hexadecimal, for `next` and `after`

/// Reads `digits` digits off the front; -1: they are not there.
int take_number(std::string_view& text, std::size_t digits) noexcept {
  int value = 0;
  if (text.size() < digits) return -1;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

struct wanted_span {
  storage::time_span span;
  std::optional<admin_answer> problem;
};

wanted_span span_of(std::string_view query) {
  wanted_span out;
  for (const auto* name : {"from", "to"}) {
    const auto text = query_value(query, name);
    if (text.empty()) continue;
    const auto at = parse_time(text);
    if (!at) {
      out.problem = problem_answer(400, "invalid_request", std::string(name) + ": expected a date (2026-01-31), a time (2026-01-31T12:00:00Z) or seconds since 1970");
      return out;
    }
    (*name == 'f' ? out.span.from_us : out.span.to_us) = *at;
  }
  if (out.span.from_us > out.span.to_us) out.problem = problem_answer(400, "invalid_request", "from: is later than to");
  return out;
}

json::object to_object(const storage::ledger_sums& sums) {
  return {{"requests", sums.requests},           {"attempts", sums.attempts},
          {"errors", sums.errors},               {"unknown", sums.unknown},
          {"unpriced", sums.unpriced},           {"input_tokens", sums.input_tokens},
          {"output_tokens", sums.output_tokens}, {"cached_tokens", sums.cached_tokens},
          {"cost_usd", format_usd(sums.cost)},   {"saved_usd", format_usd(sums.saved)}};
}

std::string time_text(std::int64_t us) { return rfc3339(wall_time(std::chrono::duration_cast<wall_time::duration>(microseconds(us)))); }

/// Per UTC day ("2026-01-31") or hour ("2026-01-31T12:00:00Z").
result<std::map<std::string, storage::ledger_sums>> sums_over_time(const storage::reader& from, std::string_view by, storage::time_span span) {
  const auto days = by == "day";
  const auto sums = storage::sum_over_time(from, days ? storage::sums_per::day : storage::sums_per::hour, span);
  if (!sums) return sums.failure();
  std::map<std::string, storage::ledger_sums> out;
  for (const auto& [begin_us, one] : *sums) {
    const auto name = time_text(begin_us);
    out.emplace(days ? name.substr(0, 10) : name.substr(0, 19) + "Z", one);
  }
  return out;
}

admin_answer storage_problem(const error& what) {
  const bool client = what.origin == error_origin::client;
  return problem_answer(client ? 400 : 500, client ? "invalid_request" : "internal", what.message);
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) noexcept {
  std::int64_t whole_seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), whole_seconds);
  if (failure == std::errc{} && end == text.data() + text.size() && whole_seconds >= 0 && whole_seconds < 100'000'000'000) return whole_seconds * 1'000'000;
  std::tm parts{};
  const int year = take_number(text, 4);
  if (year < 1970 || !take(text, "-")) return std::nullopt;
  const int month = take_number(text, 2);
  if (month < 1 || month > 12 || !take(text, "-")) return std::nullopt;
  const int day = take_number(text, 2);
  if (day < 1 || day > 31) return std::nullopt;
  std::int64_t fraction_us = 0;
  int offset_minutes = 0;
  if (!text.empty()) {
    if (!take(text, "Tt +")) return std::nullopt;
    parts.tm_hour = take_number(text, 2);
    if (parts.tm_hour < 0 || parts.tm_hour > 23 || !take(text, ":")) return std::nullopt;
    parts.tm_min = take_number(text, 2);
    if (parts.tm_min < 0 || parts.tm_min > 59) return std::nullopt;
    if (take(text, ":")) parts.tm_sec = take_number(text, 2);
    if (parts.tm_sec < 0 || parts.tm_sec > 60) return std::nullopt;
    if (take(text, ".")) {
      int unit = 100'000;
      if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
      for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), unit /= 10) fraction_us += unit * (text.front() - '0');
    }
    // "+" may have become a blank on its way through a query.
    const char sign = text.empty() ? 'Z' : text.front();
    if (!text.empty()) text.remove_prefix(1);
    if (sign == '+' || sign == ' ' || sign == '-') {
      const int hours = take_number(text, 2);
      (void)take(text, ":");
      const int minutes = take_number(text, 2);
      if (hours < 0 || minutes < 0) return std::nullopt;
      offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    } else if (sign != 'Z' && sign != 'z') {
      return std::nullopt;
    }
    if (!text.empty()) return std::nullopt;
  }
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  return (static_cast<std::int64_t>(timegm(&parts)) - offset_minutes * 60) * 1'000'000 + fraction_us;
}

admin_answer spend_answer(const ledger_writer& ledger, std::string_view query) {
  auto by = query_value(query, "by");
  if (by.empty()) by = "model";
  const auto dimension = storage::dimension_of(by);
  const auto over_time = by == "day" || by == "hour";
  if (!dimension && !over_time) return problem_answer(400, "invalid_request", "by: one of model, virtual_key, provider, route, tag, key, day, hour");
  const auto wanted = span_of(query);
  if (wanted.problem) return *wanted.problem;
  const auto state = ledger.snapshot();          // groups and total are of one moment
  const auto groups = over_time ? sums_over_time(*state, by, wanted.span) : storage::sum_by(*state, *dimension, wanted.span);
  if (!groups) return storage_problem(groups.failure());
  const auto total = storage::sum_by(*state, storage::dimension::total, wanted.span);
  if (!total) return storage_problem(total.failure());
  json::array rows;
  for (const auto& [name, sums] : *groups) {
    auto group = to_object(sums);
    group["name"] = name;
    rows.push_back(std::move(group));
  }
  const auto all = total->find("");
  json::object body{{"by", by}, {"total", to_object(all == total->end() ? storage::ledger_sums{} : all->second)}, {"groups", std::move(rows)}};
  if (wanted.span.from_us > 0) body["from"] = time_text(wanted.span.from_us);
  if (wanted.span.to_us != INT64_MAX) body["to"] = time_text(wanted.span.to_us);
  return {200, "application/json", json::serialize(body)};
}

admin_answer savings_answer(const ledger_writer& ledger, const routing::yard& yard, std::string_view query) {
  const auto wanted = span_of(query);
  if (wanted.problem) return *wanted.problem;
  const auto state = ledger.snapshot();
  const auto routes = storage::sum_by(*state, storage::dimension::route, wanted.span);
  if (!routes) return storage_problem(routes.failure());
  const auto shown = [](const storage::ledger_sums& sums) {
    return json::object{{"requests", sums.requests},
                        {"cost_usd", format_usd(sums.cost)},
                        {"saved_usd", format_usd(sums.saved)},
                        {"saved_by",
                         json::object{{"routing", format_usd(sums.saved - sums.saved_by_cache - sums.saved_by_cascade)},
                                      {"cache", format_usd(sums.saved_by_cache)},
                                      {"cascade", format_usd(sums.saved_by_cascade)}}},
                        {"baseline_usd", format_usd(sums.cost + sums.saved)}};
  };
  storage::ledger_sums all;
  json::array rows;
  for (const auto& [name, sums] : *routes) {
    const auto route = yard.find_route(name);
    if (!(route && !route->baseline.empty()) && sums.saved == 0) continue;   // nothing to compare with
    auto row = shown(sums);
    row["route"] = name;
    row["baseline"] = route && !route->baseline.empty() ? json::value(route->baseline) : json::value(nullptr);
    rows.push_back(std::move(row));
    all.add(sums);
  }
  json::object body{{"total", shown(all)}, {"routes", std::move(rows)}};
  if (wanted.span.from_us > 0) body["from"] = time_text(wanted.span.from_us);
  if (wanted.span.to_us != INT64_MAX) body["to"] = time_text(wanted.span.to_us);
  return {200, "application/json", json::serialize(body)};
}

admin_answer ledger_page_answer(const ledger_writer& ledger, std::string_view query) {
  const auto wanted = span_of(query);
  if (wanted.problem) return *wanted.problem;
  const auto format = query_value(query, "format");
  if (!format.empty() && format != "jsonl" && format != "csv") return problem_answer(400, "invalid_request", "format: jsonl or csv");
  const auto after_text = query_value(query, "after");
  const auto after = from_hex(after_text);
  if (!after || after_text.size() > longest_key_text) return problem_answer(400, "invalid_request", "after: expected the `next` of the page before");
  std::size_t limit = most_rows_in_page;
  const auto asked = query_value(query, "limit");
  if (!asked.empty()) {
    const auto [end, failure] = std::from_chars(asked.data(), asked.data() + asked.size(), limit);
    if (failure != std::errc{} || end != asked.data() + asked.size() || limit == 0 || limit > most_rows_in_page)
      return problem_answer(400, "invalid_request", "limit: expected 1 to " + std::to_string(most_rows_in_page));
  }
  std::string text, last;
  std::size_t rows = 0;
  bool more = false;
  const auto read = storage::each_row(ledger.newest(), wanted.span, *after, [&](std::string_view key, const storage::ledger_row& row) {
    if (rows == limit) {
      more = true;
      return false;
    }
    ++rows;
    last = key;
    if (format == "csv")
      storage::append_csv(text, row);
    else
      storage::append_jsonl(text, row);
    return true;
  });
  if (!read) return storage_problem(read.failure());
  json::object body{{"count", rows}, {"rows", std::move(text)}};
  if (format == "csv") body["head"] = storage::csv_head();
  if (more) body["next"] = to_hex(last);
  return {200, "application/json", json::serialize(body)};
}

admin_answer backup_answer(const ledger_writer& ledger, std::string_view body) {
  boost::system::error_code bad;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), bad);
  const auto* members = bad ? nullptr : parsed.if_object();
  const auto* dir = members == nullptr ? nullptr : members->if_contains("dir");
  if (dir == nullptr || !dir->is_string() || !std::string_view(dir->get_string()).starts_with('/'))
    return problem_answer(400, "invalid_request", R"(expected {"dir": "/absolute/path"}, a folder on the node that does not exist)");
  const std::string folder(std::string_view(dir->get_string()));
  const auto made = ledger.backup(folder);
  if (!made) return storage_problem(made.failure());
  return {200, "application/json", json::serialize(json::object{{"dir", folder}, {"holds", json::array{"ledger"}}})};
}

// -- verification -----------------------------------------------------------------------------------------------------

ledger_check::~ledger_check() {
  if (thread_.joinable()) thread_.join();
}

admin_answer ledger_check::begin(std::shared_ptr<ledger_writer> ledger) {
  {
    const std::lock_guard guard(mutex_);
    if (!run_ || run_->done.load()) {
      if (thread_.joinable()) thread_.join();
      run_ = std::make_shared<run>();
      thread_ = std::thread([ledger = std::move(ledger), now = run_] {
        const auto state = ledger->snapshot();
        const auto found = storage::verify(*state, &now->rows);
        json::object body{{"state", "done"}};
        if (found) {
          json::array problems;
          for (const auto& problem : found->problems) problems.push_back(json::string(problem));
          body["ok"] = found->problems.empty();
          body["rows"] = found->rows;
          body["rollups"] = found->cells;
          body["open_attempts"] = found->open_attempts;
          body["total"] = to_object(found->total);
          body["problems"] = std::move(problems);
        } else {
          body["ok"] = false;
          body["problems"] = json::array{json::string(found.failure().message)};
        }
        now->body = json::serialize(body);
        now->done.store(true);
      });
    }
  }
  auto answer = tell();
  answer.status = 202;
  return answer;
}

admin_answer ledger_check::tell() const {
  const std::lock_guard guard(mutex_);
  if (!run_) return {200, "application/json", R"({"state":"none"})"};
  if (run_->done.load()) return {200, "application/json", run_->body};
  return {200, "application/json", json::serialize(json::object{{"state", "running"}, {"rows", run_->rows.load()}})};
}

}  // namespace switchyard::actors
