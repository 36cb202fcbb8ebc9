// The file of trained heads and what is read from it.
#include "routing/signals/heads_file.hpp"
#include "routing/signals/linear_head.hpp"
#include "routing/signals/signal_models.hpp"

#include "tests/routing/embedding/table_builder.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(heads)

using namespace switchyard::routing;

namespace {

struct array {
  std::string name;
  std::uint32_t type = 1, rows = 1, columns = 1;
  std::string bytes;
};

array floats(std::string name, std::uint32_t rows, std::vector<float> values) {
  array made{std::move(name), 1, rows, static_cast<std::uint32_t>(values.size() / rows), std::string(values.size() * 4, '\0')};
  std::memcpy(made.bytes.data(), values.data(), made.bytes.size());
  return made;
}

// As tools/train/heads_file.py writes it.
std::vector<std::uint64_t> file_of(const std::vector<array>& arrays, const char* magic = "swysig02") {
  std::string head(magic, 8), table, body;
  const auto put = [](std::string& to, std::uint32_t n) { to.append(reinterpret_cast<const char*>(&n), 4); };
  put(head, static_cast<std::uint32_t>(arrays.size()));
  put(head, 0);
  put(head, 77);
  put(head, 0);
  head.append(8, '\0');
  for (const auto& a : arrays) {
    auto name = a.name;
    name.resize(40);
    table += name;
    for (const auto n : {a.type, a.rows, a.columns, static_cast<std::uint32_t>(32 + 56 * arrays.size() + body.size())}) put(table, n);
    body += a.bytes;
    body.resize((body.size() + 7) / 8 * 8);
  }
  const auto all = head + table + body;
  std::vector<std::uint64_t> words(all.size() / 8);
  std::memcpy(words.data(), all.data(), all.size());
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < words.size(); ++i) sum += words[i] * (2 * i + 1);
  words[3] = sum;
  return words;
}

std::string_view bytes_of(const std::vector<std::uint64_t>& words) { return {reinterpret_cast<const char*>(words.data()), words.size() * 8}; }

std::string problem_of(const std::vector<std::uint64_t>& words) {
  const auto made = heads_file::of_bytes(bytes_of(words));
  return made ? "none" : made.failure().message;
}

const std::vector<array> two_classes = {floats("x.bias", 1, {1, -1}), floats("x.vector", 2, {1, 0, 0, 2}), floats("x.dense", 2, {0.5f, -0.5f}),
                                        {"x.words", 2, 4, 2, std::string("\0\0\0\0\0\0\0\0", 8)}, floats("x.scale", 1, {1, 1}), floats("x.hashing", 1, {1, 0, 0})};

}  // namespace

BOOST_AUTO_TEST_CASE(arrays_are_read_as_they_were_written) {
  const auto words = file_of({floats("a", 2, {1, 2, 3, 4}), {"b", 2, 1, 3, std::string("\x01\xFF\x7F", 3)}});
  const auto file = heads_file::of_bytes(bytes_of(words));
  BOOST_REQUIRE_MESSAGE(file, (file ? "" : file.failure().message));
  BOOST_TEST(file->embedding() == 77u);
  BOOST_TEST(file->floats_named("a").columns == 2u);
  BOOST_TEST(file->floats_named("a").values[3] == 4.0f);
  BOOST_TEST(static_cast<int>(file->bytes_named("b").values[1]) == -1);
  BOOST_TEST(file->floats_named("b").values.empty());
  BOOST_TEST(file->floats_named("c").values.empty());
}

