// The checksum functions that stand in for RocksDB's own.
#include "storage/rocksdb_crc32c.hpp"

#include "storage/crc32c.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace switchyard::storage {

BOOST_AUTO_TEST_SUITE(rocksdb_crc32c_)

BOOST_AUTO_TEST_CASE(sums_are_those_of_the_table_in_whatever_pieces) {
  std::mt19937 chance(7);
  for (int round = 0; round < 300; ++round) {
    std::string bytes(chance() % 3000, '\0');
    for (auto& c : bytes) c = static_cast<char>(chance());
    const auto cut = bytes.empty() ? 0 : chance() % bytes.size();
    const auto whole = detail::crc32c_by_table(bytes);
    BOOST_TEST(rocksdb::crc32c::Extend(0, bytes.data(), bytes.size()) == whole);
    BOOST_TEST(rocksdb::crc32c::Extend(rocksdb::crc32c::Extend(0, bytes.data(), cut), bytes.data() + cut, bytes.size() - cut) == whole);
    BOOST_TEST(detail::crc32c_by_table(std::string_view(bytes).substr(cut), detail::crc32c_by_table(std::string_view(bytes).substr(0, cut))) == whole);
    const auto head = crc32c(std::string_view(bytes).substr(0, cut)), tail = crc32c(std::string_view(bytes).substr(cut));
    BOOST_TEST(rocksdb::crc32c::Crc32cCombine(head, tail, bytes.size() - cut) == whole);
  }
}

// RFC 3720 B.4: 32 bytes of zeros, of ones, rising.
BOOST_AUTO_TEST_CASE(sums_are_those_of_iscsi) {
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  BOOST_TEST(rocksdb::crc32c::Extend(0, std::string(32, '\0').data(), 32) == 0x8A9136AAu);
  BOOST_TEST(rocksdb::crc32c::Extend(0, std::string(32, '\xff').data(), 32) == 0x62A8AB43u);
  BOOST_TEST(rocksdb::crc32c::Extend(0, rising.data(), 32) == 0x46DD794Eu);
}

#if defined(__x86_64__)
BOOST_AUTO_TEST_CASE(the_linked_ones_are_ours) {
  BOOST_TEST((rocksdb::crc32c::IsFastCrc32Supported() == "Supported on x86") == detail::has_crc32c_instruction);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace switchyard::storage
