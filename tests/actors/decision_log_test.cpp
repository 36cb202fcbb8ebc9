#include "actors/decision_log.hpp"

#include "small_world.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(decision_log_suite)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using routing::call_result;

namespace {

std::shared_ptr<const routing::key_entry> entry_named(std::string name) {
  auto entry = std::make_shared<routing::key_entry>();
  entry->config = key_named(std::move(name), 1);
  entry->provider = "openai";
  entry->state = std::make_shared<routing::key_state>(1, 1.0, 0, 0);
  return entry;
}

boost::json::array shown(const decision_log& log, const decision_filter& filter = {}) {
  return boost::json::parse(log.newest(filter)).at("decisions").as_array();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_newest_come_first_and_the_oldest_go) {
  decision_log log(3);
  const auto key = entry_named("one");
  for (std::uint8_t i = 1; i <= 5; ++i) log.add(request({attempt(key, call_result::ok)}, i));
  BOOST_TEST(log.size() == 3u);
  const auto rows = shown(log);
  BOOST_TEST(rows.size() == 3u);
  BOOST_TEST(text(rows.at(0).at("request_id")) == "00000000-0000-0000-0000-000000000005");
  BOOST_TEST(text(rows.at(2).at("request_id")) == "00000000-0000-0000-0000-000000000003");
  request_id gone;
  gone.bytes[15] = 1;
  BOOST_TEST(!log.find(gone).has_value());
  log.keep(1);
  BOOST_TEST(shown(log).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_found_out_of_a_prompt_is_part_of_its_decision) {
  decision_log log(10);
  auto record = request({attempt(entry_named("one"), call_result::ok)});
  auto details = std::make_shared<request_details>();
  details->signals.turns = 1;
  details->stages.push_back({"semantic", "matched", nanoseconds(1500)});
  details->vectors = "timeout";
  record.details = std::move(details);
  log.add(record);
  const auto row = boost::json::parse(*log.find(record.id));
  BOOST_TEST(row.at("signals").at("turns").as_int64() == 1);
  BOOST_TEST(text(row.at("stages").at(0).at("verdict")) == "matched");
  BOOST_TEST(!row.as_object().contains("prompt"));
}

BOOST_AUTO_TEST_CASE(prompts_are_kept_until_they_outgrow_their_room_and_go_with_their_decisions) {
  decision_log log(200);
  auto record = request({attempt(entry_named("one"), call_result::ok)});
  for (int i = 0; i < 100; ++i) {
    record.prompt = std::string(1u << 20, static_cast<char>('a' + i % 26));
    log.add(record);
  }
  record.prompt.clear();
  log.add(record);
  const auto kept = boost::json::parse(log.prompts(1000)).at("prompts").as_array();
  BOOST_TEST(kept.size() == decision_log::most_prompt_bytes >> 20);
  BOOST_TEST(text(kept.at(0).at("prompt")).front() == 'a' + 99 % 26);
  BOOST_TEST(text(kept.at(0).at("target")) == "openai/gpt-4o");
  BOOST_TEST(boost::json::parse(log.prompts(2)).at("prompts").as_array().size() == 2u);
  log.keep(2);
  BOOST_TEST(boost::json::parse(log.prompts(1000)).at("prompts").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_decision_shows_everything_that_was_recorded) {
  decision_log log(10);
  auto record = request({attempt(entry_named("one"), call_result::timeout), attempt(entry_named("two"), call_result::ok)});
  record.virtual_key = "team-a";
  record.stream = true;
  record.first_token = microseconds(25'000);
  log.add(record);
  const auto row = boost::json::parse(*log.find(record.id));
  BOOST_TEST(text(row.at("at")) == "2023-11-14T22:13:20.000Z");
  BOOST_TEST(text(row.at("requested_model")) == "auto");
  BOOST_TEST(text(row.at("provider")) == "openai");
  BOOST_TEST(text(row.at("model")) == "gpt-4o");
  BOOST_TEST(text(row.at("key")) == "two");
  BOOST_TEST(text(row.at("virtual_key")) == "team-a");
  BOOST_TEST(row.at("status").to_number<int>() == 200);
  BOOST_TEST(text(row.at("outcome")) == "ok");
  BOOST_TEST(text(row.at("cost_usd")) == "0.000450000");
  BOOST_TEST(text(row.at("reason")) == record.decision);
  BOOST_TEST(row.at("first_token_us").to_number<int>() == 25'000);
  const auto& attempts = row.at("attempts").as_array();
  BOOST_TEST(attempts.size() == 2u);
  BOOST_TEST(text(attempts.at(0).at("result")) == "timeout");
  BOOST_TEST(text(attempts.at(0).at("problem")) == "it broke");
  BOOST_TEST(text(attempts.at(1).at("key")) == "two");
}

BOOST_AUTO_TEST_CASE(an_unknown_cost_is_null_and_an_unattempted_request_has_no_attempts) {
  decision_log log(10);
  auto record = request({});
  record.cost.reset();
  log.add(record);
  const auto rows = shown(log);
  BOOST_TEST(rows.at(0).at("cost_usd").is_null());
  BOOST_TEST(rows.at(0).at("attempts").as_array().empty());
  BOOST_TEST(text(rows.at(0).at("error_code")) == "upstream_error");
}

BOOST_AUTO_TEST_CASE(filters_narrow_and_the_limit_counts_what_is_shown) {
  decision_log log(100);
  const auto key = entry_named("one");
  for (std::uint8_t i = 0; i < 10; ++i) log.add(request({attempt(key, i % 2 == 0 ? call_result::ok : call_result::server_error)}, i));
  decision_filter filter;
  filter.status = "5xx";
  BOOST_TEST(shown(log, filter).size() == 5u);
  filter.limit = 2;
  BOOST_TEST(shown(log, filter).size() == 2u);
  filter.status = "200";
  filter.model = "openai/gpt-4o";
  filter.limit = 50;
  BOOST_TEST(shown(log, filter).size() == 5u);
  filter.model = "gpt-5";
  BOOST_TEST(shown(log, filter).empty());
  filter.model = "";
  filter.route = "elsewhere";
  BOOST_TEST(shown(log, filter).empty());
}

BOOST_AUTO_TEST_CASE(names_that_clients_invent_do_not_pile_up) {
  decision_log log(10);
  const auto key = entry_named("one");
  for (int i = 0; i < 20'000; ++i) {
    auto record = request({attempt(key, call_result::ok)});
    record.requested_model = "invented-" + std::to_string(i);
    log.add(record);
  }
  BOOST_TEST(log.names() < 5000u);
  BOOST_TEST(text(shown(log).at(0).at("requested_model")) == "invented-19999");
  BOOST_TEST(text(shown(log).at(9).at("requested_model")) == "invented-19990");
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_when_nothing_is_wanted) {
  decision_log log(0);
  log.add(request({}));
  BOOST_TEST(log.size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
