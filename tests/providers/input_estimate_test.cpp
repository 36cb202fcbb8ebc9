#include "providers/input_estimate.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace switchyard::providers;

BOOST_AUTO_TEST_SUITE(input_estimate)

BOOST_AUTO_TEST_CASE(text_counts_a_quarter_of_its_bytes) {
  BOOST_TEST(estimate_input_tokens('"' + std::string(400, 'x') + '"') == 100);
  BOOST_TEST(estimate_input_tokens("[{\"role\":\"user\",\"content\":\"" + std::string(396, 'x') + "\"}]") == 100);
}

BOOST_AUTO_TEST_CASE(an_image_counts_the_same_whatever_its_size) {
  const auto with = [](const std::string& url) {
    return estimate_input_tokens(R"([{"content":[{"type":"image_url","image_url":{"url":")" + url + R"("}}]}])");
  };
  BOOST_TEST(with("data:image/png;base64," + std::string(100'000, 'A')) == tokens_per_attachment);
  BOOST_TEST(with("https://example.org/cat.png") == tokens_per_attachment);
  BOOST_TEST(estimate_input_tokens(R"([{"type":"input_image","image_url":"https://example.org/cat.png"}])") == tokens_per_attachment);
  BOOST_TEST(estimate_input_tokens(R"([{"input_audio":{"data":")" + std::string(5000, 'A') + R"("}}])") == tokens_per_attachment);
}

BOOST_AUTO_TEST_CASE(a_link_in_the_text_is_text) {
  BOOST_TEST(estimate_input_tokens(R"([{"content":"https://example.org/"}])") == 5);
}

BOOST_AUTO_TEST_CASE(token_arrays_count_their_numbers) {
  BOOST_TEST(estimate_input_tokens("[1, 22,333]") == 3);
  BOOST_TEST(estimate_input_tokens("[[1,2],[3]]") == 3);
}

BOOST_AUTO_TEST_SUITE_END()
