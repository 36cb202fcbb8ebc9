#include "routing/cache/hit_judge.hpp"

#include "tests/routing/embedding/table_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>

BOOST_AUTO_TEST_SUITE(hit_judge_)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::test;

namespace {

const std::string bytes = table_bytes(three_axes());

const embedder& three_words() {
  static const auto made = embedder::of_table(*table_file::of_bytes(bytes));
  return *made;
}

const std::string models = std::string(SWITCHYARD_SOURCE_DIR) + "/models/";

const embedder& shipped() {
  static const auto made = embedder::load(models + "embedding.bin", embedder::rows::alone);
  BOOST_REQUIRE_MESSAGE(made, problem_in(made));
  return *made;
}

/// The shipped verifier; null when it was trained for another embedding, which its own test tells.
std::shared_ptr<const hit_judge> judge() {
  auto made = load_judge(shipped(), models + "hit_verifier.bin");
  return made ? *std::move(made) : nullptr;
}

/// A verifier whose every weight is 0 but the last bias.
std::string constant_verifier(float bias, std::uint64_t embedding, std::uint32_t features = pair_feature_count) {
  const std::uint32_t dimensions = 32, first = 2, second = 2;
  std::vector<float> numbers(2 * features + 4 + (features + 2 * dimensions) * first + first + first * second + second + second + 1);
  numbers.back() = bias;
  numbers[2 * features + 2] = 0.3f;
  numbers[2 * features + 3] = 0.85f;
  std::string body(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char c : body) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string out = "swyhitv1";
  for (const auto n : {features, dimensions, first, second}) put(out, n);
  put(out, embedding);
  put(out, sum);
  return out + body;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_similarity_that_reaches_the_threshold_is_a_hit) {
  const hit_judge plain(three_words());
  const auto same = likeness_of(plain, "red red", "red", 0.99f);
  BOOST_TEST(same.hit);
  const auto other = likeness_of(plain, "red blue", "red", 0.96f);   // red 50, blue -32
  BOOST_TEST(!other.hit);
  BOOST_TEST(other.cosine == 0.8423f, boost::test_tools::tolerance(1e-3f));
  BOOST_TEST(other.why == "similarity 0.8423 is below 0.9600 (cosine 0.8423)");
  BOOST_TEST(likeness_of(plain, "red blue", "red", 0.84f).hit);
}

BOOST_AUTO_TEST_CASE(texts_without_words_are_never_alike) {
  const auto nothing = likeness_of(hit_judge(three_words()), "red", " ", -1.0f);
  BOOST_TEST(!nothing.hit);
  BOOST_TEST(nothing.similarity == 0.0f);
  BOOST_TEST(nothing.why == "b has no words to compare");
}

BOOST_AUTO_TEST_CASE(the_same_words_are_wholly_alike_whatever_their_case_and_punctuation) {
  BOOST_TEST(likeness_of(hit_judge(three_words()), "Red, blue!", "red blue", 0.5f).similarity == 1.0f);
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_guard_is_no_hit_at_any_threshold) {
  const auto found = likeness_of(hit_judge(three_words()), "red 5", "red 6", 0.0f);
  BOOST_TEST(!found.hit);
  BOOST_TEST(found.why == "numbers differ: 5 / 6");
}

BOOST_AUTO_TEST_CASE(prompts_too_long_to_compare_are_refused_unless_equal) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "red ";
  const hit_judge plain(three_words());
  BOOST_TEST(!likeness_of(plain, text, text + "blue", 0.1f).hit);
  BOOST_TEST(likeness_of(plain, text, text, 1.0f).hit);
}

BOOST_AUTO_TEST_CASE(a_verifier_decides_when_there_is_one) {
  auto made = hit_verifier::of_bytes(constant_verifier(2.0f, three_words().fingerprint()), three_words().fingerprint());
  BOOST_REQUIRE_MESSAGE(made, problem_in(made));
  const hit_judge with(three_words(), *std::move(made));
  BOOST_TEST(likeness_of(with, "red", "blue", 0.5f).similarity == 0.9603f, boost::test_tools::tolerance(1e-4f));   // a chance of 0.8808
}

BOOST_AUTO_TEST_CASE(a_verifier_that_does_not_fit_is_refused) {
  const auto problem = [](std::string file) { return problem_in(hit_verifier::of_bytes(file, 7)); };
  BOOST_TEST(problem(constant_verifier(0, 8)) == "hit verifier: was trained with another embedding; run tools/train/verifier");
  BOOST_TEST(problem(constant_verifier(0, 7, pair_feature_count + 1)) == "hit verifier: looks at other features than this version computes; run tools/train/verifier");
  auto file = constant_verifier(0, 7);
  file[60] ^= 1;
  BOOST_TEST(problem(file) == "hit verifier: is damaged: its checksum is wrong");
  BOOST_TEST(problem(file.substr(0, 100)) == "hit verifier: has a wrong size");
  BOOST_TEST(problem("") == "hit verifier: is no hit verifier of this version");
}

BOOST_AUTO_TEST_CASE(the_shipped_verifier_was_trained_with_the_shipped_embedding) {
  const auto made = load_judge(shipped(), models + "hit_verifier.bin");
  BOOST_TEST(problem_in(made) == "");
  BOOST_TEST((made && (*made)->has_verifier()));
}

BOOST_AUTO_TEST_CASE(it_is_symmetric_and_tells_paraphrases_from_other_questions) {
  const auto shipped_judge = judge();
  if (!shipped_judge) return;
  const auto alike = [&](const char* a, const char* b) {
    const auto one = likeness_of(*shipped_judge, a, b, 0.5f), other = likeness_of(*shipped_judge, b, a, 0.5f);
    BOOST_TEST(one.similarity == other.similarity, boost::test_tools::tolerance(1e-4f));
    return one.similarity;
  };
  BOOST_TEST(alike("How can I learn to play the guitar?", "What is the best way to learn the guitar?") > 0.5f);
  BOOST_TEST(alike("How can I learn to play the guitar?", "How much does a guitar cost?") < 0.3f);
  BOOST_TEST(alike("What is the capital of France?", "What is the capital of Germany?") < 0.3f);
}

BOOST_AUTO_TEST_SUITE_END()
