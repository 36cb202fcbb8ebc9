#include "providers/embedding.hpp"
#include "tests/providers/gemini/samples.hpp"

BOOST_AUTO_TEST_SUITE(gemini_embeddings)

using namespace switchyard;
using namespace switchyard::providers;

namespace {

struct rewritten {
  std::string body, dropped, problem;
};

rewritten rewrite(const embedding_dialect& from, const embedding_dialect& to, std::string_view body) {
  neutral::arena texts;
  rewritten out;
  const auto read = from.read_request(body, texts);
  if (!read) return {.body = {}, .dropped = {}, .problem = read.failure().param};
  neutral::dropped_fields dropped;
  const auto written = to.write_request(*read, {.model = "e-1"}, out.body, dropped);
  if (!written) out.problem = written.failure().param;
  out.dropped = dropped.list();
  return out;
}

const embedding_dialect& one() { return gemini_embedding_dialect(); }
const embedding_dialect& batch() { return gemini_batch_embedding_dialect(); }

}  // namespace

BOOST_AUTO_TEST_CASE(requests_survive) {
  const std::string single = R"({"content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING","title":"t","outputDimensionality":8})";
  BOOST_TEST(rewrite(one(), one(), single).body == single);
  const std::string pair = R"({"requests":[{"model":"models/e-1","content":{"parts":[{"text":"a"}]},"taskType":"X"},)"
      R"({"model":"models/e-1","content":{"parts":[{"text":"b"}]},"taskType":"X"}]})";
  BOOST_TEST(rewrite(batch(), batch(), pair).body == pair);
  BOOST_TEST(rewrite(one(), batch(), R"({"content":{"parts":[{"text":"a"},{"text":"\n"},{"text":"c"}]},)"
      R"("embed_content_config":{"task_type":"Y"},"x":1})").body ==
             R"({"requests":[{"model":"models/e-1","content":{"parts":[{"text":"a\nc"}]},"taskType":"Y"}]})");
  BOOST_TEST(rewrite(one(), batch(), R"({"content":{"parts":[{"text":"a"}]},"x":1})").dropped == "x");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_embedded_is_refused_by_name) {
  BOOST_TEST(rewrite(one(), one(), R"({"content":{"parts":[{"inlineData":{}}]}})").problem == "content.parts");
  BOOST_TEST(rewrite(batch(), batch(), R"({"requests":[{"content":{"parts":[{"text":"x"}]}},{}]})").problem == "requests[1].content");
  neutral::embedding_request tokens;
  tokens.inputs = {"[1,2]"};
  std::string body;
  neutral::dropped_fields dropped;
  BOOST_TEST(!batch().write_request(tokens, {.model = "m"}, body, dropped));
}

BOOST_AUTO_TEST_CASE(other_formats_settings_are_mapped_or_dropped_by_name) {
  neutral::embedding_request what;
  what.inputs = {R"("a")"};
  what.input_type = {R"("search_query")", "input_type"};
  what.user = {R"("u")", "user"};
  what.truncation = {R"("END")", "truncate"};
  std::string body;
  neutral::dropped_fields dropped;
  BOOST_REQUIRE(batch().write_request(what, {.model = "m"}, body, dropped));
  BOOST_TEST(body == R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY"}]})");
  BOOST_TEST(dropped.list() == "user,truncate");
}

BOOST_AUTO_TEST_CASE(answers_survive) {
  neutral::arena texts;
  const auto read = batch().read_answer(R"({"embeddings":[{"values":[0.5,-1]},{"values":[2]}],)"
      R"("usageMetadata":{"promptTokenCount":3}})", texts);
  BOOST_REQUIRE(read);
  std::string out;
  batch().write_answer(*read, {}, {}, out);
  BOOST_TEST(out == R"({"embeddings":[{"values":[0.5,-1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}})");
  out.clear();
  one().write_answer(*one().read_answer(R"({"embedding":{"values":[1]}})", texts), {}, {}, out);
  BOOST_TEST(out == R"({"embedding":{"values":[1]}})");
  BOOST_TEST(!one().read_answer(R"({"error":{"code":400}})", texts));
  BOOST_TEST(!one().read_answer("{}", texts));
}

BOOST_AUTO_TEST_CASE(recorded_embeddings_are_read_whole) {
  for (const auto& row : test::google_recordings()) {
    if (row.url.find("mbedContent") == std::string::npos) continue;
    BOOST_TEST_CONTEXT(row.id) {
      neutral::arena texts;
      const auto asked = batch().read_request(row.request, texts);
      BOOST_REQUIRE(asked);
      const auto answer = batch().read_answer(row.response, texts);
      BOOST_REQUIRE(answer);
      BOOST_TEST(answer->vectors.size() == asked->inputs.size());
      json::elements numbers(answer->vectors.at(0));
      std::size_t count = 0;
      for (std::string_view number; numbers.next(number);) ++count;
      BOOST_TEST(count >= 768u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
