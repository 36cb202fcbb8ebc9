#include "web/index_html.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <regex>

BOOST_AUTO_TEST_SUITE(web)

BOOST_AUTO_TEST_CASE(the_embedded_page_is_the_file) {
  std::ifstream file(SWITCHYARD_SOURCE_DIR "/web/index.html", std::ios::binary);
  const std::string wanted(std::istreambuf_iterator<char>(file), {});
  BOOST_TEST(!wanted.empty());
  BOOST_TEST((switchyard::web_index_html == wanted));
}

BOOST_AUTO_TEST_CASE(the_page_fetches_nothing_from_elsewhere_and_runs_under_its_policy) {
  const std::string page(switchyard::web_index_html);
  for (const auto* forbidden : {"https?://", "src\\s*=", "innerHTML", "outerHTML", "insertAdjacent", "document\\.write", "eval\\(",
                                "<[^>]+\\son\\w+\\s*=", "<[^>]+\\sstyle\\s*=", "@import", "url\\("})
    BOOST_TEST(!std::regex_search(page, std::regex(forbidden)), forbidden);
}

BOOST_AUTO_TEST_CASE(the_policy_names_script_and_style_by_hash) {
  const auto& policy = switchyard::web_index_content_policy();
  BOOST_TEST(policy.starts_with("default-src 'none'; script-src 'sha256-"));
  BOOST_TEST(policy.find("style-src 'sha256-") != std::string::npos);
  BOOST_TEST(policy.find("unsafe") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
