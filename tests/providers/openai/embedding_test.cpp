#include "tests/providers/translated.hpp"

BOOST_AUTO_TEST_SUITE(openai_embeddings)

using namespace switchyard;
using namespace switchyard::providers;
using boost::json::parse;

namespace {

std::string rewrite(const std::string& body, std::string* dropped = nullptr, const char* provider_name = "openai") {
  neutral::arena texts;
  const auto request = openai_embedding_dialect().read_request(body, texts);
  BOOST_REQUIRE_MESSAGE(request, (request ? std::string() : request.failure().message));
  config::provider_config provider;
  provider.name = provider_name;
  std::string out;
  neutral::dropped_fields names;
  BOOST_REQUIRE(openai_embedding_dialect().write_request(*request, {.model = "m", .provider = &provider}, out, names));
  if (dropped != nullptr) *dropped = names.list();
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(inputs_of_every_form_come_back_as_they_were) {
  for (const char* input : {R"("a")", R"(["a","b"])", R"(["a"])", "[1,2]", "[[1,2],[3]]"}) {
    const std::string body = std::string(R"({"model":"m","input":)") + input + R"(,"dimensions":8,"encoding_format":"base64","user":"u"})";
    BOOST_TEST(rewrite(body) == body);
  }
}

BOOST_AUTO_TEST_CASE(what_openai_does_not_know_is_dropped_by_name) {
  std::string dropped;
  rewrite(R"({"input":"a","input_type":"query","truncation":true,"output_dtype":"int8"})", &dropped);
  BOOST_TEST(dropped == "output_dtype,input_type,truncation");
  BOOST_TEST(parse(rewrite(R"({"input":"a","input_type":"query"})", &dropped, "voyage")).at("input_type") == "query");
  BOOST_TEST(dropped == "");
}

BOOST_AUTO_TEST_CASE(inputs_that_are_none_are_refused) {
  for (const char* body : {R"({"input":[]})", R"({"input":5})", R"({"input":[{}]})", "{}"}) {
    neutral::arena texts;
    const auto request = openai_embedding_dialect().read_request(body, texts);
    BOOST_REQUIRE(!request);
    BOOST_TEST(request.failure().param == "input");
  }
}

BOOST_AUTO_TEST_CASE(a_recorded_answer_comes_back_and_in_either_encoding) {
  neutral::arena texts;
  const auto body = test::golden("embeddings.json");
  const auto answer = openai_embedding_dialect().read_answer(body, texts);
  BOOST_REQUIRE(answer);
  const auto recorded = parse(body);
  BOOST_REQUIRE(answer->vectors.size() == recorded.at("data").as_array().size());
  BOOST_TEST(*answer->usage.input == recorded.at("usage").at("prompt_tokens").to_number<std::int64_t>());
  for (const char* encoding : {"\"base64\"", "\"float\"", ""}) {
    neutral::embedding_request asked;
    asked.encoding_format = {encoding, "encoding_format"};
    std::string out;
    openai_embedding_dialect().write_answer(*answer, asked, {.model = "m"}, out);
    const auto got = parse(out);
    BOOST_TEST(got.at("data").at(0).at("embedding").is_string() == (std::string_view(encoding) == "\"base64\""));
    BOOST_TEST(got.at("model") == recorded.at("model"));
    // Back to one form, the two must agree to the last bit of a float.
    neutral::arena more;
    const auto again = openai_embedding_dialect().read_answer(out, more);
    BOOST_REQUIRE(again);
    BOOST_TEST(vector_as_base64(again->vectors[0], more) == vector_as_base64(answer->vectors[0], more));
  }
}

BOOST_AUTO_TEST_CASE(vectors_change_their_form_and_what_is_none_stays) {
  neutral::arena texts;
  BOOST_TEST(vector_as_base64("[0.5,-1, 2e-3]", texts) == "\"AAAAPwAAgL9vEgM7\"");
  BOOST_TEST(vector_as_numbers("\"AAAAPwAAgL9vEgM7\"", texts) == "[0.5,-1,0.002]");
  BOOST_TEST(vector_as_numbers("\"AAAAPw==\"", texts) == "[0.5]");
  BOOST_TEST(vector_as_base64("[]", texts) == "\"\"");
  for (const char* other : {"\"AAA\"", "\"not base64!\"", "\"AADAfw==\"" /* not a number */}) BOOST_TEST(vector_as_numbers(other, texts) == other);
  for (const char* other : {"[1,\"a\"]", "[1,null]", "7"}) BOOST_TEST(vector_as_base64(other, texts) == other);
}

BOOST_AUTO_TEST_CASE(answers_that_are_none_are_failures) {
  for (const char* body : {"[]", "{}", R"({"data":[{}]})", R"({"data":[{"index":5,"embedding":[1]}]})", R"({"data":[{"index":99999999,"embedding":[1]}]})",
                           R"({"error":{"message":"no"}})", "{"}) {
    neutral::arena texts;
    BOOST_TEST(!openai_embedding_dialect().read_answer(body, texts), body);
  }
}

BOOST_AUTO_TEST_SUITE_END()
