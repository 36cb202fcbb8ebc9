#include "actors/ledger_copies.hpp"

#include "actors/admin_answers.hpp"
#include "base/hex.hpp"
#include "base/sha256.hpp"
#include "storage/kept_rows.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

namespace switchyard::actors {

namespace json = boost::json;

namespace {

constexpr std::uint64_t block_rows = 64;
constexpr std::uint64_t most_blocks = 16;         // of one incarnation: the newest
constexpr std::size_t most_with_blocks = 10;      // incarnations

using row_scan = std::function<outcome(std::uint64_t first, std::uint64_t last, const std::function<bool(std::uint64_t, std::string_view)>& visit)>;

json::object blocks_of(std::uint64_t first, std::uint64_t last, const row_scan& scan) {
  json::object blocks;
  const auto end = last / block_rows;             // blocks are counted from 0
  const auto begin = std::max((first + block_rows - 2) / block_rows, end > most_blocks ? end - most_blocks : 0);
  for (auto block = begin; block < end; ++block) {
    std::string all;
    std::uint64_t next = block * block_rows + 1;
    const auto read = scan(next, next + block_rows - 1, [&](std::uint64_t seq, std::string_view row) {
      if (seq != next) return false;
      ++next;
      all.append(std::to_string(row.size())).append(":").append(row);
      return true;
    });
    if (!read || next != (block + 1) * block_rows + 1) continue;
    const auto digest = sha256(all);
    blocks[std::to_string(block * block_rows + 1)] = to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  return blocks;
}

constexpr std::size_t rows_of_a_page = 512;
constexpr std::size_t bytes_of_a_page = 512u << 10;

std::optional<std::uint64_t> number_in(const std::string& text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc{} && read.ptr == end ? std::optional(value) : std::nullopt;
}

}  // namespace

admin_answer kept_rows_answer(const ledger_writer& ledger, const std::string& query) {
  const auto of = query_value(query, "of");
  const auto incarnation = number_in(query_value(query, "incarnation")), first = number_in(query_value(query, "first"));
  if (of.empty() || !incarnation || !first) return problem_answer(400, "invalid_request", "expected of=NODE, incarnation=N and first=N");
  const auto snapshot = ledger.snapshot();
  json::array rows;
  std::size_t bytes = 0;
  const auto read = storage::each_kept_row(*snapshot, of, *incarnation, *first, *first + rows_of_a_page - 1, [&](std::uint64_t seq, std::string_view row) {
    rows.push_back(json::object{{"seq", seq}, {"row", to_hex(row)}});
    return (bytes += row.size()) < bytes_of_a_page;
  });
  if (!read) return problem_answer(500, "internal", read.failure().message);
  return {200, "application/json", json::serialize(json::object{{"rows", std::move(rows)}}), {}};
}

admin_answer ledger_copies_answer(const ledger_writer& ledger, const std::string& node) {
  const auto snapshot = ledger.snapshot();
  const auto lives = storage::ledger_lives(*snapshot);
  const auto ranges = storage::kept_ranges(*snapshot);
  if (!lives) return problem_answer(500, "internal", lives.failure().message);
  if (!ranges) return problem_answer(500, "internal", ranges.failure().message);
  std::vector<storage::kept_range> all;
  for (const auto& life : *lives) all.push_back({node, life.incarnation, life.first, life.last});
  const auto own = all.size();
  for (const auto& range : *ranges) {
    auto* before = all.size() > own ? &all.back() : nullptr;
    if (before != nullptr && before->origin == range.origin && before->incarnation == range.incarnation && range.first <= before->last + 1)
      before->last = std::max(before->last, range.last);
    else
      all.push_back(range);
  }
  json::array copies;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& range = all[i];
    // The newest of each node's incarnations come last, its own and others' alike.
    const auto later = static_cast<std::size_t>(std::count_if(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(), [&](const auto& other) { return other.origin == range.origin; }));
    const row_scan scan = [&](std::uint64_t first, std::uint64_t last, const std::function<bool(std::uint64_t, std::string_view)>& visit) -> outcome {
      if (i >= own) return storage::each_kept_row(*snapshot, range.origin, range.incarnation, first, last, visit);
      const auto run = storage::read_row_run(*snapshot, range.incarnation, first, last - first + 1, 8u << 20);
      if (!run) return run.failure();
      for (std::size_t row = 0; row < run->rows.size(); ++row)
        if (!visit(run->first + row, run->rows[row])) break;
      return done{};
    };
    copies.push_back(json::object{{"of", range.origin},
                                  {"incarnation", range.incarnation},
                                  {"first", range.first},
                                  {"last", range.last},
                                  {"blocks", later < most_with_blocks ? blocks_of(range.first, range.last, scan) : json::object{}}});
  }
  return {200, "application/json", json::serialize(json::object{{"copies", std::move(copies)}}), {}};
}

}  // namespace switchyard::actors
