#include "providers/answer_text.hpp"

#include "providers/bedrock/event_stream.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(answer_texts)

using namespace switchyard::providers;

BOOST_AUTO_TEST_CASE(a_whole_answers_text_is_unescaped) {
  BOOST_TEST(answer_text(R"({"id":"x","model":"m","choices":[{"message":{"role":"assistant","content":"a\n\u00fc"},"finish_reason":"stop"}]})", answer_bytes::json) ==
             "a\n\xc3\xbc");
}

BOOST_AUTO_TEST_CASE(a_streams_pieces_are_joined) {
  BOOST_TEST(answer_text("data: {\"choices\":[{\"delta\":{\"content\":\"bob@exa\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"mple.com\"}}]}\n\ndata: [DONE]\n\n",
                         answer_bytes::json) == "bob@example.com");
}

BOOST_AUTO_TEST_CASE(frames_are_opened) {
  std::string stream;
  for (const auto* text : {"bob@exa", "mple.com"}) {
    frame_writer frame(stream, "event", "contentBlockDelta");
    stream += R"({"contentBlockIndex":0,"delta":{"text":")" + std::string(text) + "\"}}";
    frame.end();
  }
  BOOST_TEST(answer_text(stream, answer_bytes::frames) == "bob@example.com");
}

BOOST_AUTO_TEST_CASE(no_more_than_a_mebibyte_is_looked_at) {
  BOOST_TEST(answer_text("{\"text\":\"" + std::string(3u << 20, 'x') + "\"}", answer_bytes::json).size() == most_answer_text);
}

BOOST_AUTO_TEST_SUITE_END()
