#include "providers/request_body.hpp"

#include "tests/providers/samples.hpp"

BOOST_AUTO_TEST_SUITE(openai_request)

using namespace switchyard;
using namespace switchyard::providers;
using test::padded_body;

namespace {

const std::string hello = R"("messages":[{"role":"user","content":"hi"}])";

error refusal(const std::string& body, api operation = api::chat_completions) {
  const padded_body text(body);
  auto read = openai_ingress().parse(operation, text.view());
  BOOST_REQUIRE_MESSAGE(!read, "was accepted: " << body.substr(0, 200));
  return read.failure();
}

/// The body without its fallbacks member.
std::string without_fallbacks(const std::string& body) {
  const padded_body text(body);
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE_MESSAGE(read, "was refused: " << body);
  const auto cut = read->fallbacks_member;
  return body.substr(0, cut.begin) + body.substr(cut.end);
}

}  // namespace

BOOST_AUTO_TEST_CASE(input_is_estimated_by_the_models_vocabulary) {
  const auto tokens = [](const std::string& model) {
    const padded_body text(R"({"model":")" + model + R"(","messages":[{"role":"user","content":"Привет, мир! Как дела?"}]})");
    return openai_ingress().parse(api::chat_completions, text.view())->input.tokens();
  };
  BOOST_TEST(tokens("anthropic/claude-sonnet-4-5") > tokens("openai/gpt-4o"));
}

BOOST_AUTO_TEST_CASE(the_facts_of_a_chat_request_are_read) {
  const std::string body = R"({"model":"openai/gpt-4o","messages":[{"role":"user","content":"Hello there"}],"stream":true,"max_tokens":7,)"
                           R"("max_completion_tokens":50,"stream_options":{"include_usage":true},"fallbacks":["a/b","c/d"]})";
  const padded_body text(body);
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->model == "openai/gpt-4o");
  BOOST_TEST(body.substr(read->model_value.begin, read->model_value.end - read->model_value.begin) == "\"openai/gpt-4o\"");
  BOOST_TEST(read->stream);
  BOOST_TEST(read->wants_usage);
  BOOST_TEST(read->has_stream_options);
  BOOST_TEST(read->max_output_tokens == 50);
  BOOST_TEST(read->fallbacks.size() == 2u);
  BOOST_TEST(read->fallbacks[1] == "c/d");
  BOOST_TEST(read->input.tokens() == 2 + 4 + 3);   // two words, a message, the opening of the answer
  BOOST_TEST(read->after_open_brace == 1u);
}

BOOST_AUTO_TEST_CASE(every_answer_that_is_asked_for_at_once_is_counted) {
  const auto answers = [](const std::string& members, api operation = api::chat_completions) {
    const padded_body text(R"({"model":"m",)" + members + "}");
    return openai_ingress().parse(operation, text.view())->answers;
  };
  BOOST_TEST(answers(hello) == 1);
  BOOST_TEST(answers(hello + R"(,"n":5)") == 5);
  BOOST_TEST(answers(hello + R"(,"n":-5)") == 1);
  BOOST_TEST(answers(hello + R"(,"n":1e3)") == 1);   // no integer: the provider's to refuse
  BOOST_TEST(answers(R"("prompt":["a","b","c"],"n":2,"best_of":4)", api::completions) == 12);
  BOOST_TEST(answers(R"("prompt":[15496,11])", api::completions) == 1);
}

BOOST_AUTO_TEST_CASE(a_recorded_request_is_accepted) {
  const padded_body text(test::golden("chat_request.json"));
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->model == "gpt-5");
  BOOST_TEST(!read->stream);
}

BOOST_AUTO_TEST_CASE(a_model_deeper_down_is_not_the_model) {
  const std::string body = R"({"metadata":{"model":"wrong","fallbacks":["x"]},"tools":[{"model":"wrong"}],"model":"right",)" + hello + "}";
  const padded_body text(body);
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->model == "right");
  BOOST_TEST(body.substr(read->model_value.begin, 7) == "\"right\"");
  BOOST_TEST(read->fallbacks.empty());
}

BOOST_AUTO_TEST_CASE(names_and_models_may_be_escaped) {
  const std::string body = R"({"\u006dodel":"gpt\u002d4o \u00e9\ud83d\ude00",)" + hello + "}";
  const padded_body text(body);
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->model == "gpt-4o \xC3\xA9\xF0\x9F\x98\x80");
  BOOST_TEST(body.substr(read->model_value.begin, read->model_value.end - read->model_value.begin) == R"("gpt\u002d4o \u00e9\ud83d\ude00")");
}

