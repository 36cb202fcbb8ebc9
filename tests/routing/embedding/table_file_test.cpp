#include "routing/embedding/table_file.hpp"

#include "tests/routing/embedding/table_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace switchyard::routing;
using namespace switchyard::test;

namespace {

const std::string good = table_bytes(three_axes());

std::string problem_of(const std::string& bytes) {
  const auto made = table_file::of_bytes(bytes);
  return made ? "none" : made.failure().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table_file_)

BOOST_AUTO_TEST_CASE(a_table_is_read_as_it_was_written) {
  const auto table = table_file::of_bytes(good);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  BOOST_TEST(table->dimensions() == 32u);
  BOOST_TEST(table->entries() == 4u);
  BOOST_TEST(table->vocabulary_text() == "[UNK]\nred\n##dish\nblue\n");
  BOOST_TEST(table->scales()[3] == 0.25f);
  BOOST_TEST(static_cast<int>(table->rows()[3 * 32 + 3]) == -128);
}

BOOST_AUTO_TEST_CASE(any_flipped_bit_is_found) {
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 1 << at % 8);
    BOOST_TEST(problem_of(bytes) != "none", "byte " << at);
  }
}

BOOST_AUTO_TEST_CASE(a_table_cut_anywhere_is_refused) {
  for (std::size_t size = 0; size < good.size(); ++size) BOOST_TEST(problem_of(good.substr(0, size)) != "none", "size " << size);
  BOOST_TEST(problem_of(good + std::string(8, '\0')) == "embedding table: it is cut short or too long");
}

BOOST_AUTO_TEST_CASE(problems_are_told_in_words) {
  BOOST_TEST(problem_of("something else that is long enough for a header") == "embedding table: this is no embedding table");
  BOOST_TEST(problem_of(table_bytes(three_axes(), '2')) == "embedding table: expected version 1, found '2'");
  auto parts = three_axes();
  parts.pieces[1] = "re\nd";
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: as many pieces as entries were expected");
  parts = three_axes();
  parts.scales[2] = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: a scale is no number");
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named) {
  const auto made = table_file::open("/nonexistent/embedding.bin");
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.failure().message == "embedding table /nonexistent/embedding.bin: No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()
