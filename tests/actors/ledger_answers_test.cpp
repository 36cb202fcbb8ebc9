// What the admin API says of the ledger: times are read as people write them, pages join without a seam.
#include "actors/ledger_answers.hpp"
#include "tests/actors/small_world.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(ledger_answers)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;

namespace {

boost::json::object body_of(const admin_answer& answer) { return boost::json::parse(answer.body).as_object(); }

std::shared_ptr<const routing::key_entry> entry_at(const std::string& provider) {
  auto entry = std::make_shared<routing::key_entry>();
  entry->provider = provider;
  entry->config = key_named(provider + "-key", 1);
  entry->state = std::make_shared<routing::key_state>(1, 1.0, 0, 0);
  return entry;
}

std::shared_ptr<ledger_writer> filled(int requests) {
  auto writer = ledger_writer::in_memory("yard-test");
  for (int i = 0; i < requests; ++i)
    account(*writer, request({attempt(entry_at("a"), routing::call_result::server_error), attempt(entry_at("b"), routing::call_result::ok)}, static_cast<std::uint8_t>(i)));
  return writer;
}

}  // namespace

BOOST_AUTO_TEST_CASE(times_are_read_as_people_write_them) {
  constexpr std::int64_t noon = 1'764'158'400;     // 2025-11-26T12:00:00Z
  BOOST_TEST(parse_time("2025-11-26T12:00:00Z").value() == noon * 1'000'000);
  BOOST_TEST(parse_time("2025-11-26T12:00Z").value() == noon * 1'000'000);
  BOOST_TEST(parse_time("2025-11-26 12:00:00").value() == noon * 1'000'000);
  BOOST_TEST(parse_time("2025-11-26T12:00:00.25Z").value() == noon * 1'000'000 + 250'000);
  BOOST_TEST(parse_time("2025-11-26T14:00:00+02:00").value() == noon * 1'000'000);
  BOOST_TEST(parse_time("2025-11-26T14:00:00 02:00").value() == noon * 1'000'000);   // a plus as a query shows it
  BOOST_TEST(parse_time("2025-11-26").value() == (noon - 43'200) * 1'000'000);
  BOOST_TEST(parse_time("1764158400").value() == noon * 1'000'000);
  for (const auto* wrong : {"", "yesterday", "2025-13-01", "2025-11-26T", "2025-11-26T25:00:00Z", "2025-11-26T12:00:00ZZ", "-5", "2025-11-26T12:00:00+2"})
    BOOST_TEST(!parse_time(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(a_request_counts_where_it_was_answered_and_every_attempt_counts) {
  const auto writer = filled(2);
  const auto body = body_of(spend_answer(*writer, "by=provider"));
  BOOST_TEST(body.at("total").at("requests").to_number<int>() == 2);
  BOOST_TEST(body.at("total").at("attempts").to_number<int>() == 4);
  BOOST_TEST(text(body.at("total").at("cost_usd")) == "0.000900000");
  BOOST_TEST(text(body.at("groups").at(0).at("name")) == "a");
  BOOST_TEST(body.at("groups").at(0).at("requests").to_number<int>() == 0);
  BOOST_TEST(body.at("groups").at(1).at("requests").to_number<int>() == 2);
}

BOOST_AUTO_TEST_CASE(spend_of_another_time_is_nothing) {
  const auto writer = filled(1);
  const auto body = body_of(spend_answer(*writer, "by=model&to=2020-01-01"));
  BOOST_TEST(body.at("total").at("attempts").to_number<int>() == 0);
  BOOST_TEST(body.at("groups").as_array().empty());
  BOOST_TEST(spend_answer(*writer, "from=soon").status == 400);
  BOOST_TEST(spend_answer(*writer, "from=2025-01-02&to=2025-01-01").status == 400);
  BOOST_TEST(spend_answer(*writer, "by=colour").status == 400);
}

BOOST_AUTO_TEST_CASE(pages_join_without_a_seam) {
  const auto writer = filled(5);
  const auto whole = text(body_of(ledger_page_answer(*writer, "")).at("rows"));
  std::string joined, after;
  for (int pages = 0; pages < 20; ++pages) {
    const auto page = body_of(ledger_page_answer(*writer, "limit=3&after=" + after));
    joined += text(page.at("rows"));
    if (!page.contains("next")) break;
    after = text(page.at("next"));
  }
  BOOST_TEST(joined == whole);
  BOOST_TEST(std::count(whole.begin(), whole.end(), '\n') == 10);
  for (const auto* wrong : {"limit=0", "limit=99999", "after=xyz", "format=xml"}) BOOST_TEST(ledger_page_answer(*writer, wrong).status == 400, wrong);
  BOOST_TEST(text(body_of(ledger_page_answer(*writer, "format=csv")).at("head")).starts_with("id,request_id"));
}

BOOST_AUTO_TEST_CASE(a_check_tells_when_it_is_done) {
  const auto writer = filled(3);
  ledger_check check;
  BOOST_TEST(text(body_of(check.tell()).at("state")) == "none");
  auto answer = check.begin(writer);
  const auto give_up = steady_now() + deadline;
  while (text(body_of(answer).at("state")) != "done" && steady_now() < give_up) answer = check.tell();
  const auto body = body_of(answer);
  BOOST_TEST(body.at("ok").as_bool());
  BOOST_TEST(body.at("rows").to_number<int>() == 6);
}

BOOST_AUTO_TEST_CASE(a_backup_needs_a_folder_by_its_whole_name) {
  const auto writer = filled(1);
  for (const auto* wrong : {"", "{}", R"({"dir": "relative"})", R"({"dir": 5})"}) BOOST_TEST(backup_answer(*writer, wrong).status == 400, wrong);
}

BOOST_AUTO_TEST_SUITE_END()
