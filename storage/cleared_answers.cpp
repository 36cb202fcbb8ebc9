#include "storage/cleared_answers.hpp"

#include "storage/record.hpp"

namespace switchyard::storage {

namespace {

constexpr std::uint32_t version = 1;

}  // namespace

std::pair<std::string, std::string> clear_mark(const std::string& node, std::uint64_t number) {
  std::string value;
  record_writer out(value, 1, version);
  out.number(static_cast<std::int64_t>(number)).done();
  return {'m' + node, std::move(value)};
}

std::pair<std::string, std::string> own_clear_record(std::uint8_t slot, const own_clear& what) {
  std::string value;
  record_writer out(value, 5, version);
  out.number(static_cast<std::int64_t>(what.number)).number(static_cast<std::int64_t>(what.previous)).text(what.route).text(what.tenant).text(what.tag).done();
  return {std::string("o") + static_cast<char>(slot), std::move(value)};
}

result<clears_read> read_clears(const reader& from) {
  clears_read all;
  const auto marks = from.scan(table::meta, "m", "n", [&](std::string_view key, std::string_view value) {
    record_reader in(value, version, 1);
    const auto number = in.number();
    if (in.ok() && number > 0) all.marks[std::string(key.substr(1))] = static_cast<std::uint64_t>(number);
    return true;
  });
  if (!marks) return marks.failure();
  const auto own = from.scan(table::meta, "o", "p", [&](std::string_view key, std::string_view value) {
    record_reader in(value, version, 5);
    own_clear what;
    what.number = static_cast<std::uint64_t>(in.number());
    what.previous = static_cast<std::uint64_t>(in.number());
    what.route = in.text();
    what.tenant = in.text();
    what.tag = in.text();
    if (in.ok() && key.size() == 2) all.own[static_cast<unsigned char>(key[1])] = std::move(what);
    return true;
  });
  if (!own) return own.failure();
  return all;
}

}  // namespace switchyard::storage
