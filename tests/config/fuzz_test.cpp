// Damaged configs: no crash, and either a value or problems, none of which shows a secret.
#include "base/random.hpp"
#include "tests/config/support.hpp"
#include "tests/support/rounds.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(fuzz)

using namespace switchyard;
using namespace switchyard::config;
using namespace switchyard::config::testing;

namespace {

constexpr std::string_view pieces[] = {"{", "}", "[", "]", ":", ": ", "- ", "\n", "  ", "\t", "&a ", "*a", "!!str ", "\"", "'", "#", "|", ">", "%", "? ",
                                       "---\n", "...\n", "<<: ", "null", "~", "true", "0", "-1", "1e309", ".nan", "0x", "99999999999999999999", "env.",
                                       "file:", "providers", "keys", "balance", "\xff", "\xc3\xa9", "\x04", "\\u0000", "*", ","};

std::string damaged(std::string text, random_source& random) {
  for (auto changes = 1 + random.below(6); changes > 0; --changes) {
    const auto at = random.below(text.size() + 1);
    const auto length = std::min<std::uint64_t>(1 + random.below(40), text.size() - at);
    switch (random.below(5)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, pieces[random.below(std::size(pieces))]); break;
      case 2: text.insert(random.below(text.size() + 1), text.substr(at, length)); break;
      case 3: text.replace(at, length, pieces[random.below(std::size(pieces))]); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
    }
  }
  return text;
}

void survives(const std::string& original, std::uint64_t seed, int usual) {
  random_source random(seed);
  const auto env = example_variables();
  for (int round = 0; round < test::rounds(usual); ++round) {
    const auto text = damaged(original, random);
    const auto result = load_text(text, "fuzz.yaml", env);
    BOOST_TEST_CONTEXT("seed " << seed << " round " << round) {
      BOOST_TEST_REQUIRE(result.value.has_value() == result.problems.empty());
      BOOST_TEST_REQUIRE(listed(result.problems).find("canary") == std::string::npos);
      if (result.value) BOOST_TEST_REQUIRE(to_json(*result.value).find("canary") == std::string::npos);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_damaged_example_never_crashes_the_loader) { survives(example_yaml(), 20240601, 2000); }

BOOST_AUTO_TEST_CASE(damaged_json_never_crashes_the_loader) {
  const auto effective = load_text(example_yaml(), "example.yaml", example_variables());
  BOOST_TEST_REQUIRE(effective.value.has_value());
  survives(to_json(*effective.value), 7, 1000);
}

BOOST_AUTO_TEST_SUITE_END()
