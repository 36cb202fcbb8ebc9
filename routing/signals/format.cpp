#include "routing/signals/format.hpp"

#include "routing/signals/phrase_table.hpp"

#include <algorithm>
#include <array>

namespace switchyard::routing {

namespace {

constexpr auto code = static_cast<std::uint8_t>(answer_format::code), json = static_cast<std::uint8_t>(answer_format::json),
               summary = static_cast<std::uint8_t>(answer_format::summary), creative = static_cast<std::uint8_t>(answer_format::creative),
               translation = static_cast<std::uint8_t>(answer_format::translation), listed = static_cast<std::uint8_t>(answer_format::list),
               chat = static_cast<std::uint8_t>(answer_format::chat);

// Weight 4: says it outright; 1: a hint.
constexpr phrase words[] = {
    {"write a function", code, 4}, {"write a * function", code, 4}, {"write a program", code, 4}, {"write a * program", code, 4}, {"write a script", code, 4},
    {"write a * script", code, 4}, {"write code", code, 4}, {"write the code", code, 4}, {"write a class", code, 4}, {"write a query", code, 4}, {"write a * query", code, 4},
    {"write a regex", code, 4}, {"write a unit test", code, 4}, {"write unit tests", code, 4}, {"write tests for", code, 3}, {"write an sql", code, 4}, {"implement", code, 3},
    {"implementation of", code, 2}, {"code snippet", code, 3}, {"source code", code, 2}, {"refactor", code, 3}, {"debug", code, 3}, {"fix this code", code, 4},
    {"fix the bug", code, 3}, {"fix this bug", code, 3}, {"this code", code, 2}, {"python code", code, 4}, {"python function", code, 4}, {"in python", code, 2},
    {"python", code, 2}, {"javascript", code, 2}, {"typescript", code, 2}, {"java", code, 1}, {"rust", code, 1}, {"golang", code, 2}, {"sql", code, 2}, {"bash", code, 2},
    {"html", code, 1}, {"css", code, 1}, {"react", code, 1}, {"regex", code, 2}, {"regular expression", code, 3}, {"dockerfile", code, 3}, {"algorithm", code, 1},
    {"function", code, 1}, {"function that", code, 2}, {"leetcode", code, 3}, {"kotlin", code, 2}, {"swift", code, 1}, {"php", code, 2}, {"c code", code, 3}, {"pandas", code, 1},
    {"numpy", code, 1}, {"api endpoint", code, 1}, {"compile", code, 1}, {"shell script", code, 4}, {"terraform", code, 2}, {"yaml", code, 1}, {"unit test", code, 2},
    {"stack trace", code, 2}, {"coding", code, 1}, {"programa en", code, 2}, {"schreibe eine funktion", code, 4}, {"une fonction", code, 2}, {"una función", code, 2},
    {"json", json, 3}, {"as json", json, 5}, {"in json", json, 5}, {"json object", json, 4}, {"json format", json, 5}, {"json array", json, 4}, {"valid json", json, 5},
    {"json schema", json, 3}, {"return json", json, 5}, {"output json", json, 5}, {"json only", json, 5}, {"key value pairs", json, 1}, {"parse json", code, 4}, {"json file", code, 2},
    {"summarize", summary, 5}, {"summarise", summary, 5}, {"summary", summary, 4}, {"summary of", summary, 5}, {"tl dr", summary, 5}, {"tldr", summary, 5}, {"key points", summary, 3},
    {"main points", summary, 3}, {"key takeaways", summary, 4}, {"in a nutshell", summary, 2}, {"condense", summary, 4}, {"shorten", summary, 2}, {"abstract of", summary, 2},
    {"gist of", summary, 4}, {"brief overview", summary, 2}, {"zusammenfassung", summary, 4}, {"fasse", summary, 3}, {"résume", summary, 4}, {"résumé de", summary, 3},
    {"resume este", summary, 4}, {"resumen", summary, 4}, {"boil down", summary, 3}, {"recap", summary, 3},
    {"write a poem", creative, 5}, {"write me a poem", creative, 5}, {"poem", creative, 4}, {"haiku", creative, 5}, {"sonnet", creative, 4}, {"limerick", creative, 5}, {"write a story", creative, 5},
    {"short story", creative, 5}, {"write a * story", creative, 5}, {"story about", creative, 4}, {"tell me a story", creative, 5}, {"fairy tale", creative, 3}, {"song lyrics", creative, 4},
    {"lyrics", creative, 3}, {"write a song", creative, 5}, {"rap about", creative, 4}, {"screenplay", creative, 4}, {"dialogue between", creative, 3}, {"write a scene", creative, 5},
    {"fan fiction", creative, 4}, {"fiction", creative, 2}, {"novel", creative, 1}, {"tagline", creative, 3}, {"slogan", creative, 3}, {"joke", creative, 3}, {"write a letter", creative, 2},
    {"blog post", creative, 3}, {"write an essay", creative, 3}, {"essay", creative, 2}, {"creative", creative, 2}, {"imagine", creative, 1}, {"in the style of", creative, 3},
    {"write a speech", creative, 4}, {"speech", creative, 1}, {"caption", creative, 2}, {"ad copy", creative, 3}, {"product description", creative, 3}, {"gedicht", creative, 5},
    {"geschichte über", creative, 4}, {"poème", creative, 5}, {"poema", creative, 5}, {"cuento", creative, 4}, {"roleplay", creative, 3}, {"cover letter", creative, 3}, {"compose", creative, 2},
    {"brainstorm names", creative, 2}, {"birthday message", creative, 3}, {"tweet", creative, 2},
    {"translate", translation, 5}, {"translation", translation, 3}, {"translate this", translation, 6}, {"translate the following", translation, 6}, {"into french", translation, 4},
    {"into german", translation, 4}, {"into spanish", translation, 4}, {"into english", translation, 4}, {"to french", translation, 3}, {"to german", translation, 3},
    {"to spanish", translation, 3}, {"to english", translation, 3}, {"into japanese", translation, 4}, {"into chinese", translation, 4}, {"into italian", translation, 4},
    {"to japanese", translation, 3}, {"to italian", translation, 3}, {"how do you say", translation, 5}, {"how do i say", translation, 5}, {"how to say", translation, 4},
    {"übersetze", translation, 6}, {"Übersetze", translation, 6}, {"Переведи", translation, 6}, {"traduis", translation, 6}, {"traduire", translation, 5}, {"traduce", translation, 6}, {"traduzca", translation, 6}, {"traduci", translation, 6},
    {"переведи", translation, 6}, {"what is * in french", translation, 4}, {"what is * in spanish", translation, 4},
    {"list", listed, 2}, {"list of", listed, 4}, {"list the", listed, 4}, {"list all", listed, 4}, {"list some", listed, 4}, {"make a list", listed, 5}, {"give me a list", listed, 5},
    {"bullet points", listed, 4}, {"bullet point", listed, 4}, {"bulleted", listed, 4}, {"enumerate", listed, 4}, {"top 10", listed, 4}, {"top ten", listed, 4}, {"top 5", listed, 4},
    {"top five", listed, 4}, {"5 ways", listed, 4}, {"10 ways", listed, 4}, {"ten ways", listed, 4}, {"five ways", listed, 4}, {"5 tips", listed, 4}, {"10 tips", listed, 4}, {"tips for", listed, 2},
    {"ideas for", listed, 3}, {"give me ideas", listed, 3}, {"5 ideas", listed, 4}, {"10 ideas", listed, 4}, {"name five", listed, 4}, {"name three", listed, 4}, {"name 5", listed, 4},
    {"name 3", listed, 4}, {"name some", listed, 3}, {"steps to", listed, 2}, {"examples of", listed, 2}, {"pros and cons", listed, 3}, {"recommend some", listed, 2}, {"suggest some", listed, 3},
    {"what are some", listed, 3}, {"checklist", listed, 4}, {"itinerary", listed, 2}, {"table", listed, 1}, {"liste", listed, 2}, {"lista de", listed, 3},
    {"hello", chat, 2}, {"hi", chat, 2}, {"how are you", chat, 4}, {"thanks", chat, 3}, {"thank you", chat, 3}, {"what do you think", chat, 2}, {"good morning", chat, 3}};

// What is asked for stands at the ends of a text; the middle of a pasted one says nothing.
constexpr std::size_t end_words = 60;

}  // namespace

format_finding find_format(std::string_view, const text_facts& facts, bool json_wanted) {
  if (json_wanted) return {answer_format::json, 1};
  static const phrase_table table(words);
  std::array<float, format_count> scores{};
  scores[chat] = 1.2f;
  const auto count = [&](std::span<const word> part, float weight, std::size_t before) {
    table.find(part, [&](const phrase_match& m) {
      // An instruction opens a sentence or the text; the same word later may be about anything.
      const auto place = before + m.first;
      scores[m.tag] += static_cast<float>(m.weight) * weight * (place < 3 ? 1.3f : place < 12 ? 1.0f : 0.7f);
    });
  };
  const std::span<const word> all = facts.words;
  if (all.size() <= 2 * end_words) {
    count(all, 1, 0);
  } else {
    count(all.first(end_words), 1, 0);
    count(all.last(end_words), 0.8f, 12);
  }
  if (facts.fence) scores[code] += 3;
  const auto share = facts.bytes == 0 ? 0.0f : static_cast<float>(facts.code_bytes) / static_cast<float>(facts.bytes);
  scores[code] += 5 * share;
  float total = 0;
  std::size_t best = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    total += scores[i];
    if (scores[i] > scores[best]) best = i;
  }
  const auto sure = scores[best] / (total + 0.8f);
  return {static_cast<answer_format>(best), best == chat && total < 1.3f ? 0.6f : std::clamp(sure, 0.2f, 0.98f)};
}

}  // namespace switchyard::routing
