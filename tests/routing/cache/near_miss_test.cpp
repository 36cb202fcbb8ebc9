#include "routing/cache/near_miss.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

BOOST_AUTO_TEST_SUITE(near_miss_)

using namespace switchyard::routing;

namespace {

struct pair_of_prompts {
  const char* a;
  const char* b;
  const char* why;      // "" when it is no near-miss
};
[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const pair_of_prompts& pair) { return out << pair.a << " | " << pair.b; }

const pair_of_prompts pairs[] = {
    {"What is the capital of France?", "What is the capital of Germany?", "names differ: France / Germany"},
    {"what is the capital of france", "what is the capital of germany", "names differ: france / germany"},
    {"How do I lose 5 kg?", "How do I lose 10 kg?", "numbers differ: 5 / 10"},
    {"Give me two ideas", "Give me three ideas", "numbers differ: two / three"},
    {"What happened in 1945?", "What happened?", "numbers differ: 1945 / none"},
    {"What is 5 + 3?", "What is 5 * 3?", "identifiers differ: + / *"},
    {"What is -5 plus 3?", "What is 5 plus 3?", "numbers differ: -5 / 5"},
    {"Should I take aspirin?", "Should I not take aspirin?", "negation: only one negates: not"},
    {"Why does it work?", "Why doesn't it work?", "negation: only one negates: doesn't"},
    {"How do I increase the volume?", "How do I decrease the volume?", "opposites differ: increase / decrease"},
    {"What should I eat before a run?", "What should I eat after a run?", "opposites differ: before / after"},
    {"How many miles is that?", "How many kilometers is that?", "units differ: miles / kilometers"},
    {"What is open on Monday?", "What is open on Tuesday?", "dates differ: Monday / Tuesday"},
    {"weather today", "weather tomorrow", "dates differ: today / tomorrow"},
    {"What does parse_url return?", "What does parse_query return?", "identifiers differ: parse_url / parse_query"},
    {"Convert dollars to euros", "Convert euros to dollars", "order differ: dollars / euros"},
    {"Does the dog bite the man?", "Does the man bite the dog?", "order differ: dog / man"},
    {"When was the war?", "Where was the war?", "question words differ: When / Where"},
    // Paraphrases that must pass:
    {"In Python, how do I sort a list?", "How do I sort a list in Python?", ""},
    {"What is the difference between cats and dogs?", "What is the difference between dogs and cats?", ""},
    {"What is the capital of France?", "What's the capital of France", ""},
    {"what is the capital of france", "What is the capital of France?", ""},
    {"How can I learn cooking?", "What is the best way to learn to cook?", ""},
    {"Give me 2 ideas", "Give me two ideas", ""},
    {"How many kilometers is that?", "How many kilometres is that?", ""},
    {"Tell me about the city", "Tell me about the cities", ""},
    {"Who invented the telephone?", "who invented the telephone", ""},
    {"Why doesn\u2019t it work?", "Why doesn't it work?", ""},
    {"How do I use parse_url with parse_url?", "How do I use parse_url?", ""},
    {"What is cheap and/or good?", "What is cheap or good?", ""},
    {"How does the installation go?", "How does the install go?", ""},
    {"What happened last year?", "What happens next year?", "opposites differ: last / next"},
};

}  // namespace

BOOST_DATA_TEST_CASE(what_tells_two_prompts_apart_is_named, boost::unit_test::data::make(pairs), pair) {
  const word_list a(pair.a), b(pair.b);
  const auto found = compare_words(a, b);
  BOOST_TEST(found.why() == pair.why);
  BOOST_TEST(compare_words(b, a).refuses == found.refuses);
}

BOOST_AUTO_TEST_CASE(a_name_on_one_side_alone_is_no_refusal_but_is_seen) {
  const word_list a("What is the best phone?"), b("What is the best phone in India?");
  const auto found = compare_words(a, b);
  BOOST_TEST(!found.refuses);
  BOOST_TEST(found.one_sided[static_cast<std::size_t>(near_miss::names)]);
}

BOOST_AUTO_TEST_CASE(capitals_tell_no_names_where_most_words_have_them) {
  const word_list a("How To Cook Rice Well"), b("How To Boil Rice Well");
  BOOST_TEST(!compare_words(a, b).refuses);
}

BOOST_AUTO_TEST_CASE(words_are_read_as_what_they_are) {
  const word_list list("Don't use C++ with 3.14, NASA's parse_url and twelve kids.");
  const auto words = list.all();
  BOOST_REQUIRE(words.size() == 10u);
  BOOST_TEST(words[0].negated);
  BOOST_TEST((words[2].kind == word_kind::code));
  BOOST_TEST(words[2].lower == "c++");
  BOOST_TEST((words[4].kind == word_kind::number));
  BOOST_TEST((words[5].kind == word_kind::name));
  BOOST_TEST(words[5].lower == "nasa");
  BOOST_TEST((words[6].kind == word_kind::code));
  BOOST_TEST(words[8].lower == "12");
}

BOOST_AUTO_TEST_CASE(only_so_many_words_are_read) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "word ";
  const word_list list(text);
  BOOST_TEST(list.all().size() == word_list::most);
  BOOST_TEST(list.cut());
}

BOOST_AUTO_TEST_CASE(bytes_of_any_kind_are_read) {
  for (const std::string text : {"", "\xff\xfe", "'''", "- - -", "\xc3\xa4\xc3\xb6 ' n't's", "5.", ".5", "-", "C+", "a'"}) {
    const word_list a(text), b("what is it");
    (void)compare_words(a, b);
  }
  BOOST_TEST(word_list("").all().empty());
}

BOOST_AUTO_TEST_SUITE_END()
