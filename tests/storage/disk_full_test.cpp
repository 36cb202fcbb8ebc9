// A ledger on a disk that fills up: no abort, reads go on, and after space is free again nothing is lost. Needs root for a small tmpfs.
#include "storage/ledger_query.hpp"
#include "storage/rocks_store.hpp"
#include "tests/storage/samples.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/mount.h>
#include <unistd.h>

#include <fstream>

BOOST_AUTO_TEST_SUITE(disk_full)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

/// 24 MB of memory as a disk; `here` is false where that is not allowed.
struct small_disk {
  small_disk() { here = ::geteuid() == 0 && ::mount("tmpfs", at.path().c_str(), "tmpfs", 0, "size=24m") == 0; }
  ~small_disk() {
    if (here) ::umount2(at.path().c_str(), MNT_DETACH);
  }
  scratch_folder at;
  bool here = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_full_disk_degrades_and_recovers_without_a_restart) {
  small_disk disk;
  if (!disk.here) {
    BOOST_TEST_MESSAGE("skipped: a small tmpfs needs root and the right to mount");
    std::puts("disk_full: skipped: a small tmpfs needs root and the right to mount");
    return;
  }
  auto opened = open_rocks_store(disk.at.path("db"), on_damage::refuse);
  BOOST_REQUIRE(opened);
  auto& on = **opened;
  auto begun = ledger::open(on, "yard-a", at(noon_us));
  BOOST_REQUIRE(begun);
  auto& l = *begun->value;
  {
    std::ofstream ballast(disk.at.path("ballast"), std::ios::binary);
    const std::string block(1 << 20, 'x');
    for (int i = 0; i < 16; ++i) ballast << block;
  }
  std::uint32_t number = 0;
  std::uint64_t acknowledged = 0;
  bool full = false;
  for (int round = 0; round < 4000 && !full; ++round) {
    for (int i = 0; i < 64; ++i) spend_once(l, ++number);
    if (l.commit(at(noon_us + round), survives::power))
      acknowledged = number;
    else
      full = true;
  }
  BOOST_REQUIRE(full);
  BOOST_TEST(acknowledged > 0u);
  for (int i = 0; i < 64; ++i) spend_once(l, ++number);            // accounting goes on in memory
  BOOST_TEST(!l.commit(at(noon_us), survives::power).has_value());
  BOOST_TEST(sum_by(on, dimension::total, {}).has_value());       // reads go on
  (void)l.recover();                                              // still no room: it may fail, it must not abort
  std::filesystem::remove(disk.at.path("ballast"));
  BOOST_REQUIRE(l.recover());
  BOOST_REQUIRE(l.commit(at(noon_us + 10'000), survives::power));
  BOOST_REQUIRE(l.commit(at(noon_us + 10'000), survives::power));
  BOOST_TEST(l.staged() == 0u);
  const auto found = verify(on);
  BOOST_REQUIRE(found);
  for (const auto& problem : found->problems) BOOST_ERROR(problem);
  BOOST_TEST(found->rows == number);
}

BOOST_AUTO_TEST_SUITE_END()
