#include "tests/sim/probe.hpp"
#include "tools/sim/conversation.hpp"
#include "tools/sim/key_ring.hpp"

BOOST_AUTO_TEST_SUITE(gemini)

namespace json = boost::json;
namespace sy = switchyard::sim;
using namespace switchyard::sim::testing;

namespace {

constexpr std::string_view generate = "/v1beta/models/gemini-2.5-flash:generateContent";
constexpr std::string_view generate_3 = "/v1beta/models/gemini-3-pro:generateContent";
constexpr std::string_view stream = "/v1beta/models/gemini-2.5-flash:streamGenerateContent";
constexpr std::string_view vertex = "/v1/projects/p/locations/europe-west1/publishers/google/models/gemini-2.5-flash:generateContent";

std::string with(std::string_view contents, std::string_view more = {}) {
  return R"({"contents":[)" + std::string(contents) + "]" + (more.empty() ? "" : ",") + std::string(more) + "}";
}

sy::reply say(std::string_view body, std::string_view path = generate) { return ask({.path = path, .body = body}); }

constexpr std::string_view hello = R"({"role":"user","parts":[{"text":"Hello signals"}]})";
constexpr std::string_view two_tools = R"("tools":[{"functionDeclarations":[{"name":"get_weather","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}}}},
  {"name":"get_stock","parametersJsonSchema":{"type":"object","properties":{"place":{"type":"string"}},"additionalProperties":false}}]}])";
constexpr std::string_view called = R"({"role":"user","parts":[{"text":"weather?"}]},{"role":"model","parts":[{"functionCall":{"name":"get_weather","args":{}}},{"functionCall":{"name":"get_stock","args":{}}}]})";

