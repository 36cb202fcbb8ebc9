#include "config/virtual_keys.hpp"

#include "config/units.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

BOOST_AUTO_TEST_SUITE(virtual_keys)

using namespace switchyard;
using namespace switchyard::config;

namespace {

virtual_key_config key(std::string name, std::string parent = {}) {
  virtual_key_config out;
  out.name = std::move(name);
  out.parent = std::move(parent);
  return out;
}

std::string problem_of(std::string_view json) {
  const auto read = read_virtual_key(json, {});
  BOOST_TEST_REQUIRE(!read.value.has_value(), json);
  return read.field + ": " + read.problem;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_left_out_stays_and_null_takes_away) {
  const auto first = read_virtual_key(R"({"name":"a","rpm":5,"budget":{"usd":1},"tags":{"x":"y"}})", {});
  BOOST_TEST_REQUIRE(first.value.has_value(), first.problem);
  const auto second = read_virtual_key(R"({"rpm":6,"name":"a"})", *first.value);
  BOOST_TEST_REQUIRE(second.value.has_value(), second.problem);
  BOOST_TEST(second.value->rpm == 6);
  BOOST_TEST(second.value->budget.value().usd == 1);
  const auto third = read_virtual_key(R"({"name":"a","budget":null,"tags":{}})", *second.value);
  BOOST_TEST_REQUIRE(third.value.has_value(), third.problem);
  BOOST_TEST(!third.value->budget.has_value());
  BOOST_TEST(third.value->tags.empty());
}

BOOST_AUTO_TEST_CASE(what_is_shown_reads_as_itself) {
  const auto made = read_virtual_key(R"({"name":"a","rpm":5,"budget":{"usd":1,"period":"day"},"expires":"2027-01-31","models":["openai/*"],"tags":{"x":"y"}})", {});
  BOOST_TEST_REQUIRE(made.value.has_value(), made.problem);
  const auto again = read_virtual_key(to_json(*made.value), {});
  BOOST_TEST_REQUIRE(again.value.has_value(), again.problem);
  BOOST_TEST(to_json(*again.value) == to_json(*made.value));
}

BOOST_AUTO_TEST_CASE(a_wrong_member_is_named_with_what_was_expected) {
  BOOST_TEST(problem_of("{}").starts_with("name: is required"));
  BOOST_TEST(problem_of(R"({"name":"a b"})").starts_with("name: expected a name"));
  BOOST_TEST(problem_of(R"({"name":"a","key":"mine"})").find("the node makes the key") != std::string::npos);
  BOOST_TEST(problem_of(R"({"name":"a","budgett":{}})").find("did you mean 'budget'?") != std::string::npos);
  BOOST_TEST(problem_of(R"({"name":"a","budget":{"usd":-1}})").starts_with("budget.usd: expected a number above 0"));
  BOOST_TEST(problem_of(R"({"name":"a","rpm":"many"})").starts_with("rpm: expected a whole number"));
  BOOST_TEST(problem_of("[1]").find("expected a map") != std::string::npos);
  BOOST_TEST(!problem_of("{\"name\":").empty());
  std::string many = R"({"name":"a","models":["m0")";
  for (std::size_t i = 1; i <= most_listed; ++i) many += ",\"m" + std::to_string(i) + "\"";
  BOOST_TEST(problem_of(many + "]}").starts_with("models: expected a list of at most 256"));
}

BOOST_AUTO_TEST_CASE(patterns_cover_what_they_match) {
  const std::pair<const char*, const char*> covered[] = {{"*", "openai/*"}, {"openai/*", "openai/gpt-4o"}, {"openai/*", "openai/gpt*"}, {"openai/*", "openai/*"},
                                                         {"gpt-4o", "openai/gpt-4o"}, {"gpt-4*", "azure/gpt-4o"}, {"gpt-4*", "gpt-4o"}};
  for (const auto& [outer, inner] : covered) BOOST_TEST(covers(outer, inner), outer << " " << inner);
  const std::pair<const char*, const char*> wider[] = {{"openai/*", "*"}, {"openai/*", "open*"}, {"openai/gpt-4o", "openai/gpt-4o*"}, {"openai/gpt-4o", "gpt-4o"},
                                                       {"gpt-4o", "openai/gpt-4o-mini"}, {"openai/gpt*", "openai/*"}, {"openai/*", "azure/gpt-4o"}};
  for (const auto& [outer, inner] : wider) BOOST_TEST(!covers(outer, inner), outer << " " << inner);
}

// Every way of being wider, alone and under a grandparent, against every way of being as wide or narrower.
BOOST_AUTO_TEST_CASE(no_child_is_wider_than_any_of_its_parents) {
  auto top = key("top");
  top.models = {"openai/gpt-4o", "openai/o4-*"};
  top.routes = {"auto", "cheap"};
  top.rpm = 100;
  top.tpm = 1000;
  top.budget = budget_config{10, budget_period::week, budget_mode::hard};
  top.expires = parse_time("2027-06-01");
  const auto middle = key("middle", "top");
  using change = std::pair<std::string, std::function<void(virtual_key_config&)>>;
  const std::vector<change> wider{
      {"models", [](auto& k) { k.models = {"*"}; }},
      {"models", [](auto& k) { k.models = {"openai/*"}; }},
      {"models", [](auto& k) { k.models = {"openai/gpt-4o", "anthropic/claude"}; }},
      {"models", [](auto& k) { k.models = {"gpt-4o"}; }},
      {"models", [](auto& k) { k.models = {"openai/o4*"}; }},
      {"routes", [](auto& k) { k.routes = {"strong"}; }},
      {"routes", [](auto& k) { k.routes = {"auto", "direct"}; }},
      {"rpm", [](auto& k) { k.rpm = 101; }},
      {"tpm", [](auto& k) { k.tpm = 1001; }},
      {"budget", [](auto& k) { k.budget = budget_config{10.01, budget_period::week, budget_mode::hard}; }},
      {"budget", [](auto& k) { k.budget = budget_config{11, budget_period::hour, budget_mode::hard}; }},
      {"budget", [](auto& k) { k.budget = budget_config{11, budget_period::day, budget_mode::soft}; }},
      {"expires", [](auto& k) { k.expires = parse_time("2027-06-02"); }},
  };
  const std::vector<change> fine{
      {"", [](auto&) {}},
      {"", [](auto& k) { k.models = {"openai/gpt-4o", "openai/o4-mini*"}; }},
      {"", [](auto& k) { k.routes = {"cheap"}; }},
      {"", [](auto& k) { k.rpm = 100, k.tpm = 1; }},
      {"", [](auto& k) { k.budget = budget_config{40, budget_period::month, budget_mode::hard}; }},
      {"", [](auto& k) { k.budget = budget_config{10, budget_period::day, budget_mode::hard}; }},
      {"", [](auto& k) { k.expires = parse_time("2027-05-31"); }},
  };
  const std::map<std::string, const virtual_key_config*> all{{"top", &top}, {"middle", &middle}};
  const key_finder find = [&](const std::string& name) { return all.contains(name) ? all.at(name) : nullptr; };
  for (const auto* parent : {"top", "middle"}) {
    for (const auto& [field, widen] : wider) {
      for (const auto& [none, narrow] : fine) {
        auto child = key("child", parent);
        narrow(child);
        widen(child);
        const auto found = check_parent(child, find);
        BOOST_TEST_REQUIRE(found.has_value(), field << " below " << parent);
        BOOST_TEST(found->field == field);
      }
    }
    for (const auto& [none, narrow] : fine) {
      auto child = key("child", parent);
      narrow(child);
      const auto found = check_parent(child, find);
      BOOST_TEST(!found.has_value(), found->field << ": " << found->message);
    }
  }
}

BOOST_AUTO_TEST_CASE(parents_neither_go_round_nor_down_without_end) {
  std::map<std::string, virtual_key_config> all;
  const key_finder find = [&](const std::string& name) { return all.contains(name) ? &all.at(name) : nullptr; };
  BOOST_TEST(check_parent(key("a", "b"), find).value().message.find("no virtual key 'b'") != std::string::npos);
  all["b"] = key("b", "c");
  all["c"] = key("c", "a");
  BOOST_TEST(check_parent(key("a", "b"), find).value().message.find("cannot be below itself") != std::string::npos);
  all.clear();
  for (int i = 1; i <= deepest_parents; ++i) all["k" + std::to_string(i)] = key("k" + std::to_string(i), i == 1 ? "" : "k" + std::to_string(i - 1));
  BOOST_TEST(!check_parent(key("x", "k" + std::to_string(deepest_parents - 1)), find).has_value());
  BOOST_TEST(check_parent(key("x", "k" + std::to_string(deepest_parents)), find).value().message.find("at most 8 keys") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
