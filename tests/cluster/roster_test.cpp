// Who belongs to the cluster: O1 to O4 of cluster/roster.hpp.
#include "cluster/roster.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

BOOST_AUTO_TEST_SUITE(rosters)

using namespace switchyard;
using namespace switchyard::cluster;

namespace {

using names_list = std::vector<node_name>;

roster::options of(const node_name& self, std::vector<dial_target> seeds = {}, std::vector<node_name> configured = {}) {
  return {{self, 5, "10.0.0.1:8082", "0.1.0"}, std::move(configured), std::move(seeds)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(configured_nodes_are_all_there_is) {
  roster r(of("a", {{"10.0.0.2", 8082, ""}}, {"a", "b", "c"}));
  BOOST_TEST(r.names() == (names_list{"a", "b", "c"}), boost::test_tools::per_element());
  BOOST_CHECK(r.met("b", 1, "10.0.0.2") == roster::verdict::known);
  BOOST_CHECK(r.met("x", 1, "10.0.0.9") == roster::verdict::full);
  BOOST_TEST(!r.heard("b", {{{"b", 1, "", ""}, {"y", 1, "10.0.0.8:1", ""}}, {}}));
  BOOST_TEST(r.names().size() == 3u);
}

BOOST_AUTO_TEST_CASE(seeds_count_before_their_names_are_known) {
  roster r(of("a", {{"10.0.0.1", 8082, ""}, {"10.0.0.2", 8082, ""}, {"10.0.0.3", 8082, ""}}));
  const auto names = r.names();
  BOOST_TEST(names.size() == 3u);                            // its own address is one of the seeds
  BOOST_TEST(std::count_if(names.begin(), names.end(), roster::is_placeholder) == 2);
  BOOST_CHECK(r.met("b", 1, "10.0.0.2") == roster::verdict::added);
  BOOST_CHECK(r.met("c", 1, "10.0.0.3") == roster::verdict::added);
  BOOST_TEST(r.names() == (names_list{"a", "b", "c"}), boost::test_tools::per_element());
  roster joining(of("a", {{"10.0.0.2", 8082, ""}}));
  BOOST_TEST(joining.names().size() == 2u);                  // it is not: itself and that one
}

BOOST_AUTO_TEST_CASE(nodes_are_learned_from_each_other_up_to_nine) {
  roster r(of("a"));
  BOOST_CHECK(r.met("b", 1, "10.0.0.2") == roster::verdict::added);
  introductions said{{{"b", 1, "0.0.0.0:9", "0.1.0"}, {"c", 2, "10.0.0.3:8082", "0.1.0"}}, {}};
  BOOST_TEST(r.heard("b", said));
  BOOST_TEST(!r.heard("b", said));
  const auto targets = r.targets();
  BOOST_REQUIRE(targets.size() == 2u);
  BOOST_CHECK((targets[0] == dial_target{"10.0.0.2", 9, "b"}));   // as seen from here
  BOOST_CHECK((targets[1] == dial_target{"10.0.0.3", 8082, "c"}));
  for (int i = 0; i < 20; ++i) (void)r.met("n" + std::to_string(i), 1, "10.0.1.1");
  BOOST_TEST(r.names().size() == 9u);
  BOOST_CHECK(r.met("late", 1, "10.0.1.2") == roster::verdict::full);
}

BOOST_AUTO_TEST_CASE(a_nodes_own_word_of_itself_holds_against_others) {
  roster r(of("a"));
  (void)r.met("b", 7, "10.0.0.2");
  (void)r.heard("b", {{{"b", 7, "10.0.0.2:1", "0.2.0"}}, {}});
  BOOST_TEST(!r.heard("c", {{{"b", 7, "10.9.9.9:1", "0.1.0"}}, {}}));
  BOOST_TEST(r.others().at("b").address == "10.0.0.2:1");
  BOOST_TEST(r.heard("c", {{{"b", 8, "10.9.9.9:1", "0.2.0"}}, {}}));   // it moved
  BOOST_TEST(r.others().at("b").address == "10.9.9.9:1");
}

BOOST_AUTO_TEST_CASE(a_forgotten_node_comes_back_with_a_higher_incarnation_only) {
  roster r(of("a")), other(of("c"));
  (void)r.met("b", 7, "10.0.0.2");
  (void)other.met("b", 7, "10.0.0.2");
  (void)other.met("a", 5, "10.0.0.1");
  BOOST_TEST(!r.forget("nobody", 1));
  BOOST_TEST(!r.forget("a", 1));
  BOOST_TEST(r.forget("b", 7));
  BOOST_TEST(r.names() == (names_list{"a"}), boost::test_tools::per_element());
  BOOST_CHECK(r.met("b", 7, "10.0.0.2") == roster::verdict::forgotten);
  BOOST_TEST(other.heard("a", r.introduce()));
  BOOST_TEST(other.names() == (names_list{"a", "c"}), boost::test_tools::per_element());
  BOOST_TEST(!other.heard("d", {{{"b", 7, "10.0.0.2:1", ""}}, {}}));
  BOOST_CHECK(r.met("b", 8, "10.0.0.2") == roster::verdict::added);
  BOOST_TEST(other.heard("a", r.introduce()));
  BOOST_TEST(other.names() == (names_list{"a", "b", "c"}), boost::test_tools::per_element());
  BOOST_TEST(!r.heard("x", {{}, {{"b", 7}}}));               // an old word does not put it out again
  BOOST_TEST(r.names().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_node_hears_that_it_was_forgotten) {
  roster r(of("b"));
  (void)r.met("a", 1, "10.0.0.1");
  BOOST_TEST(!r.self_forgotten());
  (void)r.heard("a", {{{"a", 1, "", ""}}, {{"b", 5}}});
  BOOST_TEST(r.self_forgotten());
  r.set_incarnation(6);
  BOOST_TEST(!r.self_forgotten());
}

BOOST_AUTO_TEST_CASE(what_was_written_is_there_after_a_start) {
  roster r(of("a"));
  (void)r.met("b", 7, "10.0.0.2");
  (void)r.met("c", 7, "10.0.0.3");
  (void)r.heard("b", {{{"b", 7, "10.0.0.2:1", "0.2.0"}}, {}});
  BOOST_TEST(r.forget("c", 7));
  roster again(of("a"));
  again.replay(r.record());
  BOOST_TEST(again.names() == (names_list{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(again.others().at("b").address == "10.0.0.2:1");
  BOOST_CHECK(again.met("c", 7, "10.0.0.3") == roster::verdict::forgotten);
  again.replay("garbage");
  BOOST_TEST(again.names().size() == 2u);
  roster with_members(of("a", {}, {"a", "c"}));              // the configuration has the last word but one
  with_members.replay(r.record());
  BOOST_TEST(with_members.names() == (names_list{"a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
