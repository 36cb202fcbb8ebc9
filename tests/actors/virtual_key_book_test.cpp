// What may be done with virtual keys, and what comes of it: no actor, no disk, times given.
#include "actors/virtual_key_book.hpp"

#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(virtual_key_books)

using namespace switchyard;
using namespace switchyard::actors;
using config::budget_period;

namespace {

const wall_time noon = config::parse_time("2026-11-26T12:00:00Z").value();
constexpr nano_usd cent = 10'000'000;

std::string random_bytes(char fill) { return std::string(32, fill); }

std::shared_ptr<config::config> two_declared() {
  auto all = std::make_shared<config::config>();
  config::provider_config openai;
  openai.name = "openai";
  all->providers.push_back(openai);
  config::route_config automatic;
  automatic.name = "auto";
  all->routes.push_back(automatic);
  for (const char* name : {"team", "other"}) {
    config::virtual_key_config key;
    key.name = name;
    key.key = secret(std::string("declared-") + name);
    all->virtual_keys.push_back(key);
  }
  all->virtual_keys[0].budget = config::budget_config{0.1, budget_period::day, config::budget_mode::hard};
  all->virtual_keys[0].models = {"openai/*"};
  return all;
}

struct bench {
  virtual_key_book book{{}, nullptr, [this](const std::string& name, budget_period) { return spent[name]; }};
  std::map<std::string, nano_usd> spent;
  std::shared_ptr<const routing::virtual_key_set> set;

  bench() {
    book.declare(two_declared());
    publish();
  }
  void publish() {
    set = book.compile(nullptr, noon);
    book.enforce(*set, noon);
  }
  virtual_key_book::change take(result<virtual_key_book::change> made) {
    if (!made) BOOST_FAIL(made.failure().param << ": " << made.failure().message);
    book.take(made->key);
    publish();
    return *std::move(made);
  }
  std::string refused(result<virtual_key_book::change> made) {
    BOOST_REQUIRE(!made);
    return std::to_string(http_status(made.failure())) + " " + made.failure().param + ": " + made.failure().message;
  }
};

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_made_key_is_256_random_bits_behind_a_prefix) {
  BOOST_TEST(virtual_key_text(std::string(32, '\0')) == "sy-" + std::string(43, 'A'));
  BOOST_TEST(virtual_key_text(std::string(32, '\xff')) == "sy-" + std::string(42, '_') + "8");
  const auto a = fresh_random_bytes(), b = fresh_random_bytes();
  BOOST_TEST(a.size() == 32u);
  BOOST_TEST(a != b);
}

BOOST_AUTO_TEST_CASE(made_and_declared_keys_stand_side_by_side) {
  bench on;
  const auto made = on.take(on.book.make(R"({"name":"alice","rpm":5})", random_bytes('a'), noon));
  BOOST_TEST(on.set->find(made.shown_once, noon)->config.name == "alice");
  BOOST_TEST(on.set->find("declared-team", noon)->config.name == "team");
  BOOST_TEST(!on.set->named("alice")->declared);
  BOOST_TEST(on.set->named("team")->config.key.empty());   // nothing keeps the value itself
  BOOST_TEST((made.key.digest == sha256(made.shown_once)));
}

BOOST_AUTO_TEST_CASE(names_are_unique_among_all_keys_and_over_time) {
  bench on;
  on.take(on.book.make(R"({"name":"alice"})", random_bytes('a'), noon));
  BOOST_TEST(holds(on.refused(on.book.make(R"({"name":"alice"})", random_bytes('b'), noon)), "409 name: there already is"));
  BOOST_TEST(holds(on.refused(on.book.make(R"({"name":"team"})", random_bytes('b'), noon)), "409 name: there already is"));
  on.take(on.book.revoke("alice", noon));
  BOOST_TEST(holds(on.refused(on.book.make(R"({"name":"alice"})", random_bytes('b'), noon)), "none is used twice"));
}

BOOST_AUTO_TEST_CASE(a_config_that_takes_a_made_keys_name_or_value_is_refused) {
  bench on;
  const auto made = on.take(on.book.make(R"({"name":"alice"})", random_bytes('a'), noon));
  auto next = two_declared();
  BOOST_TEST(!on.book.problem_with(*next).has_value());
  next->virtual_keys[1].name = "alice";
  BOOST_TEST(holds(on.book.problem_with(*next).value(), "'alice' is already the name of a key that the admin API made"));
  next->virtual_keys[1].name = "bob";
  next->virtual_keys[1].key = secret(made.shown_once);
  BOOST_TEST(holds(on.book.problem_with(*next).value(), "'bob' has the value of 'alice'"));
  BOOST_TEST(!holds(on.book.problem_with(*next).value(), made.shown_once));
}

