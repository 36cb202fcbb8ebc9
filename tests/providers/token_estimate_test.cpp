#include "providers/token_estimate.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(token_estimate)

using namespace switchyard::providers;
namespace json = boost::json;

namespace {

constexpr std::pair<const char*, token_family> families[] = {
    {"o200k", token_family::o200k}, {"cl100k", token_family::cl100k}, {"claude", token_family::claude},
    {"gemini", token_family::gemini}, {"llama", token_family::llama}, {"mistral", token_family::mistral}};

/// Held-out texts with the real tokenizers' counts; tools/catalogue/fit_tokens.py writes them.
const std::vector<json::object>& samples() {
  static const auto all = [] {
    std::vector<json::object> out;
    std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/golden/tokens/samples.jsonl", std::ios::binary);
    BOOST_REQUIRE_MESSAGE(in, "cannot read the samples");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      out.push_back(json::parse(text.substr(at, end - at)).as_object());
      at = end + 1;
    }
    return out;
  }();
  return all;
}

std::string_view text_of(const json::object& sample) { return sample.at("text").as_string(); }

}  // namespace

BOOST_AUTO_TEST_CASE(held_out_texts_are_estimated_within_five_per_cent) {
  BOOST_TEST_REQUIRE(samples().size() >= 40u);
  for (const auto& [name, family] : families) {
    double errors = 0, estimated = 0, counted = 0;
    for (const auto& sample : samples()) {
      const auto truth = sample.at("tokens").at(name).to_number<double>();
      const auto estimate = static_cast<double>(estimate_tokens(text_of(sample), family));
      errors += std::abs(estimate - truth) / truth;
      estimated += estimate;
      counted += truth;
    }
    BOOST_TEST(errors / static_cast<double>(samples().size()) <= 0.05, name << ": mean error of a text");
    BOOST_TEST(std::abs(estimated - counted) / counted <= 0.05, name << ": error of the sum");
  }
}

BOOST_AUTO_TEST_CASE(the_estimate_is_the_one_that_was_fitted) {
  for (const auto& sample : samples())
    for (const auto& [name, family] : families)
      BOOST_TEST(estimate_tokens(text_of(sample), family) == sample.at("estimate").at(name).to_number<std::int64_t>(),
                 name << ", " << std::string(sample.at("source").as_string()));
}

BOOST_AUTO_TEST_CASE(escapes_change_little) {
  for (const auto& sample : samples()) {
    const auto quoted = json::serialize(sample.at("text"));
    const auto plain = estimate_tokens(text_of(sample));
    const auto escaped = estimate_json_string_tokens(std::string_view(quoted).substr(1, quoted.size() - 2));
    BOOST_TEST(std::abs(plain - escaped) <= 3, std::string(sample.at("source").as_string()));
  }
}

BOOST_AUTO_TEST_CASE(a_long_escaped_text_counts_as_much_as_the_plain_one) {
  std::string plain, escaped;
  for (int i = 0; i < 3000; ++i) plain += "one more line\n", escaped += "one more line\\n";
  const auto expected = static_cast<double>(estimate_tokens(plain));
  BOOST_TEST(std::abs(static_cast<double>(estimate_json_string_tokens(escaped)) - expected) < expected / 100);
  std::string unicode;
  for (int i = 0; i < 2000; ++i) unicode += "\\u4f60";
  BOOST_TEST(estimate_json_string_tokens(unicode) > 1000);
}

BOOST_AUTO_TEST_CASE(common_words_are_one_token_each) {
  for (const auto& [name, family] : families) {
    BOOST_TEST(estimate_tokens("", family) == 0, name);
    BOOST_TEST(estimate_tokens("Hello", family) == 1, name);
    BOOST_TEST(std::abs(estimate_tokens("The quick brown fox jumps over the lazy dog.", family) - 10) <= 1, name);
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_are_counted_and_more_text_never_costs_less_than_half) {
  std::string noise;
  std::uint32_t state = 1;
  for (int i = 0; i < 20'000; ++i) noise += static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  for (const auto& [name, family] : families) {
    for (std::size_t n = 0; n < 300; ++n) (void)estimate_tokens(std::string(noise, 0, n), family);
    const auto half = estimate_tokens(noise.substr(0, noise.size() / 2), family);
    const auto whole = estimate_tokens(noise, family);
    BOOST_TEST(whole > half, name);
    BOOST_TEST(whole <= 2 * static_cast<std::int64_t>(noise.size()), name);
  }
  for (std::size_t n = 0; n < 300; ++n) (void)estimate_json_string_tokens(noise.substr(n, 200));
  for (const auto* text : {"\\", "\\u", "\\u12", "a\\", "\\\\\\", "\\uzzzz"}) BOOST_TEST(estimate_json_string_tokens(text) <= 4, text);
}

BOOST_AUTO_TEST_CASE(a_text_is_read_to_its_end_and_no_further) {
  const std::string text = "a word and another one";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const std::vector<char> exactly(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(n));
    BOOST_TEST(estimate_tokens({exactly.data(), n}) == estimate_tokens(std::string_view(text).substr(0, n)));
  }
}

BOOST_AUTO_TEST_CASE(the_family_follows_the_models_name) {
  BOOST_TEST((family_of("gpt-4o") == token_family::o200k));
  BOOST_TEST((family_of("gpt-4.1-mini") == token_family::o200k));
  BOOST_TEST((family_of("gpt-4-turbo") == token_family::cl100k));
  BOOST_TEST((family_of("text-embedding-3-small") == token_family::cl100k));
  BOOST_TEST((family_of("anthropic/claude-sonnet-4-5") == token_family::claude));
  BOOST_TEST((family_of("us.anthropic.claude-haiku-4-5-20251001-v1:0") == token_family::claude));
  BOOST_TEST((family_of("gemini-2.5-flash") == token_family::gemini));
  BOOST_TEST((family_of("meta-llama/Llama-3.3-70B-Instruct") == token_family::llama));
  BOOST_TEST((family_of("mistral-large-latest") == token_family::mistral));
  BOOST_TEST((family_of("") == token_family::o200k));
}

BOOST_AUTO_TEST_SUITE_END()
