#include "storage/kept_rows.hpp"

#include "storage/big_endian.hpp"
#include "storage/record.hpp"

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1;
constexpr std::string_view shipped_key = "shipped";
constexpr std::size_t numbers = 2 * sizeof(std::uint64_t);

std::string own_key(std::uint64_t incarnation, std::uint64_t seq) {
  std::string key;
  append_big_endian(key, incarnation);
  append_big_endian(key, seq);
  return key;
}

struct own_place {
  std::uint64_t incarnation = 0, seq = 0;
};

std::optional<own_place> place_of(std::string_view key) {
  if (key.size() < numbers) return std::nullopt;
  return own_place{read_big_endian<std::uint64_t>(key), read_big_endian<std::uint64_t>(key.substr(sizeof(std::uint64_t)))};
}

/// The first row that a scan finds.
result<std::optional<own_place>> first_found(const reader& from, std::string_view begin, std::string_view end, bool back) {
  std::optional<own_place> found;
  const auto look = [&](std::string_view key, std::string_view) {
    found = place_of(key);
    return false;
  };
  const auto read = back ? from.scan_back(table::ledger_rows, begin, end, look) : from.scan(table::ledger_rows, begin, end, look);
  if (!read) return read.failure();
  return found;
}

std::string kept_key(char what, std::string_view origin, std::uint64_t incarnation, std::uint64_t seq) {
  std::string key(1, what);
  key += static_cast<char>(std::min<std::size_t>(origin.size(), 255));
  key.append(origin.substr(0, 255));
  append_big_endian(key, incarnation);
  append_big_endian(key, seq);
  return key;
}

std::uint64_t last_number(std::string_view key) { return read_big_endian<std::uint64_t>(key.substr(key.size() - sizeof(std::uint64_t))); }

struct kept_run {
  std::string rows;
  std::uint32_t skipped = 0;                     // at its beginning: they are kept elsewhere
};

/// nullopt: rows of that range are kept one by one.
result<std::optional<kept_run>> run_at(const reader& from, std::string_view origin, std::uint64_t incarnation, std::uint64_t first) {
  auto packed = from.get(table::kept_rows, kept_key('p', origin, incarnation, first));
  if (!packed) return packed.failure();
  if (*packed) {
    if ((*packed)->size() < sizeof(std::uint32_t)) return storage_error("rows that were kept for another node are damaged");
    auto rows = unpack_run(std::string_view(**packed).substr(sizeof(std::uint32_t)));
    if (!rows) return rows.failure();
    return std::optional<kept_run>({std::move(*rows), read_big_endian<std::uint32_t>(**packed)});
  }
  auto run = from.get(table::kept_rows, kept_key('k', origin, incarnation, first));
  if (!run) return run.failure();
  if (!*run) return std::optional<kept_run>{};
  return std::optional<kept_run>({std::move(**run), 0});
}

std::string number_bytes(std::uint64_t value) {
  std::string bytes;
  append_big_endian(bytes, value);
  return bytes;
}

}  // namespace

result<std::vector<ledger_life>> ledger_lives(const reader& from) {
  std::vector<ledger_life> all;
  for (std::uint64_t next = 0;;) {
    auto first = first_found(from, own_key(next, 0), {}, false);
    if (!first) return first.failure();
    if (!*first) return all;
    const auto incarnation = (*first)->incarnation;
    const auto end = incarnation == UINT64_MAX ? std::string() : own_key(incarnation + 1, 0);
    const auto last = first_found(from, own_key(incarnation, 0), end, true);
    if (!last) return last.failure();
    all.push_back({incarnation, (*first)->seq, *last ? (*last)->seq : (*first)->seq});
    if (incarnation == UINT64_MAX) return all;
    next = incarnation + 1;
  }
}

result<row_run> read_row_run(const reader& from, std::uint64_t incarnation, std::uint64_t first, std::size_t count, std::size_t most_bytes) {
  row_run out;
  std::size_t bytes = 0;
  auto read = from.scan(table::ledger_rows, own_key(incarnation, first), own_key(incarnation, first + count), [&](std::string_view key, std::string_view value) {
    const auto at = place_of(key);
    if (!at) return false;
    if (out.rows.empty())
      out.first = at->seq;
    else if (at->seq != out.first + out.rows.size() || bytes + value.size() > most_bytes)
      return false;
    bytes += value.size();
    out.rows.emplace_back(value);
    return true;
  });
  if (!read) return read.failure();
  return out;
}

void note_shipped(write_batch& batch, shipped_mark mark) {
  std::string bytes;
  record_writer(bytes, 2, version).number(static_cast<std::int64_t>(mark.incarnation)).number(static_cast<std::int64_t>(mark.seq)).done();
  batch.put(table::meta, shipped_key, bytes);
}

result<shipped_mark> read_shipped(const reader& from) {
  const auto bytes = from.get(table::meta, shipped_key);
  if (!bytes) return bytes.failure();
  shipped_mark out;
  if (!*bytes) return out;
  record_reader in(**bytes, version, 2);
  out.incarnation = static_cast<std::uint64_t>(in.number());
  out.seq = static_cast<std::uint64_t>(in.number());
  if (!in.ok()) return storage_error("the mark of what was shipped is damaged: " + in.problem());
  return out;
}