BOOST_AUTO_TEST_CASE(a_missing_or_bad_model_is_refused_as_openai_does) {
  for (const std::string model : {"", R"("model":"",)", R"("model":null,)"}) {
    const auto what = refusal("{" + model + hello + "}");
    BOOST_TEST(what.message == "you must provide a model parameter");
    BOOST_TEST(what.param == "model");
    BOOST_TEST(http_status(what) == 400);
    BOOST_TEST((what.code == error_code::invalid_request));
  }
  for (const std::string model : {"7", "[\"a\"]", "\"a\\r\\nx: y\"", "\"a\\u0000\""})
    BOOST_TEST(refusal("{\"model\":" + model + "," + hello + "}").param == "model");
}

BOOST_AUTO_TEST_CASE(a_model_has_at_most_256_characters) {
  std::string accented;
  for (int i = 0; i < 256; ++i) accented += "\xC3\xA9";
  const padded_body fits("{\"model\":\"" + accented + "\"," + hello + "}");
  BOOST_TEST(openai_ingress().parse(api::chat_completions, fits.view()).has_value());
  BOOST_TEST(refusal("{\"model\":\"" + std::string(257, 'm') + "\"," + hello + "}").param == "model");
}

BOOST_AUTO_TEST_CASE(stream_is_a_boolean_or_null) {
  const padded_body null_stream("{\"model\":\"m\",\"stream\":null," + hello + "}");
  auto read = openai_ingress().parse(api::chat_completions, null_stream.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(!read->stream);
  for (const std::string stream : {"1", "\"true\"", "{}"})
    BOOST_TEST(refusal("{\"model\":\"m\",\"stream\":" + stream + "," + hello + "}").param == "stream");
}

BOOST_AUTO_TEST_CASE(messages_must_be_a_list_with_something_in_it) {
  for (const std::string messages : {"", ",\"messages\":null", ",\"messages\":[]", ",\"messages\":\"hi\"", ",\"messages\":{}"})
    BOOST_TEST(refusal("{\"model\":\"m\"" + messages + "}").param == "messages");
}

BOOST_AUTO_TEST_CASE(every_operation_asks_for_its_own_member) {
  BOOST_TEST(refusal(R"({"model":"m"})", api::embeddings).param == "input");
  BOOST_TEST(refusal(R"({"model":"m"})", api::responses).param == "input");
  BOOST_TEST(refusal(R"({"model":"m"})", api::completions).param == "prompt");
  BOOST_TEST(refusal(R"({"model":"m","input":7})", api::embeddings).param == "input");
  for (const std::string body : {R"({"model":"m","input":"hi"})", R"({"model":"m","input":["a","b"]})", R"({"model":"m","input":[1,2]})"}) {
    const padded_body text(body);
    BOOST_TEST(openai_ingress().parse(api::embeddings, text.view()).has_value());
    BOOST_TEST(openai_ingress().parse(api::responses, text.view()).has_value());
  }
  const padded_body stored(R"({"model":"m","prompt":{"id":"pmpt_1"}})");
  BOOST_TEST(openai_ingress().parse(api::responses, stored.view()).has_value());
  const padded_body prompt(R"({"model":"m","prompt":"once upon"})");
  BOOST_TEST(openai_ingress().parse(api::completions, prompt.view()).has_value());
}

BOOST_AUTO_TEST_CASE(a_top_level_name_may_stand_only_once) {
  BOOST_TEST(refusal("{\"model\":\"a\",\"model\":\"b\"," + hello + "}").param == "model");
  BOOST_TEST(refusal("{\"model\":\"a\",\"x\":1,\"\\u0078\":2," + hello + "}").param == "x");
  std::string many = "{\"model\":\"a\"," + hello;
  for (int i = 0; i < 200; ++i) many += ",\"f" + std::to_string(i) + "\":1";
  const padded_body fine(many + "}");
  BOOST_TEST(openai_ingress().parse(api::chat_completions, fine.view()).has_value());
  BOOST_TEST(refusal(many + ",\"f17\":2}").param == "f17");
}

BOOST_AUTO_TEST_CASE(an_empty_name_that_stands_twice_does_not_hide_another_duplicate) {
  BOOST_TEST(refusal("{\"\":1,\"\":2,\"model\":\"a\"," + hello + "}").message == "Duplicate parameter: ''.");
  std::string many = "{\"\":1,\"\":2,\"model\":\"a\",\"model\":\"b\"," + hello;
  for (int i = 0; i < 30; ++i) many += ",\"f" + std::to_string(i) + "\":1";
  BOOST_TEST((refusal(many + "}").code == error_code::invalid_request));
}

BOOST_AUTO_TEST_CASE(fallbacks_are_cut_out_with_one_comma) {
  const std::string member = R"("fallbacks":["a/b"])";
  BOOST_TEST(without_fallbacks("{" + member + ",\"model\":\"m\"," + hello + "}") == "{\"model\":\"m\"," + hello + "}");
  BOOST_TEST(without_fallbacks("{\"model\":\"m\"," + member + "," + hello + "}") == "{\"model\":\"m\"," + hello + "}");
  BOOST_TEST(without_fallbacks("{\"model\":\"m\"," + hello + "," + member + "}") == "{\"model\":\"m\"," + hello + "}");
  BOOST_TEST(without_fallbacks("{ " + member + " , \"model\":\"m\"," + hello + "}") == "{  \"model\":\"m\"," + hello + "}");
  BOOST_TEST(without_fallbacks("{\"model\":\"m\" ,\n " + member + "\n," + hello + "}") == "{\"model\":\"m\" \n," + hello + "}");
  BOOST_TEST(without_fallbacks("{\"model\":\"m\"," + hello + " , " + member + " }") == "{\"model\":\"m\"," + hello + "  }");
}

BOOST_AUTO_TEST_CASE(fallbacks_are_a_short_list_of_names) {
  for (const std::string list : {"\"a/b\"", "[1]", "[\"\"]", "[\"a\\n\"]", "null"})
    BOOST_TEST(refusal("{\"model\":\"m\",\"fallbacks\":" + list + "," + hello + "}").param == "fallbacks");
  std::string seventeen = "[\"a\"";
  for (int i = 0; i < 16; ++i) seventeen += ",\"a\"";
  BOOST_TEST(refusal("{\"model\":\"m\",\"fallbacks\":" + seventeen + "]," + hello + "}").param == "fallbacks");
}

BOOST_AUTO_TEST_CASE(broken_json_is_invalid_json_with_its_byte) {
  for (const std::string body : {"", "{", "{\"model\":\"m\",}", "{\"model\":\"\xFF\"}", "{\"model\":\"\\ud800\"}", "{\"a\":1e999}", "nonsense"}) {
    const auto what = refusal(body);
    BOOST_TEST((what.code == error_code::invalid_json), body);
    BOOST_TEST(what.message.starts_with("We could not parse the JSON body of your request"));
  }
  BOOST_TEST(refusal("{\"model\":\"m\",}").message.find("at byte 13") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_object_is_an_invalid_request) {
  for (const std::string body : {"[]", "\"x\"", "1", "null"}) BOOST_TEST((refusal(body).code == error_code::invalid_request), body);
}

BOOST_AUTO_TEST_CASE(bytes_after_the_body_do_not_matter) {
  const std::string body = "{\"model\":\"m\"," + hello + "}";
  std::string followed = body + ",\"model\":\"other\"}" + std::string(64, '}');
  BOOST_TEST(openai_ingress().parse(api::chat_completions, std::string_view(followed).substr(0, body.size())).has_value());
}

BOOST_AUTO_TEST_CASE(members_that_steer_the_upstream_are_refused) {
  for (const std::string name : {"api_base", "api_key", "base_url"}) {
    const auto what = refusal("{\"model\":\"m\",\"" + name + "\":7," + hello + "}");
    BOOST_TEST(what.param == name);
    BOOST_TEST((what.code == error_code::invalid_request));
  }
}

BOOST_AUTO_TEST_CASE(a_limit_without_bounds_can_still_be_added_to) {
  const padded_body text("{\"model\":\"m\",\"max_tokens\":9223372036854775807," + hello + "}");
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->max_output_tokens > 1'000'000);
  BOOST_TEST(read->max_output_tokens < std::int64_t{1} << 53);
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_no_positive_integer_is_left_to_the_provider) {
  const padded_body text("{\"model\":\"m\",\"max_tokens\":\"many\"," + hello + "}");
  auto read = openai_ingress().parse(api::chat_completions, text.view());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->max_output_tokens == 0);
}

BOOST_AUTO_TEST_SUITE_END()
