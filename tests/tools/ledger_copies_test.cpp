#include "tools/switchyardctl/ledger_copies.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(ledger_copies)

using namespace switchyard::ctl;

namespace {

std::vector<copied_ledger> compare(const std::string& rows) { return compare_copies(boost::json::parse(R"({"copies":[)" + rows + "]}")); }

}  // namespace

BOOST_AUTO_TEST_CASE(rows_are_copied_on_their_way_or_without_a_copy) {
  const auto found = compare(R"({"node":"a","of":"a","incarnation":1,"first":1,"last":100,"blocks":{}},
                                {"node":"b","of":"a","incarnation":1,"first":1,"last":40,"blocks":{}},
                                {"node":"c","of":"a","incarnation":1,"first":51,"last":90,"blocks":{}},
                                {"node":"b","of":"b","incarnation":4,"first":5,"last":9,"blocks":{}})");
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].node == "a");
  BOOST_TEST(found[0].rows == 100u);
  BOOST_TEST(found[0].copied == 80u);
  BOOST_TEST(found[0].missing == 10u);
  BOOST_TEST(found[0].waiting == 10u);
  BOOST_TEST(found[1].rows == 5u);
  BOOST_TEST(found[1].waiting == 5u);
}

BOOST_AUTO_TEST_CASE(rows_on_two_nodes_count_once) {
  const auto found = compare(R"({"node":"a","of":"a","incarnation":1,"first":1,"last":100,"blocks":{}},
                                {"node":"b","of":"a","incarnation":1,"first":1,"last":100,"blocks":{}},
                                {"node":"c","of":"a","incarnation":1,"first":20,"last":30,"blocks":{}})");
  BOOST_TEST(found[0].copied == 100u);
  BOOST_TEST(found[0].missing == 0u);
  BOOST_TEST(found[0].waiting == 0u);
}

BOOST_AUTO_TEST_CASE(copies_that_differ_are_named) {
  const auto found = compare(R"({"node":"a","of":"a","incarnation":7,"first":1,"last":130,"blocks":{"1":"x","65":"y"}},
                                {"node":"b","of":"a","incarnation":7,"first":1,"last":130,"blocks":{"1":"x","65":"z"}})");
  BOOST_TEST(found[0].compared == 128u);
  BOOST_REQUIRE(found[0].differing.size() == 1u);
  BOOST_TEST(found[0].differing[0] == "incarnation 7, rows 65 to 128 on b");
}

BOOST_AUTO_TEST_CASE(what_a_node_has_dropped_or_lost_is_no_fault) {
  const auto found = compare(R"({"node":"a","of":"a","incarnation":2,"first":50,"last":60,"blocks":{}},
                                {"node":"b","of":"a","incarnation":1,"first":1,"last":500,"blocks":{}},
                                {"node":"b","of":"a","incarnation":2,"first":1,"last":60,"blocks":{}})");
  BOOST_TEST(found[0].rows == 11u);
  BOOST_TEST(found[0].copied == 11u);
  BOOST_TEST(found[0].missing == 0u);
  BOOST_TEST(found[0].elsewhere == 500u);
}

BOOST_AUTO_TEST_SUITE_END()
