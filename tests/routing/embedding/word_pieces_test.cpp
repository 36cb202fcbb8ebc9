#include "routing/embedding/word_pieces.hpp"

#include "routing/embedding/characters.hpp"
#include "routing/embedding/embedder.hpp"
#include "tests/routing/embedding/table_builder.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>

BOOST_AUTO_TEST_SUITE(word_pieces)

using namespace switchyard::routing;
using namespace switchyard::test;
namespace json = boost::json;

namespace {

const std::string source = SWITCHYARD_SOURCE_DIR;

struct sample {
  std::string text;
  std::vector<std::string> words, pieces;
};

std::vector<sample> golden() {
  std::ifstream file(source + "/tests/golden/word_pieces.jsonl");
  std::vector<sample> all;
  for (std::string line; std::getline(file, line);) {
    const auto read = json::parse(line);
    all.push_back({json::value_to<std::string>(read.at("text")), json::value_to<std::vector<std::string>>(read.at("words")),
                   json::value_to<std::vector<std::string>>(read.at("pieces"))});
  }
  return all;
}

std::vector<std::string> characters_of(std::string_view word) {
  std::vector<std::string> all;
  while (!word.empty()) {
    const auto before = word;
    (void)next_character(word);
    all.emplace_back(before.substr(0, before.size() - word.size()));
  }
  return all;
}

std::vector<std::string> pieces_of(std::string_view text, const vocabulary& known) {
  std::vector<std::uint32_t> ids;
  split_into_pieces(text, known, ids);
  std::vector<std::string> pieces;
  for (const auto id : ids) pieces.emplace_back(known.piece(id));
  return pieces;
}

// `lines` must outlive it.
vocabulary known_of(std::string_view lines) {
  auto made = vocabulary::of_lines(lines);
  BOOST_REQUIRE_MESSAGE(made, problem_in(made));
  return std::move(*made);
}

}  // namespace

// A vocabulary of single characters shows every normalised character and where words end.
BOOST_AUTO_TEST_CASE(every_character_is_normalised_and_cut_as_by_the_reference) {
  const auto samples = golden();
  BOOST_REQUIRE(samples.size() > 500);
  std::set<std::string> lines{"[UNK]\n"};
  for (const auto& s : samples)
    for (const auto& word : s.words)
      for (const auto& character : characters_of(word)) lines.insert({character + "\n", "##" + character + "\n"});
  std::string text;
  for (const auto& line : lines) text += line;
  const auto known = known_of(text);
  for (const auto& s : samples) {
    std::vector<std::string> expected;
    for (const auto& word : s.words) {
      const auto all = characters_of(word);
      if (all.size() > 100) {
        expected.emplace_back("[UNK]");
        continue;
      }
      for (std::size_t i = 0; i < all.size(); ++i) expected.push_back((i == 0 ? "" : "##") + all[i]);
    }
    const auto found = pieces_of(s.text, known);
    BOOST_TEST(found == expected, json::serialize(json::string(s.text)));
  }
}

BOOST_AUTO_TEST_CASE(pieces_are_those_of_the_reference) {
  const auto model = embedder::load(source + "/models/embedding.bin");
  BOOST_REQUIRE_MESSAGE(model, problem_in(model));
  for (const auto& s : golden()) BOOST_TEST(pieces_of(s.text, model->pieces()) == s.pieces, json::serialize(json::string(s.text)));
}

BOOST_AUTO_TEST_CASE(the_longest_piece_comes_first_and_a_word_is_spelled_whole_or_not_at_all) {
  const auto known = known_of("[UNK]\nun\nunder\n##der\n##stand\n##ing\n##s\n");
  BOOST_TEST((pieces_of("Understanding", known) == std::vector<std::string>{"under", "##stand", "##ing"}));
  BOOST_TEST((pieces_of("understandable under", known) == std::vector<std::string>{"[UNK]", "under"}));
  BOOST_TEST((pieces_of("stand", known) == std::vector<std::string>{"[UNK]"}));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_are_skipped) {
  const auto known = known_of("[UNK]\nab\n##c\n");
  for (const std::string_view text : {"a\xff" "b", "a\xc3" "b", "a\xe4\xb8" "b", "a\xed\xa0\x80" "b",
                                      "a\xc0\xaf" "b", "ab\xf4\x90\x80\x80", "ab\xf0\x9f"})
    BOOST_TEST((pieces_of(text, known) == std::vector<std::string>{"ab"}), "bytes of length " << text.size());
}

BOOST_AUTO_TEST_CASE(characters_are_written_as_they_are_read) {
  for (char32_t code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 61) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    char bytes[4];
    std::string_view text(bytes, write_character(code, bytes));
    BOOST_REQUIRE_EQUAL(static_cast<std::uint32_t>(next_character(text)), static_cast<std::uint32_t>(code));
    BOOST_REQUIRE(text.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_vocabulary_says_what_is_wrong_with_it) {
  BOOST_TEST(vocabulary::of_lines("a\n").failure().message == "vocabulary: there is no [UNK]");
  BOOST_TEST(vocabulary::of_lines("[UNK]\na\na\n").failure().message == "vocabulary: line 3 was there before");
  BOOST_TEST(vocabulary::of_lines("[UNK]\n\n").failure().message == "vocabulary: line 2 is empty or too long");
  BOOST_TEST(vocabulary::of_lines("[UNK]").failure().message == "vocabulary: the last line has no end");
  BOOST_TEST(vocabulary::of_lines("[UNK]\na\n##a\n").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
