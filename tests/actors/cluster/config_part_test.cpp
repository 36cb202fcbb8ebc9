#include "actors/cluster/config_part.hpp"

#include "tests/actors/cluster/part_yard.hpp"

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using namespace std::chrono_literals;
using kind = config_verdict::kind;

BOOST_TEST_DONT_PRINT_LOG_VALUE(switchyard::actors::config_verdict::kind)

BOOST_AUTO_TEST_SUITE(config_part_)

namespace {

std::string cache_of(int entries) { return "cache: {max_entries: " + std::to_string(entries) + "}\n"; }

/// A node that puts configs into force at once, unless it cannot.
struct config_node {
  explicit config_node(const std::string& name, const std::string& file) : part(board, around(name, file)) { own.node.name = name; }
  config_part::surroundings around(const std::string& name, const std::string& file) {
    config_part::surroundings out;
    out.env = [this](const std::string& variable) { return variables.contains(variable) ? std::optional(std::string("set")) : std::nullopt; };
    out.own = [this] { return own; };
    out.file_text = file;
    out.apply = [this](const config::config& next, const std::function<void(outcome)>& then) {
      if (starting) return false;
      if (refuses) {
        then(client_error(error_code::invalid_request, "route auto: no such model"));
        return true;
      }
      in_force = next;
      ++applied;
      then(done{});
      return true;
    };
    out.tell = [this, name](std::string_view what, const std::string&) { told.push_back(name + " " + std::string(what)); };
    return out;
  }

  std::set<std::string> variables = {"KEY"};
  config::config own;
  config::config in_force;
  int applied = 0;
  bool refuses = false, starting = false;
  std::vector<std::string> told;
  std::shared_ptr<cluster_board> board = std::make_shared<cluster_board>();
  config_part part;
};

struct config_yard : part_yard {
  explicit config_yard(const std::string& file = cache_of(1)) : part_yard({"a", "b", "c"}) {
    for (const auto* name : {"a", "b", "c"}) {
      nodes[name] = std::make_unique<config_node>(name, file);
      add(name, nodes[name]->part);
    }
    run_for(100ms);
  }
  config_node& at(const std::string& name) { return *nodes.at(name); }
  config_verdict propose(const std::string& node, const std::string& text, config_proposal::origin from = config_proposal::origin::admin, const std::string& if_version = {}) {
    auto verdict = begin(node, text, from, if_version);
    for (int i = 0; i < 600 && !*verdict; ++i) run_for(20ms);
    BOOST_REQUIRE_MESSAGE(*verdict, "no verdict");
    return **verdict;
  }
  std::shared_ptr<std::optional<config_verdict>> begin(const std::string& node, const std::string& text, config_proposal::origin from, const std::string& if_version = {}) {
    auto verdict = std::make_shared<std::optional<config_verdict>>();
    BOOST_TEST(at(node).board->configs.put({from, text, if_version, [verdict](config_verdict how) {
                                              BOOST_TEST(!*verdict);
                                              *verdict = std::move(how);
                                            }}));
    return verdict;
  }
  std::map<std::string, std::unique_ptr<config_node>> nodes;
};

constexpr auto file = config_proposal::origin::file;

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_applied_on_one_node_is_in_force_on_all_with_each_nodes_own_sections) {
  config_yard yard;
  BOOST_TEST(yard.at("a").applied == 0);
  const auto how = yard.propose("b", "node: {name: x}\nserver: {threads: 9}\n" + cache_of(7));
  BOOST_TEST(how.what == kind::in_force);
  BOOST_TEST(how.version.starts_with("1-"));
  yard.run_for(100ms);
  for (const auto* name : {"a", "b", "c"}) {
    BOOST_TEST(yard.at(name).in_force.cache.max_entries == 7u);
    BOOST_TEST(yard.at(name).in_force.node.name == name);
    BOOST_TEST(yard.at(name).in_force.server.threads == 0);
    BOOST_TEST(yard.at(name).applied == 1);
    BOOST_TEST(yard.at(name).board->config_version() == how.version);
  }
}

BOOST_AUTO_TEST_CASE(a_text_with_a_mistake_is_refused_with_its_place_and_changes_nothing) {
  config_yard yard;
  const auto how = yard.propose("a", "cache:\n  max_entriez: 7\n");
  BOOST_TEST(how.what == kind::refused);
  BOOST_TEST(how.why.find("config:2:3: cache.max_entriez: unknown key") == 0u);
  yard.run_for(2s);
  for (const auto* name : {"a", "b", "c"}) BOOST_TEST(yard.at(name).applied == 0);
}

BOOST_AUTO_TEST_CASE(a_node_that_lacks_a_secret_refuses_for_all_and_says_who_and_where) {
  config_yard yard;
  yard.at("c").variables.clear();
  const auto how = yard.propose("a", "providers:\n  openai:\n    keys: [{name: one, value: env.KEY}]\n");
  BOOST_TEST(how.what == kind::refused);
  BOOST_TEST(how.why.find("c: config:3:") == 0u);
  for (const auto* name : {"a", "b", "c"}) BOOST_TEST(yard.at(name).applied == 0);
}

BOOST_AUTO_TEST_CASE(a_minority_refuses) {
  config_yard yard;
  yard.cut = {"a"};
  const auto how = yard.propose("a", cache_of(7));
  BOOST_TEST(how.what == kind::unavailable);
  BOOST_TEST(how.why.find("needs a majority of 3") != how.why.npos);
  BOOST_TEST(yard.propose("b", cache_of(8)).what == kind::in_force);
  yard.cut = {};
  yard.run_for(4s);
  BOOST_TEST(yard.at("a").in_force.cache.max_entries == 8u);
}