void keep_rows(write_batch& batch, std::string_view origin, std::uint64_t incarnation, std::uint64_t first, const std::vector<std::string>& rows) {
  if (rows.empty()) return;
  std::size_t size = 0;
  for (const auto& row : rows) size += sizeof(std::uint32_t) + row.size();
  std::string run;
  run.reserve(size);
  for (const auto& row : rows) append_to_run(run, row);
  batch.put(table::kept_rows, kept_key('k', origin, incarnation, first), run);
  batch.put(table::kept_rows, kept_key('s', origin, incarnation, first), number_bytes(first + rows.size() - 1));
}

void keep_packed_rows(write_batch& batch, std::string_view origin, std::uint64_t incarnation, std::uint64_t first, std::uint64_t count, std::uint32_t skipped,
                      std::string_view packed) {
  if (count == 0) return;
  std::string head;
  append_big_endian(head, skipped);
  batch.put(table::kept_rows, kept_key('p', origin, incarnation, first), head, packed);
  batch.put(table::kept_rows, kept_key('s', origin, incarnation, first), number_bytes(first + count - 1));
}

result<std::vector<kept_range>> kept_ranges(const reader& from) {
  std::vector<kept_range> all;
  auto read = from.scan(table::kept_rows, "s", after_prefix("s"), [&](std::string_view key, std::string_view value) {
    const auto length = key.size() > 1 ? static_cast<unsigned char>(key[1]) : std::size_t{0};
    if (key.size() != 2 + length + numbers || value.size() != sizeof(std::uint64_t)) return true;   // not of this version
    const auto place = place_of(key.substr(2 + length));
    all.push_back({std::string(key.substr(2, length)), place->incarnation, place->seq, read_big_endian<std::uint64_t>(value)});
    return true;
  });
  if (!read) return read.failure();
  return all;
}

outcome each_kept_row(const reader& from, std::string_view origin, std::uint64_t incarnation, std::uint64_t first, std::uint64_t last,
                      const std::function<bool(std::uint64_t seq, std::string_view row)>& visit) {
  auto begin = kept_key('s', origin, incarnation, first);
  // The range that holds `first` may begin before it.
  auto read = from.scan_back(table::kept_rows, kept_key('s', origin, incarnation, 0), begin + '\0', [&](std::string_view key, std::string_view) {
    begin = key;
    return false;
  });
  if (!read) return read;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  read = from.scan(table::kept_rows, begin, kept_key('s', origin, incarnation, last) + '\0', [&](std::string_view key, std::string_view value) {
    if (value.size() == sizeof(std::uint64_t)) ranges.emplace_back(last_number(key), read_big_endian<std::uint64_t>(value));
    return true;
  });
  if (!read) return read;
  bool goes_on = true;
  for (const auto& [range_first, range_last] : ranges) {
    if (!goes_on || range_last < first) continue;
    const auto run = run_at(from, origin, incarnation, range_first);
    if (!run) return run.failure();
    if (*run) {
      const auto& [rows, skipped] = **run;
      const auto whole = each_of_run(rows, [&](std::uint64_t index, std::string_view row) {
        if (index < skipped) return true;
        const auto seq = range_first + index - skipped;
        if (seq >= first && seq <= std::min(last, range_last)) goes_on = visit(seq, row);
        return goes_on && seq < std::min(last, range_last);
      });
      if (!whole) return storage_error("rows that were kept for another node are damaged");
      continue;
    }
    read = from.scan(table::kept_rows, kept_key('r', origin, incarnation, std::max(first, range_first)), kept_key('r', origin, incarnation, std::min(last, range_last)) + '\0',
                     [&](std::string_view key, std::string_view value) { return goes_on = visit(last_number(key), value); });
    if (!read) return read;
  }
  return done{};
}

outcome drop_kept_rows(store& on, std::int64_t before_us) {
  auto ranges = kept_ranges(on);
  if (!ranges) return ranges.failure();
  write_batch batch;
  const kept_range* young = nullptr;               // rows of one life are in the order of their time: what follows it stays
  for (const auto& range : *ranges) {
    if (young != nullptr && young->origin == range.origin && young->incarnation == range.incarnation) continue;
    result<ledger_row> newest{ledger_row{}};         // nothing there: the range goes
    auto read = each_kept_row(on, range.origin, range.incarnation, range.last, range.last, [&](std::uint64_t seq, std::string_view row) {
      newest = decode_row(row_id{range.origin, range.incarnation, seq}.key(), row);
      return false;
    });
    if (!read) return read;
    if (newest && newest->at_us >= before_us) {
      young = &range;
      continue;
    }
    batch.erase_range(table::kept_rows, kept_key('r', range.origin, range.incarnation, range.first), kept_key('r', range.origin, range.incarnation, range.last) + '\0');
    for (const char what : {'k', 'p', 's'}) batch.erase(table::kept_rows, kept_key(what, range.origin, range.incarnation, range.first));
  }
  if (batch.empty()) return done{};
  return on.write(batch, survives::process);
}

}  // namespace switchyard::storage
