#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(units)

using namespace switchyard;
using namespace switchyard::config;

BOOST_AUTO_TEST_CASE(durations_take_a_whole_number_and_a_unit) {
  BOOST_TEST((parse_duration("250ms") == milliseconds(250)));
  BOOST_TEST((parse_duration("10s") == milliseconds(10'000)));
  BOOST_TEST((parse_duration("5m") == milliseconds(300'000)));
  BOOST_TEST((parse_duration("1h") == milliseconds(3'600'000)));
  BOOST_TEST((parse_duration("30d") == milliseconds(30ll * 86'400'000)));
  BOOST_TEST((parse_duration("0s") == milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_duration) {
  for (const char* text : {"", "s", "10", "10 s", " 10s", "1.5s", "-1s", "+1s", "1h30m", "10S", "10sec", "99999999999999999999s", "4000000d", "1w"})
    BOOST_TEST(!parse_duration(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_duration_prints_as_it_can_be_read) {
  for (const char* text : {"250ms", "10s", "75s", "5m", "90m", "1h", "36h", "30d", "0s", "1001ms"})
    BOOST_TEST(format_duration(*parse_duration(text)) == text);
  BOOST_TEST(format_duration(milliseconds(600'000)) == "10m");
}

BOOST_AUTO_TEST_CASE(sizes_take_binary_units_or_plain_bytes) {
  BOOST_TEST((parse_size("64KiB") == std::uint64_t{65536}));
  BOOST_TEST((parse_size("20MiB") == std::uint64_t{20} << 20));
  BOOST_TEST((parse_size("1GiB") == std::uint64_t{1} << 30));
  BOOST_TEST((parse_size("1000") == std::uint64_t{1000}));
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_size) {
  for (const char* text : {"", "KiB", "20MB", "20M", "1.5GiB", "-1", "20 MiB", "20mib", "99999999999999999999", "99999999999GiB", "9223372036854775809"})
    BOOST_TEST(!parse_size(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_size_prints_as_it_can_be_read) {
  for (const char* text : {"64KiB", "20MiB", "1GiB", "1000", "0", "1025KiB"}) BOOST_TEST(format_size(*parse_size(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()
