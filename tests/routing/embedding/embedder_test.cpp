#include "routing/embedding/embedder.hpp"

#include "routing/embedding/word_pieces.hpp"
#include "tests/routing/embedding/table_builder.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <random>

BOOST_AUTO_TEST_SUITE(embedder_)

using namespace switchyard::routing;
using namespace switchyard::test;
namespace json = boost::json;

namespace {

const std::string source = SWITCHYARD_SOURCE_DIR;
const std::string baseline = source + "/../shared/data/static-embedding/";

embedder loaded(const std::string& bytes, const vector_code& code = best_vector_code()) {
  auto table = table_file::of_bytes(bytes);
  BOOST_REQUIRE_MESSAGE(table, problem_in(table));
  auto made = embedder::of_table(std::move(*table), code);
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

BOOST_AUTO_TEST_CASE(every_piece_counts_as_its_company_says) {
  // Nothing but the gate: one unit sees the piece itself, and halves or doubles what it weighs.
  auto parts = in_context(three_axes(), 1);
  std::fill(parts.layers.begin(), parts.layers.end(), std::int8_t{0});
  std::fill(parts.context_floats.begin() + 6, parts.context_floats.end(), 0.0f);
  std::fill(parts.context_rows.begin(), parts.context_rows.end(), std::uint8_t{64});
  std::copy(parts.scales.begin(), parts.scales.end(), parts.context_floats.end() - 8);      // before the corrections' four, which are 0
  parts.context_floats[4] = 0;                                // the gate's shift
  const auto units = parts.units;
  parts.context_floats[6] = 1;                                // the window's scale, of unit 0
  parts.context_floats[6 + units] = -64 * 100;                // its shift: a row of 64s is zero
  parts.context_floats[6 + 2 * units] = 0.01f;                // its gate
  parts.layers[(16 / 4 * units + 0) * 4] = 100;               // from the first place of the piece's own row
  parts.context_rows[1 * 16] = 65;                            // red: 100 units, gate 1
  const auto bytes = table_bytes(parts);
  const auto model = loaded(bytes);
  const auto vector = model.embed("red blue");
  const float red = 50 * 2 / (1 + std::exp(-1.0f)), blue = -32;
  const float length = std::sqrt(red * red + blue * blue);
  BOOST_TEST(vector[1] == red / length, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(vector[3] == blue / length, boost::test_tools::tolerance(1e-5f));
}

BOOST_AUTO_TEST_CASE(in_context_a_row_is_scaled_and_corrected) {
  // Nothing but rows: no gate, no layers.
  auto parts = in_context(three_axes(), 1);
  std::fill(parts.layers.begin(), parts.layers.end(), std::int8_t{0});
  std::fill(parts.context_floats.begin() + 4, parts.context_floats.end(), 0.0f);
  parts.context_floats[parts.context_floats.size() - 8 + 1] = 2;          // red's 100 become 200
  parts.context_floats[parts.context_floats.size() - 4 + 1] = 10;         // and are corrected by tens
  std::fill(parts.corrections.begin() + 16, parts.corrections.begin() + 32, std::uint8_t{0x87});     // by -0.5 and 0.5 of them
  parts.corrections[16 + 2] = 0xF0;                                                                // third: by -7.5, nineteenth: by 7.5
  const auto bytes = table_bytes(parts);
  const auto model = loaded(bytes);
  const auto vector = model.embed("red");
  const float length = std::sqrt(195.0f * 195 + 14 * 25 + 75 * 75 + 15 * 25 + 75 * 75);
  BOOST_TEST(vector[0] == -5 / length, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(vector[1] == 195 / length, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(vector[2] == -75 / length, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(vector[17] == 5 / length, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(vector[18] == 75 / length, boost::test_tools::tolerance(1e-5f));
}

BOOST_AUTO_TEST_CASE(word_order_matters_in_context_and_nowhere_else) {
  const auto in = table_bytes(in_context(three_axes(), 3)), out = table_bytes(three_axes());
  const auto model = loaded(in), sum = loaded(out);
  BOOST_TEST(sum.embed("red blue blue") == sum.embed("blue red blue"), boost::test_tools::per_element());
  BOOST_TEST(cosine(model.embed("red blue blue"), model.embed("blue red blue")) < 0.9999f);
  BOOST_TEST(cosine(model.embed("red blue blue"), model.embed("RED Blue bluE")) == 1.0f, boost::test_tools::tolerance(1e-6f));
}

BOOST_AUTO_TEST_CASE(a_sum_of_rows_knows_no_context) {
  const auto in = table_bytes(in_context(three_axes(), 3)), out = table_bytes(three_axes());
  const auto model = loaded(in), plain = loaded(out);
  std::vector<float> rows(32), direction(32), of_plain(32);
  model.sum("red blue blue", rows);
  plain.sum("red blue blue", of_plain);
  BOOST_TEST(rows == of_plain, boost::test_tools::per_element());
  model.embed_rows("red blue blue", direction);
  BOOST_TEST(direction == plain.embed("red blue blue"), boost::test_tools::per_element());
  auto table = table_file::of_bytes(in);
  table->drop_context();
  const auto alone = *embedder::of_table(std::move(*table));
  BOOST_TEST(alone.embed("red blue blue") == direction, boost::test_tools::per_element());
  BOOST_TEST(alone.fingerprint() == plain.fingerprint());
  BOOST_TEST(alone.fingerprint() != model.fingerprint());
}

BOOST_AUTO_TEST_CASE(a_very_long_text_is_read_whole) {
  auto parts = in_context(three_axes(), 3);
  std::fill(parts.context_floats.end() - 4, parts.context_floats.end(), 0.0f);              // no corrections
  const auto bytes = table_bytes(parts);
  const auto model = loaded(bytes);
  std::string text;
  for (std::size_t i = 0; i < context_network::most_pieces; ++i) text += "red ";
  const auto before = model.embed(text);
  for (std::size_t i = 0; i < 20 * context_network::most_pieces; ++i) text += "blue ";
  const auto after = model.embed(text);
  BOOST_TEST(std::abs(std::inner_product(after.begin(), after.end(), after.begin(), 0.0f) - 1) < 1e-4f);
  BOOST_TEST(after[3] < before[3] - 0.05f);
}

BOOST_AUTO_TEST_CASE(all_instructions_give_the_same_integers_and_nearly_the_same_floats) {
  std::mt19937 chance(7);
  const auto& plain = portable_vector_code();
  for (const auto* code : usable_vector_codes())
    for (const std::size_t outputs : {16u, 48u, 64u, 128u, 208u, 256u})
      for (const std::size_t inputs : {4u, 48u, 192u, 512u}) {
        std::vector<std::uint8_t> x(inputs);
        std::vector<std::int8_t> weights(inputs * outputs);
        for (auto& value : x) value = static_cast<std::uint8_t>(outputs == 64 ? 127 : chance() % 128);
        for (auto& weight : weights) weight = static_cast<std::int8_t>(outputs == 64 ? 128 : chance() % 256);
        // Small ones are added up in sixteen bits as long as they fit; zeros are passed over.
        if (outputs == 128) for (auto& value : x) value = static_cast<std::uint8_t>(chance() % 3 == 0 ? value : value % (1 + chance() % 64));
        if (outputs == 208) for (auto& value : x) value = static_cast<std::uint8_t>(chance() % 8 == 0 ? value : 0);
        if (outputs == 256) for (std::size_t i = 0; i < inputs; ++i) x[i] = static_cast<std::uint8_t>(inputs == 192 ? 63 + i / 4 % 2 : inputs == 48 ? 31 + i % 2 : x[i]);
        std::vector<std::int32_t> fast(outputs, 9), slow(outputs, 9);
        code->multiply(x, weights.data(), fast);
        plain.multiply(x, weights.data(), slow);
        BOOST_REQUIRE(fast == slow);
        std::vector<std::uint8_t> longer(x);                        // windows, each a little further
        for (std::size_t i = 0; i < 16 * rows_at_once; ++i) longer.push_back(static_cast<std::uint8_t>(chance() % 128));
        std::vector<std::int32_t> several(rows_at_once * outputs, 9), slow_several;
        const std::size_t rows = 1 + chance() % rows_at_once;
        code->multiply_rows(longer.data(), 16, inputs, rows, weights.data(), outputs, several.data());
        several.resize(rows * outputs);
        for (std::size_t r = 0; r < rows; ++r) {
          plain.multiply({longer.data() + 16 * r, inputs}, weights.data(), slow);
          slow_several.insert(slow_several.end(), slow.begin(), slow.end());
        }
        BOOST_REQUIRE(several == slow_several);
        std::vector<float> scales(outputs, 0.01f), shifts(outputs, -3.0f), gates(outputs, 0.5f), gated(rows, 9), slow_gated = gated;
        std::vector<float> sums(outputs, 1), maxima(outputs, 2), slow_sums = sums, slow_maxima = maxima;
        code->take(several, rows, scales.data(), shifts.data(), gates.data(), sums.data(), maxima.data(), gated.data());
        plain.take(several, rows, scales.data(), shifts.data(), gates.data(), slow_sums.data(), slow_maxima.data(), slow_gated.data());
        for (std::size_t r = 0; r < rows; ++r) BOOST_REQUIRE_CLOSE(gated[r] + 1, slow_gated[r] + 1, 0.01f);
        std::vector<float> numbers(48), matrix(48 * outputs), added(outputs, 1), slow_added = added;
        for (auto& number : numbers) number = static_cast<float>(chance() % 100);
        for (auto& number : matrix) number = static_cast<float>(chance() % 100);
        code->add_rows(numbers, matrix.data(), added);
        plain.add_rows(numbers, matrix.data(), slow_added);
        for (std::size_t o = 0; o < outputs; ++o) BOOST_REQUIRE_CLOSE(added[o], slow_added[o], 0.01f);
        for (std::size_t o = 0; o < outputs; ++o) {
          BOOST_REQUIRE_CLOSE(sums[o], slow_sums[o], 0.01f);
          BOOST_REQUIRE_CLOSE(maxima[o], slow_maxima[o], 0.01f);
        }
      }
}

// Whoever looks up what a piece adds to its window gets the same floats as who multiplies again, also where pieces push each other out, and with two
// tables in turn.
BOOST_AUTO_TEST_CASE(recalled_windows_are_those_made_anew) {
  std::mt19937 chance(11);
  const auto load = [&](const vector_code& code) {
    auto table = table_file::open(source + "/models/embedding.bin");
    BOOST_REQUIRE_MESSAGE(table, problem_in(table));
    auto made = embedder::of_table(std::move(*table), code);
    BOOST_REQUIRE_MESSAGE(made, problem_in(made));
    return std::move(*made);
  };
  for (const auto* code : usable_vector_codes()) {
    auto recalls = *code, makes = *code;
    recalls.recalls_windows = true;
    makes.recalls_windows = false;
    const auto recalling = load(recalls), another = load(recalls), making = load(makes);
    const auto& words = recalling.pieces();
    for (int round = 0; round < 16; ++round) {
      std::string text;
      for (std::size_t n = chance() % 200; n > 0; --n) text += std::string(words.piece(static_cast<std::uint32_t>(chance() % words.size()))) + (chance() % 9 == 0 ? "," : " ");
      BOOST_REQUIRE(recalling.embed(text) == making.embed(text));
      if (round % 4 == 0) BOOST_REQUIRE(another.embed(text) == making.embed(text));
    }
  }
}

// 16 inputs of 63 steps each, times 127: more than sixteen bits hold.
BOOST_AUTO_TEST_CASE(a_piece_that_adds_too_much_to_be_kept_counts_as_much) {
  auto parts = in_context(three_axes(), 5);
  std::fill(parts.layers.begin(), parts.layers.begin() + static_cast<std::ptrdiff_t>(3 * 16 * parts.units), std::int8_t{127});
  std::fill_n(parts.context_rows.begin() + 16, 16, std::uint8_t{127});          // red
  const auto bytes = table_bytes(parts);
  for (const auto* code : usable_vector_codes()) {
    auto recalls = *code, makes = *code;
    recalls.recalls_windows = true;
    makes.recalls_windows = false;
    const auto recalling = loaded(bytes, recalls), making = loaded(bytes, makes);
    for (const auto* text : {"red", "red red blue", "blue red blue red reddish", "blue blue"}) BOOST_TEST(recalling.embed(text) == making.embed(text), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(all_instructions_pool_alike) {
  std::mt19937 chance(7);
  const std::size_t entries = 50, dimensions = 256;
  std::vector<std::int8_t> rows(entries * dimensions);
  for (auto& x : rows) x = static_cast<std::int8_t>(chance() % 256);
  const auto& portable = portable_vector_code();
  for (const auto* code : usable_vector_codes())
    for (const std::size_t count : {0u, 1u, 2u, 20u, 333u}) {
      std::vector<std::uint32_t> ids(count);
      std::vector<float> weights(count);
      for (auto& id : ids) id = static_cast<std::uint32_t>(chance() % entries);
      for (auto& weight : weights) weight = static_cast<float>(chance() % 1000) / 1000;
      std::vector<float> fast(dimensions, 9), plain(dimensions, 9);
      code->pool(ids, weights.data(), rows.data(), fast);
      portable.pool(ids, weights.data(), rows.data(), plain);
      for (std::size_t d = 0; d < dimensions; ++d) BOOST_REQUIRE_SMALL(fast[d] - plain[d], 0.02f);
      std::vector<std::uint8_t> halves(entries * 96);
      for (auto& two : halves) two = static_cast<std::uint8_t>(chance() % 256);
      code->pool_halves(ids, weights.data(), halves.data(), 192, fast.data());
      portable.pool_halves(ids, weights.data(), halves.data(), 192, plain.data());
      for (std::size_t d = 0; d < dimensions; ++d) BOOST_REQUIRE_SMALL(fast[d] - plain[d], 0.02f);
    }
}

// Written by tools/train/golden.py, which computes the shipped table's vectors on its own. A float that lies between two steps may be
// rounded either way, so a coordinate may differ by a few thousandths.
BOOST_AUTO_TEST_CASE(the_shipped_table_gives_the_vectors_of_its_maker) {
  std::ifstream file(source + "/tests/golden/embedding_vectors.jsonl");
  BOOST_REQUIRE(file);
  const auto shipped = source + "/models/embedding.bin";
  std::vector<embedder> models;
  const auto load = [&](const vector_code& code) {
    auto table = table_file::open(shipped);
    BOOST_REQUIRE_MESSAGE(table, problem_in(table));
    models.push_back(std::move(*embedder::of_table(std::move(*table), code)));
  };
  for (const auto* code : usable_vector_codes()) load(*code);
  std::size_t checked = 0;
  for (std::string line; std::getline(file, line); ++checked) {
    const auto wanted = json::parse(line);
    const auto text = json::value_to<std::string>(wanted.at("text"));
    const auto vector = json::value_to<std::vector<float>>(wanted.at("vector")), alone = json::value_to<std::vector<float>>(wanted.at("alone"));
    for (const auto& model : models) {
      const auto made = model.embed(text);
      std::vector<float> rows(model.dimensions());
      model.embed_rows(text, rows);
      BOOST_TEST(cosine(rows, alone) > 0.9999f, text);
      BOOST_REQUIRE_EQUAL(made.size(), vector.size());
      for (std::size_t d = 0; d < vector.size(); ++d)
        BOOST_REQUIRE_MESSAGE(std::abs(made[d] - vector[d]) < 0.005f, text << ": " << d << ": " << made[d] << " for " << vector[d]);
      BOOST_TEST(cosine(made, vector) > 0.9998f, text);
    }
  }
  BOOST_TEST(checked >= 20u);
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
