// The key-value contract, held against every backend.
#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace switchyard;
using namespace switchyard::storage;

namespace {

enum class backend { memory, rocks };
std::ostream& operator<<(std::ostream& out, backend which) { return out << (which == backend::memory ? "memory" : "rocks"); }
const auto backends = boost::unit_test::data::make({backend::memory, backend::rocks});

struct opened {
  explicit opened(backend which) {
    if (which == backend::memory) {
      it = std::make_unique<memory_store>();
    } else {
      auto made = open_rocks_store(folder.path("db"), on_damage::refuse);
      BOOST_REQUIRE(made);
      it = std::move(*made);
    }
  }
  std::string get(std::string_view key, table where = table::meta) const {
    auto value = it->get(where, key);
    BOOST_REQUIRE(value);
    return value->value_or("(none)");
  }
  void put(std::string key, std::string value, table where = table::meta) {
    write_batch batch;
    batch.put(where, std::move(key), std::move(value));
    BOOST_REQUIRE(it->write(batch, survives::process));
  }
  scratch_folder folder;
  std::unique_ptr<store> it;
};

std::string keys_in(const reader& from, std::string_view begin, std::string_view end, bool back = false) {
  std::string out;
  const auto add = [&](std::string_view key, std::string_view value) {
    out.append(key).append("=").append(value).append(" ");
    return true;
  };
  BOOST_REQUIRE(back ? from.scan_back(table::ledger_rows, begin, end, add) : from.scan(table::ledger_rows, begin, end, add));
  return out;
}

void fill(opened& s) {
  for (const auto* key : {"b", "a", "d", "c"}) s.put(key, std::string(key) + "1", table::ledger_rows);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_contract)

BOOST_DATA_TEST_CASE(what_was_put_is_read_and_tables_are_apart, backends, which) {
  opened s(which);
  const std::string key("k\0\xff", 3);
  s.put(key, "meta");
  s.put(key, "row", table::ledger_rows);
  BOOST_TEST(s.get(key) == "meta");
  BOOST_TEST(s.get(key, table::ledger_rows) == "row");
  BOOST_TEST(s.get(key, table::rollups) == "(none)");
}

BOOST_DATA_TEST_CASE(a_batch_applies_in_order, backends, which) {
  opened s(which);
  s.put("gone", "x");
  write_batch batch;
  batch.put(table::meta, "a", "1");
  batch.put(table::meta, "a", "2");
  batch.put(table::meta, "b", "1");
  batch.erase(table::meta, "b");
  batch.erase(table::meta, "gone");
  BOOST_TEST(batch.size() == 5u);
  BOOST_REQUIRE(s.it->write(batch, survives::power));
  BOOST_TEST(s.get("a") == "2");
  BOOST_TEST(s.get("b") == "(none)");
  BOOST_TEST(s.get("gone") == "(none)");
}

BOOST_DATA_TEST_CASE(scans_are_ordered_and_half_open_both_ways, backends, which) {
  opened s(which);
  fill(s);
  BOOST_TEST(keys_in(*s.it, "", "") == "a=a1 b=b1 c=c1 d=d1 ");
  BOOST_TEST(keys_in(*s.it, "b", "d") == "b=b1 c=c1 ");
  BOOST_TEST(keys_in(*s.it, "b", "d", true) == "c=c1 b=b1 ");
  BOOST_TEST(keys_in(*s.it, "", "", true) == "d=d1 c=c1 b=b1 a=a1 ");
  BOOST_TEST(keys_in(*s.it, "x", "") == "");
  int seen = 0;
  BOOST_REQUIRE(s.it->scan(table::ledger_rows, "", "", [&](auto, auto) { return ++seen < 2; }));
  BOOST_TEST(seen == 2);
}

BOOST_DATA_TEST_CASE(a_range_is_erased_without_its_end, backends, which) {
  opened s(which);
  fill(s);
  write_batch batch;
  batch.erase_range(table::ledger_rows, "b", "d");
  BOOST_REQUIRE(s.it->write(batch, survives::process));
  BOOST_TEST(keys_in(*s.it, "", "") == "a=a1 d=d1 ");
}

BOOST_DATA_TEST_CASE(a_snapshot_does_not_see_later_writes, backends, which) {
  opened s(which);
  fill(s);
  const auto before = s.it->snapshot();
  s.put("a", "changed", table::ledger_rows);
  s.put("e", "new", table::ledger_rows);
  BOOST_TEST(keys_in(*before, "", "") == "a=a1 b=b1 c=c1 d=d1 ");
  BOOST_TEST(before->get(table::ledger_rows, "a")->value() == "a1");
  BOOST_TEST(keys_in(*before, "d", "", true) == "d=d1 ");
  BOOST_TEST(s.get("a", table::ledger_rows) == "changed");
}

BOOST_DATA_TEST_CASE(reopening_keeps_everything, backends, which) {
  opened s(which);
  fill(s);
  BOOST_REQUIRE(s.it->reopen());
  BOOST_TEST(keys_in(*s.it, "", "") == "a=a1 b=b1 c=c1 d=d1 ");
  s.put("e", "e1", table::ledger_rows);
  BOOST_TEST(s.get("e", table::ledger_rows) == "e1");
}

BOOST_AUTO_TEST_CASE(the_key_after_a_prefix_is_above_all_of_it) {
  BOOST_TEST(after_prefix("ab") == "ac");
  BOOST_TEST(after_prefix(std::string("a\xff\xff")) == "b");
  BOOST_TEST(after_prefix("\xff") == "");
}

BOOST_AUTO_TEST_CASE(a_full_memory_store_fails_until_it_is_reopened) {
  memory_store s;
  write_batch batch;
  batch.put(table::meta, "a", "1");
  s.set_room(false);
  const auto failed = s.write(batch, survives::process);
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.failure().retryable);
  s.set_room(true);
  BOOST_TEST(!s.write(batch, survives::process).has_value());
  BOOST_REQUIRE(s.reopen());
  BOOST_TEST(s.write(batch, survives::process).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rocks_on_disk)

BOOST_AUTO_TEST_CASE(a_folder_in_use_is_a_clear_error) {
  opened first(backend::rocks);
  const auto second = open_rocks_store(first.folder.path("db"), on_damage::set_aside);
  BOOST_REQUIRE(!second);
  BOOST_TEST(second.failure().param == "lock");
  BOOST_TEST(second.failure().message.find("in use by another process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_is_a_store_of_its_own) {
  opened s(backend::rocks);
  fill(s);
  BOOST_REQUIRE(s.it->checkpoint(s.folder.path("copy")));
  s.put("later", "1", table::ledger_rows);
  auto copy = open_rocks_store(s.folder.path("copy"), on_damage::refuse);
  BOOST_REQUIRE(copy);
  BOOST_TEST(keys_in(**copy, "", "") == "a=a1 b=b1 c=c1 d=d1 ");
  BOOST_TEST(!s.it->checkpoint(s.folder.path("copy")).has_value());
}

BOOST_AUTO_TEST_CASE(nothing_of_its_own_log_is_written_to_the_disk) {
  opened s(backend::rocks);
  BOOST_TEST(!std::filesystem::exists(s.folder.path("db/LOG")));
}

BOOST_AUTO_TEST_CASE(a_damaged_store_is_refused_or_set_aside_as_told) {
  scratch_folder folder;
  {
    auto made = open_rocks_store(folder.path("db"), on_damage::refuse);
    BOOST_REQUIRE(made);
  }
  std::ofstream(folder.path("db/CURRENT")) << "MANIFEST-999999\n";
  const auto refused = open_rocks_store(folder.path("db"), on_damage::refuse);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.failure().message.find("switchyardctl restore") != std::string::npos);
  BOOST_TEST(std::filesystem::exists(folder.path("db/CURRENT")));
  const auto anew = open_rocks_store(folder.path("db"), on_damage::set_aside);
  BOOST_REQUIRE(anew);
  BOOST_TEST(std::filesystem::exists(folder.path("db.damaged-1/CURRENT")));
}

BOOST_AUTO_TEST_CASE(changed_bytes_in_a_log_are_not_taken_for_its_end) {
  scratch_folder folder;
  {
    auto made = open_rocks_store(folder.path("db"), on_damage::refuse);
    BOOST_REQUIRE(made);
    for (int i = 0; i < 100; ++i) {
      write_batch batch;
      batch.put(table::meta, "key-" + std::to_string(i), std::string(2000, 'x'));
      BOOST_REQUIRE((*made)->write(batch, survives::process));
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path("db"))) {
    if (entry.path().extension() != ".log" || entry.file_size() < 100'000) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(50'000);
    file.write("damage", 6);
  }
  BOOST_TEST(!open_rocks_store(folder.path("db"), on_damage::refuse).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