BOOST_AUTO_TEST_CASE(damage_is_found_and_told_in_words) {
  const auto good = file_of(two_classes);
  for (std::size_t at = 0; at < good.size() * 8; ++at) {
    auto bad = good;
    bad[at / 8] ^= std::uint64_t{1} << at % 64;
    BOOST_TEST(problem_of(bad) != "none", "byte " << at);
  }
  for (std::size_t size = 0; size < good.size(); ++size) BOOST_TEST(problem_of({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}) != "none");
  BOOST_TEST(problem_of(file_of({}, "swysig01")) == "signal heads: expected version 02, found '01'");
  BOOST_TEST(problem_of(file_of({}, "someelse")) == "signal heads: this is no file of heads");
  BOOST_TEST(problem_of(file_of({{"b", 2, 9, 9, "x"}})) == "signal heads: its array 'b' does not fit in it");
  const auto missing = heads_file::open("/nonexistent/signals.bin");
  BOOST_TEST(missing.failure().message == "signal heads /nonexistent/signals.bin: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_head_sums_vector_numbers_and_words) {
  auto arrays = two_classes;
  std::vector<word> words;
  split_words("alpha beta", words);
  arrays[3].bytes[(words[0].hash & 3) * 2] = 10;          // class 0 likes the bucket of "alpha"
  const auto bytes = file_of(arrays);
  const auto file = heads_file::of_bytes(bytes_of(bytes));
  BOOST_REQUIRE(file);
  const auto head = linear_head::in(*file, "x", 2, 2, 1);
  BOOST_REQUIRE_MESSAGE(head, (head ? "" : head.failure().message));
  const float vector[] = {3, 4}, dense[] = {2};
  float out[2] = {};
  head->score(vector, dense, {}, out);
  BOOST_TEST(out[0] == 1 + 3 + 1.0f);
  BOOST_TEST(out[1] == -1 + 8 - 1.0f);
  head->score(vector, dense, words, out);
  const float same = (words[0].hash & 3) == (words[1].hash & 3) ? 2.0f : 1.0f;
  BOOST_TEST(out[0] == 5 + 10 * same / std::sqrt(2.0f), boost::test_tools::tolerance(1e-5f));
}

BOOST_AUTO_TEST_CASE(a_head_of_another_embedding_is_refused) {
  const auto bytes = file_of(two_classes);
  const auto file = heads_file::of_bytes(bytes_of(bytes));
  BOOST_REQUIRE(file);
  BOOST_TEST(linear_head::in(*file, "x", 2, 256, 1).failure().message == "signal heads: x: made for another embedding: expected 256 dimensions");
  BOOST_TEST(linear_head::in(*file, "y", 2, 2, 1).failure().message == "signal heads: y: expected 2 classes");
}

BOOST_AUTO_TEST_CASE(heads_trained_with_another_table_of_the_same_size_are_refused) {
  const switchyard::storage::scratch_folder folder;
  auto parts = switchyard::test::three_axes();
  parts.dimensions = 256;
  parts.rows.assign(parts.pieces.size() * parts.dimensions, 1);
  std::ofstream(folder.path("embedding.bin"), std::ios::binary) << switchyard::test::table_bytes(parts);
  std::filesystem::copy_file(std::string(SWITCHYARD_SOURCE_DIR) + "/models/signals.bin", folder.path("signals.bin"));
  const auto made = signal_models::load(folder.path());
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.failure().message ==
             "signal heads " + folder.path("signals.bin") + ": were trained with another embedding than embedding.bin; run tools/train/heads");
}

BOOST_AUTO_TEST_CASE(a_calibration_is_straight_between_its_points_and_flat_outside) {
  const auto bytes = file_of({floats("c", 2, {-1, 1, 0, 0.8f}), floats("falls", 2, {0, 1, 1, 0})});
  const auto file = heads_file::of_bytes(bytes_of(bytes));
  BOOST_REQUIRE(file);
  const auto map = calibration::in(*file, "c");
  BOOST_REQUIRE(map);
  BOOST_TEST((*map)(-5) == 0.0f);
  BOOST_TEST((*map)(0) == 0.4f, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST((*map)(9) == 0.8f);
  BOOST_TEST(calibration::in(*file, "falls").failure().message == "signal heads: falls: its points do not rise");
}

BOOST_AUTO_TEST_SUITE_END()