void refuses(const std::string& body, std::string_view because, std::string_view path = generate) {
  const sy::reply r = say(body, path);
  BOOST_TEST_CONTEXT(body) {
    BOOST_TEST(r.status == 400);
    const json::value error = body_of(r).as_object().contains("error") ? body_of(r).at("error") : json::value();
    BOOST_REQUIRE(error.is_object());
    BOOST_TEST(error.at("code").to_number<int>() == 400);
    BOOST_TEST(text(error.at("status")) == "INVALID_ARGUMENT");
    BOOST_TEST(text(error.at("message")).find(because) != std::string::npos, text(error.at("message")) << " lacks: " << because);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_has_usage_that_adds_up) {
  const json::value v = body_of(say(with(hello, R"("system_instruction":{"parts":{"text":"Be brief."}},"generationConfig":{"candidateCount":2})")));
  BOOST_TEST(v.at("candidates").as_array().size() == 2u);
  BOOST_TEST(text(v.at("candidates").at(1).at("finishReason")) == "STOP");
  BOOST_TEST(text(v.at("candidates").at(0).at("content").at("role")) == "model");
  const json::value& usage = v.at("usageMetadata");
  BOOST_TEST(usage.at("totalTokenCount").to_number<int>() == usage.at("promptTokenCount").to_number<int>() + usage.at("candidatesTokenCount").to_number<int>());
  BOOST_TEST(text(v.at("modelVersion")) == "gemini-2.5-flash");
}

BOOST_AUTO_TEST_CASE(chunks_put_together_are_the_whole_answer_in_either_framing) {
  const std::string body = with(hello, R"("generationConfig":{"thinkingConfig":{"includeThoughts":true}})");
  const json::value whole = body_of(say(body));
  const sy::reply events = ask({.path = stream, .body = body, .query = "alt=sse"});
  const sy::reply listed = ask({.path = stream, .body = body});
  BOOST_TEST(events.content_type == "text/event-stream");
  BOOST_TEST(listed.content_type == "application/json");
  std::string array;
  for (const sy::stream_event& e : listed.events) array += e.bytes;
  const json::value entries = json::parse(array + listed.last);
  const std::vector<json::value> chunks = events_of(events);
  BOOST_TEST(json::serialize(entries) == json::serialize(json::array(chunks.begin(), chunks.end())));
  std::string said[2];
  for (const json::value& chunk : chunks) {
    const json::object& part = chunk.at("candidates").at(0).at("content").at("parts").at(0).as_object();
    said[part.contains("thought")] += text(part.at("text"));
  }
  const json::value& parts = whole.at("candidates").at(0).at("content").at("parts");
  BOOST_TEST(said[1] == text(parts.at(0).at("text")));
  BOOST_TEST(said[0] == text(parts.at(1).at("text")));
  BOOST_TEST(json::serialize(chunks.back().at("usageMetadata")) == json::serialize(whole.at("usageMetadata")));
  BOOST_TEST(text(chunks.back().at("candidates").at(0).at("finishReason")) == "STOP");
}

BOOST_AUTO_TEST_CASE(two_named_functions_are_both_called) {
  const json::value v = body_of(say(with(R"({"parts":[{"text":"weather and stock in Oslo"}]})", two_tools)));
  const json::value& parts = v.at("candidates").at(0).at("content").at("parts");
  BOOST_TEST(parts.as_array().size() == 2u);
  BOOST_TEST(text(parts.at(0).at("functionCall").at("args").at("city")) == "Oslo");
  BOOST_TEST(text(parts.at(1).at("functionCall").at("name")) == "get_stock");
  BOOST_TEST(!parts.at(0).at("functionCall").as_object().contains("id"));
  const sy::reply streamed = ask({.path = stream, .body = with(R"({"parts":[{"text":"weather and stock in Oslo"}]})", two_tools), .query = "alt=sse"});
  BOOST_TEST(streamed.events.size() == 2u);
}

BOOST_AUTO_TEST_CASE(calling_modes_force_forbid_and_narrow) {
  const auto parts = [&](std::string_view config) {
    return body_of(say(with(hello, std::string(two_tools) + R"(,"toolConfig":{"functionCallingConfig":)" + std::string(config) + "}"))).at("candidates").at(0).at("content").at("parts").at(0).as_object();
  };
  BOOST_TEST(parts(R"({"mode":"AUTO"})").contains("text"));
  BOOST_TEST(parts(R"({"mode":"NONE"})").contains("text"));
  BOOST_TEST(text(parts(R"({"mode":"ANY"})").at("functionCall").at("name")) == "get_weather");
  BOOST_TEST(text(parts(R"({"mode":"ANY","allowedFunctionNames":["get_stock"]})").at("functionCall").at("name")) == "get_stock");
}

BOOST_AUTO_TEST_CASE(gemini_3_wants_the_signature_of_its_calls_back) {
  const json::value v = body_of(say(with(R"({"parts":[{"text":"weather in Oslo"}]})", two_tools), generate_3));
  json::value content = v.at("candidates").at(0).at("content");
  BOOST_TEST(content.at("parts").at(0).at("functionCall").as_object().contains("id"));
  const auto next = [&] {
    return with(R"({"role":"user","parts":[{"text":"weather in Oslo"}]},)" + json::serialize(content) + R"(,{"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{"result":"rain"}}}]})", two_tools);
  };
  BOOST_TEST(text(body_of(say(next(), generate_3)).at("candidates").at(0).at("content").at("parts").at(0).at("text")) == "get_weather says: rain");
  content.at("parts").at(0).as_object()["thoughtSignature"] = "AAAA";
  refuses(next(), "Corrupted thought signature", generate_3);
  content.at("parts").at(0).as_object().erase("thoughtSignature");
  refuses(next(), "missing a thought_signature", generate_3);
  BOOST_TEST(say(next()).status == 200);   // older models sign nothing
}

