#include "routing/embedding/embedder.hpp"

#include "routing/embedding/word_pieces.hpp"
#include "tests/routing/embedding/table_builder.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>

using namespace switchyard::routing;
using namespace switchyard::test;
namespace json = boost::json;

namespace {

const std::string source = SWITCHYARD_SOURCE_DIR;
const std::string baseline = source + "/../shared/data/static-embedding/";

embedder loaded(const std::string& bytes) {
  auto table = table_file::of_bytes(bytes);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  auto made = embedder::of_table(std::move(*table));
  BOOST_REQUIRE_MESSAGE(made, problem_in(made));
  return std::move(*made);
}

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

float half(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const float fraction = static_cast<float>(bits & 1023) / 1024;
  const float value = exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
  return bits & 0x8000 ? -value : value;
}

// The shared table: fp16 scales, two int4 a byte, even dimensions low, eight added.
table_parts baseline_parts(const std::string& bytes, const std::string& lines) {
  std::uint64_t header;
  std::memcpy(&header, bytes.data(), 8);
  const auto facts = json::parse({bytes.data() + 8, header});
  const auto* data = bytes.data() + 8 + header;
  const auto begin = [&](const char* name) { return data + facts.at(name).at("data_offsets").at(0).to_number<std::size_t>(); };
  table_parts parts{{}, {}, {}, 256};
  for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1)
    parts.pieces.push_back(lines.substr(at, lines.find('\n', at) - at));
  for (std::size_t i = 0; i < parts.pieces.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, begin("embedding.scale") + 2 * i, 2);
    parts.scales.push_back(half(bits));
  }
  const auto* packed = begin("embedding.q4");
  for (std::size_t i = 0; i < parts.pieces.size() * 128; ++i) {
    const auto byte = static_cast<unsigned char>(packed[i]);
    parts.rows.push_back(static_cast<std::int8_t>((byte & 15) - 8));
    parts.rows.push_back(static_cast<std::int8_t>((byte >> 4) - 8));
  }
  return parts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(embedder_)

BOOST_AUTO_TEST_CASE(a_text_is_the_normalised_sum_of_its_pieces) {
  const auto bytes = table_bytes(three_axes());
  const auto model = loaded(bytes);
  const auto vector = model.embed("Reddish BLUE red nonsense");
  BOOST_REQUIRE_EQUAL(vector.size(), 32u);
  // red twice: 100, dish: 100, blue: -32, the unknown word: nothing
  const float length = std::sqrt(100.0f * 100 + 100 * 100 + 32 * 32);
  BOOST_TEST(vector[1] == 100 / length, boost::test_tools::tolerance(1e-6f));
  BOOST_TEST(vector[2] == 100 / length, boost::test_tools::tolerance(1e-6f));
  BOOST_TEST(vector[3] == -32 / length, boost::test_tools::tolerance(1e-6f));
  BOOST_TEST(vector[0] == 0.0f);
}

BOOST_AUTO_TEST_CASE(a_text_without_pieces_is_zero_and_like_nothing) {
  const auto bytes = table_bytes(three_axes());
  const auto model = loaded(bytes);
  const auto nothing = model.embed(" \n\x01");
  BOOST_TEST(std::all_of(nothing.begin(), nothing.end(), [](float x) { return x == 0; }));
  BOOST_TEST(cosine(nothing, model.embed("red")) == 0.0f);
  BOOST_TEST(cosine(model.embed("red"), model.embed("RED red")) == 1.0f, boost::test_tools::tolerance(1e-6f));
}

BOOST_AUTO_TEST_CASE(the_widest_instructions_give_what_the_portable_code_gives) {
  std::mt19937 chance(7);
  const std::size_t entries = 50, dimensions = 256;
  std::vector<std::int8_t> rows(entries * dimensions);
  std::vector<float> scales(entries);
  for (auto& x : rows) x = static_cast<std::int8_t>(chance() % 256);
  for (auto& x : scales) x = static_cast<float>(chance() % 1000) / 1000;
  for (const std::size_t count : {0u, 1u, 2u, 20u, 333u}) {
    std::vector<std::uint32_t> ids(count);
    for (auto& id : ids) id = static_cast<std::uint32_t>(chance() % entries);
    std::vector<float> fast(dimensions, 9), plain(dimensions, 9);
    best_pooling()(ids, scales.data(), rows.data(), fast);
    portable_pooling()(ids, scales.data(), rows.data(), plain);
    for (std::size_t d = 0; d < dimensions; ++d) BOOST_REQUIRE_SMALL(fast[d] - plain[d], 0.02f);
  }
}

BOOST_AUTO_TEST_CASE(the_shared_baseline_gives_its_reference_vectors) {
  const auto bytes = file_bytes(baseline + "static-minilm-256-int4.safetensors"), vectors = file_bytes(baseline + "reference_vectors.json");
  if (bytes.empty() || vectors.empty()) {
    BOOST_TEST_MESSAGE("skipped: ../shared/data/static-embedding is not there");
    return;
  }
  const auto table = table_bytes(baseline_parts(bytes, file_bytes(baseline + "vocab.txt")));
  const auto model = loaded(table);
  const auto references = json::parse(vectors);
  for (const auto& reference : references.as_array()) {
    const auto text = json::value_to<std::string>(reference.at("text"));
    std::vector<std::uint32_t> ids;
    split_into_pieces(text, model.pieces(), ids);
    BOOST_TEST(ids == json::value_to<std::vector<std::uint32_t>>(reference.at("ids")), text);
    // The references are those of the int8 table; int4 rounds each coordinate to a fifteenth of its row's largest.
    const auto vector = model.embed(text);
    const auto first = json::value_to<std::vector<float>>(reference.at("first8"));
    for (std::size_t d = 0; d < first.size(); ++d)
      BOOST_TEST(std::abs(vector[d] - first[d]) < 0.05f, text << ": " << vector[d] << " for " << first[d]);
  }
}

// What models/README.md promises, on sentences of our own: a paraphrase is nearer than a sentence that shares as many words.
BOOST_AUTO_TEST_CASE(the_shipped_table_knows_paraphrases_from_look_alikes) {
  const auto model = embedder::load(source + "/models/embedding.bin");
  BOOST_REQUIRE_MESSAGE(model, problem_in(model));
  BOOST_TEST(model->dimensions() == 256u);
  const auto like = [&](std::string_view a, std::string_view b) { return cosine(model->embed(a), model->embed(b)); };
  BOOST_TEST(like("How do I sort a list in Python?", "python code to order an array") >
             like("How do I sort a list in Python?", "How do I get a visa in Paris?") + 0.2f);
  BOOST_TEST(like("my card was stolen", "I lost my debit card") > like("my card was stolen", "my bike was painted") + 0.2f);
  BOOST_TEST(like("what is the weather tomorrow", "will it rain on friday") >
             like("what is the weather tomorrow", "what is the capital of peru") + 0.1f);
  BOOST_TEST(like("CAFÉ naïve", "cafe naive") > 0.999f);
}

BOOST_AUTO_TEST_SUITE_END()
