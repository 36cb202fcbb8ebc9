#include "routing/signals/output_tokens.hpp"

#include "routing/signals/phrase_table.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

namespace {

// What is asked outright: `unit` words after a number, or fixed phrases with a length in tokens (weight × 10).
constexpr phrase phrases[] = {{"one word", 1, 1}, {"single word", 1, 1}, {"yes or no", 1, 1}, {"only the letter", 1, 1}, {"true or false", 1, 1}, {"one sentence", 1, 4},
                              {"a sentence", 1, 4}, {"single sentence", 1, 4}, {"two sentences", 1, 7}, {"three sentences", 1, 10}, {"one paragraph", 1, 15},
                              {"a paragraph", 1, 15}, {"short answer", 1, 6}, {"briefly", 1, 12}, {"brief", 1, 12}, {"concise", 1, 14}, {"concisely", 1, 14}, {"in short", 1, 10},
                              {"haiku", 1, 4}, {"tweet", 1, 5}, {"slogan", 1, 3}, {"tagline", 1, 3}, {"in detail", 2, 16}, {"detailed", 2, 16}, {"comprehensive", 2, 20},
                              {"in depth", 2, 18}, {"thorough", 2, 18}, {"step by step", 2, 13}, {"long", 2, 14}, {"full", 2, 12}, {"complete", 2, 12}, {"essay", 2, 20},
                              {"article", 2, 16}, {"report", 2, 15}, {"blog post", 2, 17}, {"short", 2, 6}};

struct unit {
  std::uint32_t word;
  float tokens;
};
const unit units[] = {{hash_word("words"), 1.35f}, {hash_word("word"), 1.35f}, {hash_word("sentences"), 28}, {hash_word("paragraphs"), 110}, {hash_word("pages"), 650},
                      {hash_word("lines"), 14}, {hash_word("tokens"), 1}, {hash_word("characters"), 0.25f}, {hash_word("bullet"), 28}, {hash_word("bullets"), 28},
                      {hash_word("items"), 24}, {hash_word("ideas"), 30}, {hash_word("tips"), 35}, {hash_word("ways"), 40}, {hash_word("examples"), 40}, {hash_word("steps"), 40},
                      {hash_word("questions"), 25}, {hash_word("reasons"), 40}, {hash_word("stanzas"), 40}, {hash_word("names"), 8}};

constexpr std::string_view numerals[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fifteen", "twenty"};
constexpr int numeral_values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20};

// "200 words", "five ideas": tokens asked for, 0 when none.
float asked_length(const text_facts& facts) {
  static const auto numbers = [] {
    std::vector<unit> all;
    for (std::size_t i = 0; i < std::size(numerals); ++i) all.push_back({hash_word(numerals[i]), static_cast<float>(numeral_values[i])});
    for (const int n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 140, 150, 160, 200, 250, 280, 300, 350, 400, 450, 500, 600, 700, 750, 800, 900,
                        1000, 1200, 1500, 2000, 2500, 3000, 4000, 5000})
      all.push_back({hash_word(std::to_string(n)), static_cast<float>(n)});
    return all;
  }();
  const auto& words = facts.words;
  const auto begin = words.size() > 400 ? words.size() - 400 : 0;
  for (auto i = begin; i + 1 < words.size(); ++i)
    for (std::size_t next = i + 1; next < std::min(words.size(), i + 3); ++next)
      for (const auto& u : units) {
        if (u.word != words[next].hash) continue;
        for (const auto& n : numbers)
          if (n.word == words[i].hash && n.tokens > 0) return n.tokens * u.tokens;
      }
  return 0;
}

}  // namespace

void expect_output(const text_facts& facts, answer_format format, float complexity, std::int64_t input, std::int64_t most, token_finding& to) {
  static const phrase_table table(phrases);
  // By format: tokens of an easy and of a hard request. Own estimates of what chat models answer today.
  struct range {
    float easy, hard;
  };
  constexpr range ranges[] = {{110, 330}, {80, 320}, {90, 240}, {260, 700}, {30, 200}, {150, 480}, {40, 480}};   // in the order of answer_format
  const auto& r = ranges[static_cast<std::size_t>(format)];
  float expected = r.easy + (r.hard - r.easy) * std::clamp(complexity, 0.0f, 1.0f), spread = 1.45f;
  const auto in = static_cast<float>(input);
  if (format == answer_format::translation) expected = std::max(12.0f, in * 0.9f);
  if (format == answer_format::summary && input > 60) expected = std::clamp(in * 0.25f, 60.0f, 450.0f);
  if (facts.words.size() <= 4 && format == answer_format::chat) expected = std::min(expected, 60.0f);
  float fixed = asked_length(facts), factor = 1;
  table.find(facts.words, [&](const phrase_match& m) {
    if (m.tag == 1 && fixed == 0) fixed = static_cast<float>(m.weight) * 10;
    if (m.tag == 2) factor = std::max(factor * static_cast<float>(m.weight) / 10, 0.5f);
  });
  if (fixed > 0) {
    expected = fixed;
    spread = 1.35f;
  } else {
    expected *= std::min(factor, 3.0f);
  }
  const auto whole = [&](float tokens) {
    const auto n = std::max<std::int64_t>(1, std::llround(tokens));
    return most > 0 ? std::min(n, most) : n;
  };
  to.output = whole(expected);
  to.output_low = whole(expected / spread);
  to.output_high = whole(expected * spread);
}

}  // namespace switchyard::routing
