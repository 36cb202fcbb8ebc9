#include "tools/sim/prose.hpp"

#include "tools/sim/tokens.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace switchyard::sim {
namespace {

constexpr std::size_t longest_quote = 160;   // bytes of the prompt that an answer repeats
constexpr std::size_t most_words = 24;

constexpr std::array stop_words = {"about", "also", "been", "does", "from", "have", "into", "just", "like", "make", "more", "please",
                                   "some", "that", "their", "them", "then", "there", "these", "they", "this", "what", "when", "where",
                                   "which", "with", "would", "your"};

constexpr std::array openings = {"You wrote: ", "On your words ", "To answer ", "About "};
constexpr std::array hedges = {"I am not sure, but here is a try. ", "I may be wrong about this. "};
constexpr std::array sentences = {
    "The part about % deserves attention first, because % depends on it.",
    "In practice % and % are looked at together.",
    "A short way to see it: % sets the frame and % fills it.",
    "If % changes, % usually follows.",
    "Most questions on % turn out to be questions on %.",
    "So begin with %, then compare it with %.",
    "One detail of % is easily missed: it limits %.",
};

bool is_letter(unsigned char c) { return std::isalnum(c) || c == '_' || c == '\'' || c >= 0x80; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

struct word_at {
  std::string_view text;
  bool opens_sentence;
  bool after_break;   ///< punctuation stands between it and the word before
};

std::vector<word_at> words_of(std::string_view text) {
  std::vector<word_at> words;
  bool opens = true;
  bool broken = false;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_letter(static_cast<unsigned char>(text[i]))) {
      if (text[i] == '.' || text[i] == '!' || text[i] == '?' || text[i] == '\n') opens = true;
      if (text[i] != ' ') broken = true;
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && is_letter(static_cast<unsigned char>(text[end]))) ++end;
    words.push_back({text.substr(i, end - i), opens, broken});
    opens = broken = false;
    i = end;
  }
  return words;
}

bool capitalised(std::string_view word) { return !word.empty() && std::isupper(static_cast<unsigned char>(word[0])); }

/// The run of capitalised words (or the one plain word, when `plain` says so) that starts at `at`.
std::string run_at(const std::vector<word_at>& words, std::size_t at, bool plain) {
  std::string run;
  for (std::size_t i = at; i < words.size() && capitalised(words[i].text) && (i == at || !words[i].after_break); ++i) {
    if (!run.empty()) run += ' ';
    run += words[i].text;
  }
  if (run.empty() && plain && at < words.size()) run = words[at].text;
  return run;
}

/// Quotes stay whole UTF-8 characters and one line.
std::string quoted(std::string_view prompt) {
  std::size_t end = std::min(prompt.size(), longest_quote);
  while (end < prompt.size() && end > 0 && (static_cast<unsigned char>(prompt[end]) & 0xC0) == 0x80) --end;
  std::string out = "\"";
  for (char c : prompt.substr(0, end)) out += (c == '\n' || c == '\r' || c == '\t' || c == '"') ? ' ' : c;
  return out + (end < prompt.size() ? "...\"" : "\"");
}

std::string filled(std::string_view pattern, const std::vector<std::string>& words, random_source& random) {
  std::string out;
  for (char c : pattern) {
    if (c == '%') {
      out += words[random.below(words.size())];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::uint64_t hash_text(std::string_view text, std::uint64_t from) noexcept {
  for (char c : text) from = (from ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return from;
}

std::vector<std::string> content_words(std::string_view text) {
  std::vector<std::string> found;
  for (const word_at& w : words_of(text)) {
    if (w.text.size() < 4 || found.size() == most_words) continue;
    const std::string low = lowered(w.text);
    if (std::find(stop_words.begin(), stop_words.end(), low) != stop_words.end()) continue;
    const std::string word(w.text);
    if (std::find(found.begin(), found.end(), word) == found.end()) found.push_back(word);
  }
  return found;
}

bool mentions(std::string_view text, std::string_view word) noexcept {
  if (word.empty() || word.size() > text.size()) return false;
  for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
    if (i > 0 && is_letter(static_cast<unsigned char>(text[i - 1]))) continue;
    const std::size_t end = i + word.size();
    if (end < text.size() && is_letter(static_cast<unsigned char>(text[end]))) continue;
    if (std::equal(word.begin(), word.end(), text.begin() + static_cast<std::ptrdiff_t>(i), [](char a, char b) { return lower(a) == lower(b); })) return true;
  }
  return false;
}

std::string name_in(std::string_view prompt, std::string_view field) {
  const std::vector<word_at> words = words_of(prompt);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (!field.empty() && mentions(words[i].text, field)) {
      const std::size_t at = mentions(words[i + 1].text, "is") && i + 2 < words.size() ? i + 2 : i + 1;
      return run_at(words, at, true);
    }
  }
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string low = lowered(words[i].text);
    if ((low == "in" || low == "for" || low == "to") && capitalised(words[i + 1].text)) return run_at(words, i + 1, false);
  }
  for (std::size_t i = words.size(); i-- > 0;) {
    if (capitalised(words[i].text) && !words[i].opens_sentence && words[i].text.size() > 1) return std::string(words[i].text);
  }
  return {};
}

std::string compose(const model_profile& model, std::string_view prompt, std::uint64_t seed, std::size_t least_tokens) {
  random_source random(hash_text(prompt, hash_text(model.id)) ^ (seed * 0x9e3779b97f4a7c15ULL));
  std::vector<std::string> words = content_words(prompt);
  if (words.empty()) words = {"signals", "points", "routes"};
  std::string text;
  // Whether a prompt is beyond a model depends on the prompt alone, so an abler model never knows less.
  if (random_source(hash_text(prompt)).uniform() >= model.ability) text += hedges[random.below(hedges.size())];
  text += openings[random.below(openings.size())];
  text += quoted(prompt) + ".";
  std::size_t tokens = count_tokens(text);
  for (int i = 0; i < model.sentences || tokens < least_tokens; ++i) {
    std::string sentence(1, ' ');
    sentence += filled(sentences[random.below(sentences.size())], words, random);
    tokens += count_tokens(sentence);
    text += sentence;
  }
  return text;
}

}  // namespace switchyard::sim
