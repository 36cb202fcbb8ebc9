#include "routing/signals/clarity.hpp"

#include "routing/signals/phrase_table.hpp"

#include <algorithm>

namespace switchyard::routing {

namespace {

enum kind : std::uint8_t { points, greets, vague };
constexpr phrase phrases[] = {{"it", points}, {"this", points}, {"that", points}, {"these", points}, {"those", points}, {"them", points}, {"he", points}, {"she", points}, {"they", points},
                              {"this one", points, 2}, {"the other one", points, 2}, {"fix it", points, 3}, {"fix this", points, 3}, {"do it", points, 3}, {"do that", points, 3},
                              {"what about", points, 2}, {"make it better", points, 3}, {"the above", points, 2}, {"as before", points, 2}, {"same thing", points, 2}, {"what is it", points, 2},
                              {"hello", greets}, {"hi", greets}, {"hey", greets}, {"thanks", greets}, {"thank you", greets}, {"good morning", greets}, {"bye", greets},
                              {"something", vague}, {"stuff", vague}, {"things", vague}, {"somehow", vague}, {"whatever", vague}, {"help", vague}, {"help me", vague, 2}, {"etc", vague}};

}  // namespace

clarity_finding find_clarity(const text_facts& facts, std::size_t turns, int images) {
  static const phrase_table table(phrases);
  const auto words = facts.words.size();
  int pointing = 0, greeting = 0, vagueness = 0;
  table.find(facts.words, [&](const phrase_match& m) { (m.tag == points ? pointing : m.tag == greets ? greeting : vagueness) += m.weight; });
  // Scripts without blanks: a run of ideographs is one word here and many in truth.
  const auto ideographs = facts.scripts[static_cast<std::size_t>(script::han)] + facts.scripts[static_cast<std::size_t>(script::kana)];
  const bool short_text = words < 3 && facts.letters + 2 * ideographs < 18;
  if (words == 0) return {false, 0.95f, "there is no text"};
  if (greeting > 0 && words <= 6) return {true, 0.8f, {}};
  const bool context = turns > 1 || images > 0 || facts.code_lines > 0 || facts.lines > 2 || words > 25;
  if (pointing >= 2 && words < 10 && !context) return {false, 0.8f, "points at something that is not there"};
  if (short_text && !context) return {false, 0.75f, "too short to tell what is wanted"};
  if (pointing > 0 && words < 6 && !context) return {false, 0.6f, "points at something that is not there"};
  if (vagueness >= 2 && words < 8 && !context) return {false, 0.6f, "says too little of what is wanted"};
  return {true, std::min(0.95f, 0.6f + 0.03f * static_cast<float>(words)), {}};
}

}  // namespace switchyard::routing
