#include "routing/embedding/table_file.hpp"

#include "tests/routing/embedding/table_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

BOOST_AUTO_TEST_SUITE(table_file_)

using namespace switchyard::routing;
using namespace switchyard::test;

namespace {

const std::string good = table_bytes(three_axes()), whole = table_bytes(in_context(three_axes(), 3));

std::string problem_of(const std::string& bytes) {
  const auto made = table_file::of_bytes(bytes);
  return made ? "none" : made.failure().message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_table_is_read_as_it_was_written) {
  const auto table = table_file::of_bytes(good);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  BOOST_TEST(table->dimensions() == 32u);
  BOOST_TEST(table->entries() == 4u);
  BOOST_TEST(table->vocabulary_text() == "[UNK]\nred\n##dish\nblue\n");
  BOOST_TEST(table->scales()[3] == 0.25f);
  BOOST_TEST(static_cast<int>(table->rows()[3 * 32 + 3]) == -128);
}

BOOST_AUTO_TEST_CASE(a_table_of_version_1_is_read_as_one_without_context) {
  const auto old = table_bytes(three_axes(), '1');
  const auto table = table_file::of_bytes(old);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  BOOST_TEST(table->context().width == 0u);
  BOOST_TEST(table->scales()[3] == 0.25f);
  BOOST_TEST(static_cast<int>(table->rows()[3 * 32 + 3]) == -128);
  BOOST_TEST(table->vocabulary_text() == "[UNK]\nred\n##dish\nblue\n");
}

BOOST_AUTO_TEST_CASE(a_context_is_read_as_it_was_written) {
  const auto parts = in_context(three_axes(), 3);
  const auto table = table_file::of_bytes(whole);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  const auto& c = table->context();
  BOOST_TEST(c.width == 16u);
  BOOST_TEST(c.units == 32u);
  BOOST_TEST(c.hidden == 48u);
  BOOST_TEST(c.maximum_step == 0.05f);
  BOOST_TEST(c.gate_shift == 0.1f);
  BOOST_TEST(c.window_scales[0] == parts.context_floats[6]);
  BOOST_TEST(c.corrected == 32u);
  BOOST_TEST(c.row_scales[1] == 0.5f);
  BOOST_TEST(c.correction_scales.back() == parts.context_floats.back());
  BOOST_TEST(static_cast<int>(c.corrections.back()) == static_cast<int>(parts.corrections.back()));
  BOOST_TEST(static_cast<int>(c.window.front()) == static_cast<int>(parts.layers.front()));
  BOOST_TEST(static_cast<int>(c.second.back()) == static_cast<int>(parts.layers.back()));
  BOOST_TEST(static_cast<int>(c.rows.back()) == static_cast<int>(parts.context_rows.back()));
}

BOOST_AUTO_TEST_CASE(tables_that_differ_have_other_fingerprints) {
  auto parts = in_context(three_axes(), 3);
  parts.context_rows[5] ^= 1;
  const auto other = table_bytes(parts);
  BOOST_TEST(table_file::of_bytes(whole)->fingerprint() == table_file::of_bytes(whole)->fingerprint());
  BOOST_TEST(table_file::of_bytes(whole)->fingerprint() != table_file::of_bytes(other)->fingerprint());
}

BOOST_AUTO_TEST_CASE(any_flipped_bit_is_found) {
  for (const auto& correct : {good, whole})
    for (std::size_t at = 0; at < correct.size(); ++at) {
      auto bytes = correct;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << at % 8);
      BOOST_TEST(problem_of(bytes) != "none", "byte " << at);
    }
}

BOOST_AUTO_TEST_CASE(a_table_cut_anywhere_is_refused) {
  for (const auto& correct : {good, whole})
    for (std::size_t size = 0; size < correct.size(); ++size)
      BOOST_TEST(problem_of(correct.substr(0, size)) != "none", "size " << size);
  BOOST_TEST(problem_of(good + std::string(8, '\0')) == "embedding table: it is cut short or too long");
}

BOOST_AUTO_TEST_CASE(problems_are_told_in_words) {
  BOOST_TEST(problem_of("something else that is long enough for a header") == "embedding table: this is no embedding table");
  BOOST_TEST(problem_of(table_bytes(three_axes(), '2')) == "embedding table: expected version 1 or 3, found '2'");
  auto parts = three_axes();
  parts.pieces[1] = "re\nd";
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: as many pieces as entries were expected");
  parts = three_axes();
  parts.scales[2] = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: a scale is no number");
  parts = in_context(three_axes(), 3);
  parts.context_floats[20] = std::numeric_limits<float>::infinity();
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: a weight is no number");
  parts = in_context(three_axes(), 3);
  parts.context_floats[1] = 0;
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: a step is not above zero");
  parts = in_context(three_axes(), 3);
  parts.context_rows[7] = 128;
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: a context row is out of range");
  parts = in_context(three_axes(), 3);
  parts.hidden = 40;
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: width, units and hidden must be multiples of 16 up to 1024, or all zero");
  parts = in_context(three_axes(), 3);
  parts.corrected = 48;
  BOOST_TEST(problem_of(table_bytes(parts)) == "embedding table: corrected must be a multiple of 32 up to dimensions");
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named) {
  const auto made = table_file::open("/nonexistent/embedding.bin");
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.failure().message == "embedding table /nonexistent/embedding.bin: No such file or directory");
}

BOOST_AUTO_TEST_SUITE_END()
