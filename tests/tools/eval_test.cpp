#include "tools/switchyardctl/eval.hpp"

#include "routing/cache/hit_judge.hpp"
#include "routing/embedding/embedder.hpp"
#include "tests/routing/embedding/table_builder.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(eval)

using namespace switchyard;
using namespace switchyard::ctl;
using namespace switchyard::test;
namespace json = boost::json;

namespace {

const std::string bytes = table_bytes(three_axes());

const routing::embedder& model() {
  static const auto made = routing::embedder::of_table(*routing::table_file::of_bytes(bytes));
  return *made;
}

json::value embedded(std::string_view line) {
  std::string to;
  const auto done = embed_line(model(), line, 7, to);
  BOOST_REQUIRE_MESSAGE(done, problem_in(done));
  BOOST_TEST(to.ends_with("]}\n"));
  return json::parse(to);
}

double coordinate(const json::value& answer, std::size_t place) { return answer.at("vector").as_array().at(place).to_number<double>(); }

std::string refused(std::string_view line) {
  std::string to;
  const auto done = embed_line(model(), line, 7, to);
  return done ? "none" : done.failure().message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_prompt_becomes_its_vector_under_its_own_id) {
  const auto answer = embedded(R"({"id":{"n":[1,"ä"]},"prompt":"blue red"})");
  BOOST_TEST(answer.at("id") == json::parse(R"({"n":[1,"ä"]})"));
  BOOST_TEST(answer.at("vector").as_array().size() == 32u);
  BOOST_TEST(coordinate(answer, 0) == 0.0);
  BOOST_TEST(coordinate(answer, 1) == 0.842271);      // 50 / sqrt(50² + 32²), six places
  BOOST_TEST(coordinate(answer, 3) == -0.539054);
}

BOOST_AUTO_TEST_CASE(without_an_id_the_line_says_which_one_it_is) {
  BOOST_TEST(embedded(R"({"text":"red"})").at("id").as_int64() == 7);
  BOOST_TEST(coordinate(embedded(R"({"text":"red"})"), 1) == 1.0);
}

BOOST_AUTO_TEST_CASE(of_messages_the_last_user_turn_counts) {
  const auto answer = embedded(R"({"messages":[{"role":"system","content":"blue"},{"role":"user","content":"blue"},
    {"role":"user","content":[{"type":"text","text":"red"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"reddish"}]},
    {"role":"assistant","content":"blue"}]})");
  BOOST_TEST(coordinate(answer, 3) == 0.0);
  BOOST_TEST(coordinate(answer, 1) == 0.707107);
  BOOST_TEST(coordinate(answer, 2) == 0.707107);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_embedded_is_named) {
  BOOST_TEST(refused(R"({"id":1})") == "prompt: expected a string (or messages: a list)");
  BOOST_TEST(refused(R"({"prompt":5})") == "prompt: expected a string");
  BOOST_TEST(refused(R"({"messages":[{"role":"assistant","content":"x"}]})") ==
             "messages: expected a message with role user and a content");
  BOOST_TEST(refused("[1]") == "expected an object");
  BOOST_TEST(refused(R"({"prompt":"x")") != "none");
}

BOOST_AUTO_TEST_CASE(similarity_tells_the_cosine_the_verdict_and_why) {
  std::string to;
  const routing::hit_judge judge(model());
  BOOST_TEST(similarity_line(judge, 0.9f, R"({"id":"p","a":"red blue","b":"red"})", to).has_value());
  BOOST_TEST(to == R"json({"id":"p","similarity":0.842271,"cosine":0.842271,"hit":false,"why":"similarity 0.8423 is below 0.9000 (cosine 0.8423)"})json" "\n");
  to.clear();
  BOOST_TEST(similarity_line(judge, 0.8f, R"({"a":"red blue","b":"red"})", to).has_value());
  BOOST_TEST(to == R"json({"similarity":0.842271,"cosine":0.842271,"hit":true,"why":"similarity 0.8423 reaches 0.8000 (cosine 0.8423)"})json" "\n");
  BOOST_TEST(similarity_line(judge, 0.8f, R"({"a":"red"})", to).failure().message == "b: expected a string");
}

BOOST_AUTO_TEST_SUITE_END()