BOOST_AUTO_TEST_CASE(declared_keys_are_changed_in_the_config_only) {
  bench on;
  BOOST_TEST(holds(on.refused(on.book.update("team", "{}", virtual_key_book::body_is::part)), "409 name: virtual key 'team' is declared in the config"));
  BOOST_TEST(holds(on.refused(on.book.revoke("team", noon)), "declared in the config"));
  BOOST_TEST(holds(on.refused(on.book.rotate("team", "", random_bytes('a'), noon)), "declared in the config"));
  BOOST_TEST(holds(on.refused(on.book.revoke("nobody", noon)), "404 name: there is no virtual key 'nobody'"));
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_must_exist) {
  bench on;
  const auto refused = [&](const char* body) { return on.refused(on.book.make(body, random_bytes('a'), noon)); };
  BOOST_TEST(holds(refused(R"({"name":"a","routes":["nope"]})"), "400 routes: no route 'nope'"));
  BOOST_TEST(holds(refused(R"({"name":"a","models":["nope/*"]})"), "400 models: no provider 'nope'"));
  BOOST_TEST(holds(refused(R"({"name":"a","parent":"nope"})"), "400 parent: there is no virtual key 'nope'"));
  BOOST_TEST(holds(refused(R"({"name":"a","expires":"2026-11-26"})"), "400 expires: is in the past"));
  BOOST_TEST(holds(refused(R"({"name":"a","key":"mine"})"), "400 key: "));
  BOOST_TEST(holds(refused("no json"), "400 : "));
}

BOOST_AUTO_TEST_CASE(no_key_is_made_or_made_wider_than_its_parent) {
  bench on;
  BOOST_TEST(holds(on.refused(on.book.make(R"({"name":"a","parent":"team","models":["*"]})", random_bytes('a'), noon)), "400 models: '*' is not among"));
  BOOST_TEST(holds(on.refused(on.book.make(R"({"name":"a","parent":"team","budget":{"usd":0.2,"period":"day"}})", random_bytes('a'), noon)), "400 budget: 0.2 USD a day"));
  on.take(on.book.make(R"({"name":"a","parent":"team","budget":{"usd":0.05,"period":"day"}})", random_bytes('a'), noon));
  BOOST_TEST(holds(on.refused(on.book.update("a", R"({"budget":{"usd":0.2,"period":"hour"}})", virtual_key_book::body_is::part)), "400 budget: "));
  BOOST_TEST(holds(on.refused(on.book.update("a", R"({"parent":"a"})", virtual_key_book::body_is::part)), "400 parent: a key cannot be below itself"));
  on.take(on.book.make(R"({"name":"b","parent":"a"})", random_bytes('b'), noon));
  BOOST_TEST(holds(on.refused(on.book.update("a", R"({"parent":"b"})", virtual_key_book::body_is::part)), "400 parent: a key cannot be below itself"));
  BOOST_TEST((virtual_key_book::parents_of(*on.set) == storage::key_parents{{"a", "team"}, {"b", "a"}}));
}

BOOST_AUTO_TEST_CASE(a_part_changes_what_it_names_and_a_whole_all) {
  bench on;
  on.take(on.book.make(R"({"name":"a","rpm":5,"tags":{"x":"y"}})", random_bytes('a'), noon));
  on.take(on.book.update("a", R"({"tpm":7})", virtual_key_book::body_is::part));
  BOOST_TEST(on.set->named("a")->config.rpm == 5);
  BOOST_TEST(on.set->named("a")->config.tpm == 7);
  on.take(on.book.update("a", R"({"tpm":8})", virtual_key_book::body_is::whole));
  BOOST_TEST(on.set->named("a")->config.rpm == 0);
  BOOST_TEST(on.set->named("a")->config.tags.empty());
  BOOST_TEST(on.set->named("a")->tokens->limit() == 8);
  BOOST_TEST(holds(on.refused(on.book.update("a", R"({"name":"b"})", virtual_key_book::body_is::part)), "400 name: a key keeps its name"));
}

BOOST_AUTO_TEST_CASE(a_rotated_key_has_a_new_value_and_the_old_one_for_as_long_as_was_asked) {
  bench on;
  const auto first = on.take(on.book.make(R"({"name":"a"})", random_bytes('a'), noon));
  const auto second = on.take(on.book.rotate("a", R"({"grace":"1h"})", random_bytes('b'), noon));
  BOOST_TEST(second.shown_once != first.shown_once);
  BOOST_TEST(on.set->find(second.shown_once, noon) != nullptr);
  BOOST_TEST(on.set->find(first.shown_once, noon + std::chrono::minutes(59)) != nullptr);
  BOOST_TEST(on.set->find(first.shown_once, noon + std::chrono::hours(1)) == nullptr);
  const auto third = on.take(on.book.rotate("a", "", random_bytes('c'), noon));   // no grace: at once
  BOOST_TEST(on.set->find(second.shown_once, noon) == nullptr);
  BOOST_TEST(on.set->find(first.shown_once, noon) == nullptr);
  BOOST_TEST(on.set->find(third.shown_once, noon) != nullptr);
  BOOST_TEST(holds(on.refused(on.book.rotate("a", R"({"grace":"soon"})", random_bytes('d'), noon)), "400 grace: expected a duration"));
  BOOST_TEST(holds(on.refused(on.book.rotate("a", R"({"grase":"1h"})", random_bytes('d'), noon)), "400 grase: unknown member"));
}

BOOST_AUTO_TEST_CASE(a_revoked_key_lets_nobody_in_nor_anybody_below_it) {
  bench on;
  const auto a = on.take(on.book.make(R"({"name":"a"})", random_bytes('a'), noon));
  const auto b = on.take(on.book.make(R"({"name":"b","parent":"a"})", random_bytes('b'), noon));
  on.take(on.book.rotate("a", R"({"grace":"1h"})", random_bytes('c'), noon));
  on.take(on.book.revoke("a", noon));
  BOOST_TEST(on.set->find(a.shown_once, noon) == nullptr);
  BOOST_TEST(on.set->find(virtual_key_text(random_bytes('c')), noon) == nullptr);
  BOOST_TEST(holds(on.set->find(b.shown_once, noon)->refusal(noon), "'a' above this API key was revoked"));
  BOOST_TEST(holds(on.refused(on.book.revoke("a", noon)), "409 name: virtual key 'a' was revoked at"));
}

BOOST_AUTO_TEST_CASE(a_parent_that_the_config_no_longer_has_lets_nobody_in) {
  bench on;
  const auto a = on.take(on.book.make(R"({"name":"a","parent":"team"})", random_bytes('a'), noon));
  auto next = two_declared();
  next->virtual_keys.erase(next->virtual_keys.begin());
  on.book.declare(next);
  on.publish();
  BOOST_TEST(!on.set->find(a.shown_once, noon)->refusal(noon).empty());
  on.book.declare(two_declared());
  on.publish();
  BOOST_TEST(on.set->find(a.shown_once, noon)->refusal(noon).empty());
}

BOOST_AUTO_TEST_CASE(limits_and_budgets_are_the_same_objects_over_every_change) {
  bench on;
  on.take(on.book.make(R"({"name":"a","parent":"team","rpm":5,"budget":{"usd":0.05,"period":"day"}})", random_bytes('a'), noon));
  const auto before = on.set->named("a");
  BOOST_REQUIRE(before->budgets.size() == 2u);
  BOOST_TEST((routing::reserve_all(before->budgets, 2 * cent, noon).what == routing::budget::verdict::taken));
  on.take(on.book.update("a", R"({"rpm":6,"budget":{"usd":0.04,"period":"day"}})", virtual_key_book::body_is::part));
  const auto after = on.set->named("a");
  BOOST_TEST(after->requests == before->requests);
  BOOST_TEST(after->requests->limit() == 6);
  BOOST_TEST(after->money == before->money);
  BOOST_TEST(after->money->look(noon).reserved == 2 * cent);
  BOOST_TEST(after->money->look(noon).under.limit == 4 * cent);
  BOOST_TEST(on.set->named("team")->money->look(noon).reserved == 2 * cent);
  // A successor of the one who held the book takes them over from what is published.
  virtual_key_book successor({}, on.set.get(), [](const std::string&, budget_period) { return nano_usd{0}; });
  successor.declare(two_declared());
  BOOST_TEST(successor.compile(nullptr, noon)->named("team")->money == on.set->named("team")->money);
}

BOOST_AUTO_TEST_CASE(a_new_budget_begins_with_what_the_ledger_has) {
  bench on;
  on.spent["a"] = 3 * cent;
  on.take(on.book.make(R"({"name":"a","budget":{"usd":0.05}})", random_bytes('a'), noon));
  BOOST_TEST(on.set->named("a")->money->look(noon).spent == 3 * cent);
  on.spent["a"] = 4 * cent;
  on.take(on.book.update("a", R"({"budget":{"usd":0.05,"period":"total"}})", virtual_key_book::body_is::part));
  BOOST_TEST(on.set->named("a")->money->look(noon).spent == 4 * cent);
}

BOOST_AUTO_TEST_CASE(a_config_that_is_given_up_leaves_limits_as_they_were) {
  bench on;
  auto next = two_declared();
  next->virtual_keys[0].budget->usd = 5;
  (void)on.book.compile(next.get(), noon);
  BOOST_TEST(on.set->named("team")->money->look(noon).under.limit == 10 * cent);
}

BOOST_AUTO_TEST_SUITE_END()