BOOST_AUTO_TEST_CASE(responses_are_as_many_as_calls_and_follow_them) {
  const std::string history(called);
  refuses(with(history, two_tools), "number of function response parts is equal");
  refuses(with(history + R"(,{"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{}}}]})", two_tools), "number of function response parts is equal");
  refuses(with(history + R"(,{"role":"user","parts":[{"text":"well?"}]})", two_tools), "number of function response parts is equal");
  refuses(with(R"({"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{}}}]})", two_tools), "immediately after a function call turn");
  BOOST_TEST(say(with(history + R"(,{"role":"user","parts":[{"functionResponse":{"name":"get_weather","response":{"a":1}}},{"function_response":{"name":"get_stock","response":{}}}]})", two_tools)).status == 200);
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_named_and_both_spellings_are_known) {
  refuses(with(hello, R"("max_tokens":3)"), "Unknown name \"max_tokens\": Cannot find field.");
  refuses(with(hello, R"("generationConfig":{"max_tokens":3})"), "Unknown name \"max_tokens\" at 'generation_config': Cannot find field.");
  refuses(with(R"({"role":"user","parts":[{"type":"text","text":"x"}]})"), "Unknown name \"type\" at 'contents[0].parts[0]': Cannot find field.");
  refuses(with(hello, R"("tools":[{"functionDeclarations":[{"name":"a","parameters":{"type":"object","properties":{"b":{"type":"object","additionalProperties":false}}}}]}])"),
          "Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters.properties[0].value': Cannot find field.");
  refuses(with(hello, R"("tools":[{"functionDeclarations":[{"name":"a","parameters":{"type":["string","null"]}}]}])"), "Proto field is not repeating, cannot start list.");
  const json::value v = body_of(say(with(hello, R"("generation_config":{"max_output_tokens":2,"stop_sequences":["zzz"]})")));
  BOOST_TEST(text(v.at("candidates").at(0).at("finishReason")) == "MAX_TOKENS");
  const json::value detail = body_of(say(with(hello, R"("x":3)"))).at("error").at("details").at(0);
  BOOST_TEST(text(detail.at("@type")) == "type.googleapis.com/google.rpc.BadRequest");
}

BOOST_AUTO_TEST_CASE(wrong_requests_are_refused_as_the_real_api_refuses_them) {
  refuses("[]", "Expected an object");
  refuses("{}", "contents is not specified");
  refuses(with(R"({"role":"user","parts":[]})"), "must not be empty");
  refuses(with(R"({"role":"assistant","parts":[{"text":"x"}]})"), "Please use a valid role: user, model.");
  refuses(with(R"({"role":"user","parts":[{}]})"), "required oneof field 'data'");
  refuses(with(R"({"role":"user","parts":[{"text":3}]})"), "Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 3");
  refuses(with(R"({"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"data:image/png;base64,x"}}]})"), "Base64 decoding failed");
  refuses(with(hello, R"("generationConfig":{"temperature":2.5})"), "[0.0, 2.0]");
  refuses(with(hello, R"("generationConfig":{"stopSequences":["1","2","3","4","5","6"]})"), "must not exceed 5");
  refuses(with(hello, R"("generationConfig":{"responseSchema":{"type":"OBJECT"}})"), "requires response_mime_type");
  refuses(with(hello, R"("generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"ARRAY"}})"), "items: missing field.");
  refuses(with(hello, R"("generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"INTEGER","enum":["1"]}})"), "enum: only allowed for STRING type");
  refuses(with(hello, std::string(two_tools) + R"(,"generationConfig":{"responseMimeType":"application/json"})"), "is unsupported");
  refuses(with(hello, R"("tools":[{"functionDeclarations":[{"name":"1 bad"}]}])"), "Invalid function name");
  refuses(with(hello, R"("toolConfig":{"functionCallingConfig":{"mode":"ANY"}})"), "without function_declarations");
  refuses(with(hello, std::string(two_tools) + R"(,"toolConfig":{"functionCallingConfig":{"mode":"AUTO","allowedFunctionNames":["get_stock"]}})"), "should only be set when");
  refuses(with(R"({"role":"model","parts":[{"functionCall":{"name":"a","args":"{}"}}]})"), "google.protobuf.Struct");
}