BOOST_AUTO_TEST_CASE(if_match_names_what_is_replaced) {
  config_yard yard;
  const auto first = yard.propose("a", cache_of(7), config_proposal::origin::admin, "0");
  BOOST_TEST(first.what == kind::in_force);
  yard.run_for(100ms);
  const auto late = yard.propose("b", cache_of(8), config_proposal::origin::admin, "0");
  BOOST_TEST(late.what == kind::conflict);
  BOOST_TEST(late.version == first.version);
  BOOST_TEST(yard.propose("b", cache_of(8), config_proposal::origin::admin, first.version).what == kind::in_force);
}

BOOST_AUTO_TEST_CASE(a_node_that_cannot_apply_what_was_committed_says_so_and_keeps_the_old_one) {
  config_yard yard;
  yard.at("c").refuses = true;
  BOOST_TEST(yard.propose("a", cache_of(7)).what == kind::in_force);
  yard.run_for(100ms);
  BOOST_TEST(yard.at("c").part.problem() == "route auto: no such model");
  BOOST_TEST((yard.at("c").told == std::vector<std::string>{"c not_applied"}));
  BOOST_TEST(yard.at("c").board->config_version() == "0");
  BOOST_TEST(yard.at("c").board->config_problem() == "route auto: no such model");
  BOOST_TEST(yard.at("a").board->config_problem() == "");
  yard.at("c").refuses = false;
  BOOST_TEST(yard.propose("b", cache_of(9)).what == kind::in_force);
  yard.run_for(100ms);
  BOOST_TEST(yard.at("c").part.problem().empty());
  BOOST_TEST(yard.at("c").board->config_problem() == "");
  BOOST_TEST(yard.at("c").in_force.cache.max_entries == 9u);
}

BOOST_AUTO_TEST_CASE(the_coordinator_itself_may_be_the_one_that_cannot) {
  config_yard yard;
  yard.at("a").refuses = true;
  const auto how = yard.propose("a", cache_of(7));
  BOOST_TEST(how.what == kind::refused);
  BOOST_TEST(how.why.find("the cluster has committed it") == 0u);
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_committed_text_goes_before_the_file) {
  config_yard yard;
  BOOST_TEST(yard.propose("a", cache_of(7)).what == kind::in_force);
  yard.run_for(100ms);
  yard.nodes["b"] = std::make_unique<config_node>("b", cache_of(1));
  yard.at("b").starting = true;
  yard.add("b", yard.at("b").part);
  yard.run_for(200ms);
  BOOST_TEST(yard.at("b").applied == 0);
  yard.at("b").starting = false;
  yard.run_for(40ms);
  BOOST_TEST(yard.at("b").in_force.cache.max_entries == 7u);
  // A file that says the same is not applied a second time.
  yard.nodes["c"] = std::make_unique<config_node>("c", "# as committed\ncache:\n  max_entries: 7\n");
  yard.add("c", yard.at("c").part);
  yard.run_for(40ms);
  BOOST_TEST(yard.at("c").applied == 0);
  BOOST_TEST(yard.at("c").board->config_version().starts_with("1-"));
}

BOOST_AUTO_TEST_CASE(a_file_that_changed_is_proposed_to_all_and_one_that_did_not_only_gives_its_own_sections) {
  config_yard yard;
  yard.at("a").own.server.request_timeout = 9s;
  BOOST_TEST(yard.propose("a", "# new words\nserver: {request_timeout: 9s}\n" + cache_of(1), file).what == kind::in_force);
  BOOST_TEST(yard.at("a").applied == 1);
  BOOST_TEST((yard.at("a").in_force.server.request_timeout == 9s));
  BOOST_TEST(yard.at("b").applied == 0);
  BOOST_TEST(yard.propose("a", cache_of(5), file).what == kind::in_force);
  yard.run_for(100ms);
  for (const auto* name : {"a", "b", "c"}) BOOST_TEST(yard.at(name).in_force.cache.max_entries == 5u);
  BOOST_TEST((yard.at("a").in_force.server.request_timeout == 9s));
}

BOOST_AUTO_TEST_CASE(a_new_file_on_all_nodes_and_sighup_to_all_at_once_ends_well_everywhere) {
  config_yard yard;
  std::vector<std::shared_ptr<std::optional<config_verdict>>> verdicts;
  for (const auto* name : {"a", "b", "c"}) verdicts.push_back(yard.begin(name, cache_of(5), file));
  yard.run_for(3s);
  for (const auto& verdict : verdicts) {
    BOOST_REQUIRE(verdict->has_value());
    BOOST_TEST((*verdict)->what == kind::in_force, (*verdict)->why);
  }
  for (const auto* name : {"a", "b", "c"}) BOOST_TEST(yard.at(name).in_force.cache.max_entries == 5u);
}

BOOST_AUTO_TEST_CASE(a_node_without_a_file_takes_what_its_environment_gives_until_something_is_committed) {
  config_yard yard("");
  yard.at("a").own.cache.max_entries = 3;
  BOOST_TEST(yard.propose("a", "", file).what == kind::in_force);
  BOOST_TEST(yard.at("a").in_force.cache.max_entries == 3u);
  BOOST_TEST(yard.propose("b", cache_of(7)).what == kind::in_force);
  yard.run_for(100ms);
  BOOST_TEST(yard.at("a").in_force.cache.max_entries == 7u);
  BOOST_TEST(yard.propose("a", "", file).what == kind::in_force);
  BOOST_TEST(yard.at("a").in_force.cache.max_entries == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
