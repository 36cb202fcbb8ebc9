#include "actors/vector_book.hpp"

#include "routing/stage.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(vector_book_suite)

using namespace switchyard;
using namespace switchyard::actors;

namespace {

class wishing_stage final : public routing::stage {
 public:
  explicit wishing_stage(routing::embedding_wish wish) : stage("semantic", "semantic"), wish_(std::move(wish)) {}
  const routing::embedding_wish* embedding() const noexcept override { return &wish_; }
  routing::verdict decide(routing::decision_context&) const override { return say("none"); }

 private:
  routing::embedding_wish wish_;
};

routing::embedding_wish wish_of(std::vector<std::string> examples) {
  const auto count = examples.size();
  return {"openai/e", milliseconds(300), std::move(examples), {count}};
}

routing::yard yard_of(std::vector<routing::embedding_wish> wishes) {
  routing::yard made;
  for (auto& wish : wishes) {
    auto route = std::make_shared<routing::route_entry>();
    auto books = std::make_shared<routing::route_entry>();
    books->name = "r/embedding";
    route->embeds = std::move(books);
    route->stages.push_back(std::make_shared<wishing_stage>(std::move(wish)));
    made.routes.push_back(std::move(route));
  }
  return made;
}

std::vector<routing::provider_vector> vectors(std::size_t count, std::size_t length = 3) {
  std::vector<routing::provider_vector> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(std::make_shared<const std::vector<float>>(length, 1.0f));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(examples_are_ready_once_all_of_them_are_there) {
  vector_book book;
  const auto wish = wish_of({"a", "b", "c"});
  const auto models = book.adopt(yard_of({wish}));
  BOOST_TEST(models == std::vector<std::string>{"openai/e"}, boost::test_tools::per_element());
  const auto batch = book.next_batch("openai/e");
  BOOST_TEST(batch.texts.size() == 3u);
  BOOST_TEST(batch.books->name == "r/embedding");
  book.keep_examples("openai/e", {"a", "b"}, vectors(2));
  BOOST_TEST((book.examples_of(wish) == nullptr));
  BOOST_TEST(book.next_batch("openai/e").texts == std::vector<std::string>{"c"}, boost::test_tools::per_element());
  book.keep_examples("openai/e", {"c"}, vectors(1));
  BOOST_TEST_REQUIRE((book.examples_of(wish) != nullptr));
  BOOST_TEST(book.examples_of(wish)->dimensions() == 3u);
  BOOST_TEST(book.next_batch("openai/e").texts.empty());
}

BOOST_AUTO_TEST_CASE(a_reload_asks_only_for_what_is_new) {
  vector_book book;
  static_cast<void>(book.adopt(yard_of({wish_of({"a", "b"})})));
  book.keep_examples("openai/e", {"a", "b"}, vectors(2));
  const auto before = book.generation();
  BOOST_TEST(book.adopt(yard_of({wish_of({"a", "b"})})).empty());
  BOOST_TEST(book.generation() == before + 1);
  BOOST_TEST(book.adopt(yard_of({wish_of({"b", "new"})})).size() == 1u);
  BOOST_TEST(book.next_batch("openai/e").texts == std::vector<std::string>{"new"}, boost::test_tools::per_element());
  // "a" is forgotten by now.
  static_cast<void>(book.adopt(yard_of({wish_of({"a"})})));
  BOOST_TEST(book.next_batch("openai/e").texts == std::vector<std::string>{"a"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_batch_is_bounded_and_names_each_text_once) {
  vector_book book;
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) texts.push_back("text " + std::to_string(i));
  static_cast<void>(book.adopt(yard_of({wish_of(texts), wish_of(texts)})));
  BOOST_TEST(book.next_batch("openai/e").texts.size() == vector_book::most_texts);
  book.keep_examples("openai/e", {texts.begin(), texts.begin() + 32}, vectors(32));
  BOOST_TEST(book.next_batch("openai/e").texts.size() == 8u);
}

BOOST_AUTO_TEST_CASE(what_arrives_after_a_reload_dropped_it_is_not_kept) {
  vector_book book;
  static_cast<void>(book.adopt(yard_of({wish_of({"a"})})));
  static_cast<void>(book.adopt(yard_of({})));
  book.keep_examples("openai/e", {"a"}, vectors(1));
  static_cast<void>(book.adopt(yard_of({wish_of({"a"})})));
  BOOST_TEST(book.next_batch("openai/e").texts.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_prompt_used_longest_ago_is_forgotten_first) {
  vector_book book;
  const auto key = [](std::size_t i) { return vector_book::key_of("openai/e", std::to_string(i)); };
  for (std::size_t i = 0; i < vector_book::most_prompts; ++i) book.keep_prompt(key(i), vectors(1)[0]);
  BOOST_TEST((book.find_prompt(key(0)) != nullptr));
  book.keep_prompt(key(vector_book::most_prompts), vectors(1)[0]);
  BOOST_TEST(book.prompts() == vector_book::most_prompts);
  BOOST_TEST((book.find_prompt(key(0)) != nullptr));
  BOOST_TEST((book.find_prompt(key(1)) == nullptr));
  BOOST_TEST((vector_book::key_of("openai/e", "0") != vector_book::key_of("openai/f", "0")));
}

BOOST_AUTO_TEST_CASE(long_vectors_count_by_their_length) {
  vector_book book;
  for (std::size_t i = 0; i < 2'000; ++i) book.keep_prompt(vector_book::key_of("m", std::to_string(i)), vectors(1, 8'192)[0]);
  BOOST_TEST(book.prompts() == vector_book::most_prompt_floats / 8'192);
}

BOOST_AUTO_TEST_SUITE_END()