BOOST_AUTO_TEST_CASE(structured_output_fits_either_schema) {
  for (const char* config : {R"({"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","required":["days"],"properties":{"days":{"type":"INTEGER"}}}})",
                             R"({"responseMimeType":"application/json","responseJsonSchema":{"type":"object","required":["days"],"properties":{"days":{"type":"integer"}},"additionalProperties":false}})"}) {
    const json::value v = body_of(say(with(hello, R"("generationConfig":)" + std::string(config))));
    BOOST_TEST(json::parse(text(v.at("candidates").at(0).at("content").at("parts").at(0).at("text"))).at("days").is_int64());
  }
}

BOOST_AUTO_TEST_CASE(tokens_are_counted_for_contents_and_whole_requests) {
  const auto count = [](std::string_view body) { return body_of(ask({.path = "/v1beta/models/m:countTokens", .body = body})).at("totalTokens").to_number<int>(); };
  BOOST_TEST(count(with(hello)) == 2);
  BOOST_TEST(count(R"({"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"parts":[{"text":"Hello signals"}]}]}})") == 5);
}

BOOST_AUTO_TEST_CASE(embeddings_come_one_by_one_and_in_batches) {
  const json::value one = body_of(ask({.path = "/v1beta/models/e:embedContent", .body = R"({"content":{"parts":[{"text":"red train"}]},"outputDimensionality":8})"}));
  BOOST_TEST(one.at("embedding").at("values").as_array().size() == 8u);
  const json::value two = body_of(ask({.path = "/v1beta/models/e:batchEmbedContents", .body = R"({"requests":[{"model":"models/e","content":{"parts":[{"text":"red train"}]},"outputDimensionality":8},
    {"model":"models/e","content":{"parts":[{"text":"blue boat"}]}}]})"}));
  BOOST_TEST(json::serialize(two.at("embeddings").at(0)) == json::serialize(one.at("embedding")));
  BOOST_TEST(two.at("embeddings").at(1).at("values").as_array().size() == 768u);
  BOOST_TEST(ask({.path = "/v1beta/models/e:batchEmbedContents", .body = R"({"requests":[{"model":"e","content":{"parts":[{"text":"x"}]}}]})"}).status == 400);
}

BOOST_AUTO_TEST_CASE(vertex_speaks_the_same_and_knows_more_fields) {
  BOOST_TEST(say(with(hello, R"("labels":{"a":"b"})"), vertex).status == 200);
  refuses(with(hello, R"("labels":{"a":"b"})"), "Unknown name \"labels\"");
  BOOST_TEST(say(with(hello), vertex).model == "gemini-2.5-flash");
}

BOOST_AUTO_TEST_CASE(models_are_listed_and_unknown_ones_are_404) {
  BOOST_TEST(text(body_of(ask({.path = "/v1beta/models", .method = "GET"})).at("models").at(0).at("name")) == "models/small");
  BOOST_TEST(ask({.path = "/v1beta/models/small", .method = "GET"}).status == 200);
  BOOST_TEST(text(body_of(ask({.path = "/v1beta/models/ghost", .method = "GET"})).at("error").at("status")) == "NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(keys_come_by_header_or_query_and_vertex_wants_a_token) {
  static const sy::model_list models;
  const auto admit = [&](std::string_view path, std::vector<switchyard::header> headers, std::string_view query, const sy::key_ring& keys = sy::key_ring()) {
    const sy::call asked{"POST", path, "{}", models, now, query, headers};
    const auto refused = sy::find_route(asked).spoken->admit(asked, keys);
    return refused ? refused->status : 200;
  };
  BOOST_TEST(admit(generate, {}, "") == 403);
  BOOST_TEST(admit(generate, {{"x-goog-api-key", "k"}}, "") == 200);
  BOOST_TEST(admit(generate, {}, "alt=sse&key=k%2B") == 200);
  BOOST_TEST(admit(generate, {}, "key=k%2B", sy::key_ring({"k+"})) == 200);
  BOOST_TEST(admit(generate, {{"x-goog-api-key", "k"}}, "", sy::key_ring({"other"})) == 400);
  BOOST_TEST(admit(vertex, {}, "") == 401);
  BOOST_TEST(admit(vertex, {{"authorization", "Bearer t"}}, "", sy::key_ring({"t"})) == 200);
}

BOOST_AUTO_TEST_SUITE_END()
