// A node's share in the cluster, driven by hand: fake links, a ledger in memory, time as the test says.
#include "actors/cluster/cluster_node.hpp"

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <set>

BOOST_AUTO_TEST_SUITE(cluster_nodes)

using namespace switchyard;
using namespace switchyard::actors;
using cluster::member_state;

namespace {

class yard;

class fake_links final : public cluster::transport {
 public:
  fake_links(yard& all, cluster::node_name self) : all_(all), self_(std::move(self)) {}
  void send(std::vector<cluster::outgoing> messages) override;
  std::vector<cluster::arrival> take() override { return std::exchange(inbox, {}); }
  void on_arrival(std::function<void()>) override {}
  void dial(std::vector<cluster::dial_target> targets) override { dialled = std::move(targets); }
  void set_incarnation(std::uint64_t value) override { incarnation = value; }
  void drop(const cluster::node_name& peer, std::string why) override { dropped.emplace_back(peer, std::move(why)); }
  cluster::transport_figures figures() const override { return {}; }

  std::vector<cluster::arrival> inbox;
  std::vector<cluster::dial_target> dialled;
  std::vector<std::pair<cluster::node_name, std::string>> dropped;
  std::uint64_t incarnation = 0;

 private:
  yard& all_;
  cluster::node_name self_;
};

/// Counts what the cluster's actor calls.
class counting_part final : public cluster_part {
 public:
  struct figures {
    int begun = 0, ticks = 0, left = 0;
    std::size_t nodes = 0;
  };
  explicit counting_part(figures& into) : into_(into) {}
  void begin(cluster::node_protocols& protocols, steady_time) override {
    ++into_.begun;
    into_.nodes = protocols.members.view().size();
  }
  void yard_changed(const std::shared_ptr<const routing::yard>&, steady_time) override {}
  void tick(steady_time) override { ++into_.ticks; }
  void leave(steady_time) override { ++into_.left; }

 private:
  figures& into_;
};

struct member_of_yard {
  std::shared_ptr<fake_links> links;
  std::unique_ptr<cluster_node> node;
  counting_part::figures part;
  std::vector<cluster::member_change> changes;
  std::vector<std::pair<cluster::node_name, cluster::admin_ask>> asked;
  bool met = false;
  int told_forgotten = 0;

  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<cluster_node::receipt> receipts;
  std::shared_ptr<ledger_writer> ledger;                     // last: its thread is the first to end
};

class yard {
 public:
  void start(const std::string& name, std::vector<cluster::dial_target> seeds = {}, std::vector<std::string> configured = {}) {
    auto& m = nodes[name];
    if (!m) m = std::make_unique<member_of_yard>();
    auto* const at = m.get();
    if (!at->ledger) at->ledger = ledger_writer::in_memory(name);
    at->links = std::make_shared<fake_links>(*this, name);
    cluster_node::setting setting;
    setting.roster.self = {name, 0, "10.0.0." + name + ":1", "0.1.0"};
    setting.roster.configured = std::move(configured);
    setting.roster.seeds = std::move(seeds);
    setting.transport = at->links;
    setting.journal = std::make_shared<cluster_journal>(at->ledger);
    setting.parts.push_back(std::make_unique<counting_part>(at->part));
    setting.written = [at](cluster_node::receipt what) {
      const std::lock_guard guard(at->mutex);
      at->receipts.push_back(std::move(what));
      at->arrived.notify_all();
    };
    setting.asked = [at](cluster::node_name from, cluster::admin_ask question) { at->asked.emplace_back(std::move(from), std::move(question)); };
    setting.changed = [at](const cluster::member_change& change) { at->changes.push_back(change); };
    setting.forgotten = [at] { ++at->told_forgotten; };
    setting.met_all = [at] { at->met = true; };
    setting.unix_seconds = 1000;
    at->node = std::make_unique<cluster_node>(std::move(setting));
    at->node->start(now);
  }
  /// Both ends have accepted the other's hello.
  void link(const std::string& a, const std::string& b) {
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      cluster::arrival up;
      up.kind = cluster::arrival::what::up;
      up.from = from;
      up.body = "10.0.0.9";
      up.incarnation = nodes[from]->links->incarnation;
      nodes[to]->links->inbox.push_back(up);
    }
    links.insert({a, b});
    links.insert({b, a});
  }
  void cut(const std::string& a, const std::string& b) {
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      cluster::arrival down;
      down.kind = cluster::arrival::what::down;
      down.from = from;
      nodes[to]->links->inbox.push_back(down);
      links.erase({from, to});
    }
  }
  /// Waits for the disk where a node waits for it; moves time by `times` ticks.
  void run(int times) {
    for (int i = 0; i < times; ++i) {
      now += milliseconds(20);
      for (auto& [name, m] : nodes) {
        if (!m->node) continue;
        m->node->tick(now);
        bring_receipts(*m);
      }
    }
  }
  void bring_receipts(member_of_yard& m) {
    while (true) {
      std::unique_lock lock(m.mutex);
      if (!m.node->running())
        BOOST_REQUIRE(m.arrived.wait_for(lock, std::chrono::seconds(10), [&] { return !m.receipts.empty(); }));
      if (m.receipts.empty()) return;
      const auto what = std::move(m.receipts.front());
      m.receipts.pop_front();
      lock.unlock();
      m.node->written(what, now);
    }
  }
  member_state state_of(const std::string& node, const std::string& seen_by) {
    for (const auto& line : nodes[seen_by]->node->members())
      if (line.name == node) return line.state;
    return member_state::forgotten;
  }
  std::vector<std::string> names(const std::string& seen_by) {
    std::vector<std::string> all;
    for (const auto& line : nodes[seen_by]->node->members()) all.push_back(line.name);
    return all;
  }

  std::map<std::string, std::unique_ptr<member_of_yard>> nodes;
  std::set<std::pair<std::string, std::string>> links;
  steady_time now{std::chrono::hours(1)};
};

void fake_links::send(std::vector<cluster::outgoing> messages) {
  for (auto& message : messages) {
    if (!all_.links.contains({self_, message.to})) continue;
    cluster::arrival mail;
    mail.from = self_;
    mail.message = message.kind;
    mail.body = std::move(message.body);
    all_.nodes[message.to]->links->inbox.push_back(std::move(mail));
  }
}

using names_list = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_is_said_before_the_incarnation_is_on_disk) {
  yard y;
  y.start("1");
  BOOST_TEST(y.nodes["1"]->links->incarnation == 0u);
  BOOST_TEST(!y.nodes["1"]->node->running());
  y.run(1);
  BOOST_TEST(y.nodes["1"]->links->incarnation == 1001u);
  // Another process on the same disk takes a higher one, whatever its clock says.
  y.start("1");
  y.run(1);
  BOOST_TEST(y.nodes["1"]->links->incarnation == 1002u);
}

BOOST_AUTO_TEST_CASE(three_nodes_learn_of_each_other_and_remember_it) {
  yard y;
  y.start("1");
  y.start("2", {{"10.0.0.1", 1, ""}});
  y.start("3", {{"10.0.0.1", 1, ""}});
  y.run(2);
  y.link("2", "1");
  y.link("3", "1");
  y.run(5);
  // 1 has told 2 and 3 of each other, and where they are.
  const auto& dialled = y.nodes["3"]->links->dialled;
  BOOST_TEST((std::find(dialled.begin(), dialled.end(), cluster::dial_target{"10.0.0.2", 1, "2"}) != dialled.end()));
  y.link("2", "3");
  y.run(20);
  for (const char* node : {"1", "2", "3"}) {
    BOOST_TEST(y.names(node) == (names_list{"1", "2", "3"}), boost::test_tools::per_element());
    for (const char* other : {"1", "2", "3"}) BOOST_CHECK(y.state_of(other, node) == member_state::alive);
    BOOST_TEST(y.nodes[node]->part.nodes == 3u);
    BOOST_TEST(y.nodes[node]->met);
  }
  y.cut("1", "2");
  y.cut("1", "3");
  y.start("1");
  y.run(1);
  BOOST_TEST(y.names("1") == (names_list{"1", "2", "3"}), boost::test_tools::per_element());
  BOOST_TEST(y.nodes["1"]->part.nodes == 3u);
}

BOOST_AUTO_TEST_CASE(a_broken_link_is_suspected_at_once_and_silence_after_a_second) {
  yard y;
  for (const char* node : {"1", "2"}) y.start(node, {}, {"1", "2"});
  y.run(1);
  BOOST_CHECK(y.state_of("2", "1") == member_state::suspect); // nobody has met it
  y.link("1", "2");
  y.run(20);
  BOOST_CHECK(y.state_of("2", "1") == member_state::alive);
  y.cut("1", "2");
  y.run(1);
  BOOST_CHECK(y.state_of("2", "1") == member_state::suspect);
  BOOST_TEST(!y.nodes["1"]->changes.empty());
  y.link("1", "2");
  y.run(20);
  BOOST_CHECK(y.state_of("2", "1") == member_state::alive);
  y.links.clear();                                           // silent, but not broken
  y.run(40);
  BOOST_CHECK(y.state_of("2", "1") == member_state::alive);
  y.run(30);
  BOOST_CHECK(y.state_of("2", "1") == member_state::suspect);
}

BOOST_AUTO_TEST_CASE(a_node_that_leaves_is_known_to_have_left) {
  yard y;
  for (const char* node : {"1", "2"}) y.start(node, {}, {"1", "2"});
  y.run(1);
  y.link("1", "2");
  y.run(20);
  y.nodes["2"]->node->leave(y.now);
  BOOST_TEST(y.nodes["2"]->part.left == 1);
  y.run(1);
  BOOST_CHECK(y.state_of("2", "1") == member_state::left);
}

BOOST_AUTO_TEST_CASE(what_was_forgotten_on_one_node_is_forgotten_on_all) {
  yard y;
  for (const char* node : {"1", "2", "3"}) y.start(node, {}, {"1", "2", "3"});
  y.run(1);
  y.link("1", "2");
  y.link("1", "3");
  y.link("2", "3");
  y.run(20);
  y.cut("3", "1");
  y.cut("3", "2");
  y.run(1);
  const auto life = y.nodes["1"]->node->life();
  BOOST_TEST(!y.nodes["1"]->node->forget("4", y.now));
  BOOST_TEST(!y.nodes["1"]->node->forget("1", y.now));
  BOOST_TEST(y.nodes["1"]->node->forget("3", y.now));
  y.run(5);
  for (const char* node : {"1", "2"}) {
    BOOST_TEST(y.names(node) == (names_list{"1", "2"}), boost::test_tools::per_element());
    BOOST_TEST(y.nodes[node]->part.nodes == 2u);
  }
  BOOST_TEST(y.nodes["1"]->node->life() > life);             // another set of nodes is another life
  // It is still running somewhere: it is not taken back, and hears why.
  y.link("1", "3");
  y.run(3);
  BOOST_TEST(y.names("1").size() == 2u);
  BOOST_TEST(!y.nodes["1"]->links->dropped.empty());
  BOOST_TEST(y.nodes["3"]->told_forgotten == 1);
  BOOST_TEST(y.nodes["3"]->links->dialled.empty());
  // Started anew it is.
  y.cut("1", "3");
  y.run(1);
  y.start("3", {}, {"1", "2", "3"});
  y.run(1);
  y.link("1", "3");
  y.run(5);
  BOOST_TEST(y.names("1") == (names_list{"1", "2", "3"}), boost::test_tools::per_element());
  BOOST_TEST(y.names("2") == (names_list{"1", "2", "3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(questions_reach_others_and_answers_come_back) {
  yard y;
  for (const char* node : {"1", "2", "3"}) y.start(node, {}, {"1", "2", "3"});
  y.run(1);
  y.link("1", "2");
  y.run(20);
  std::vector<node_answer> answers;
  std::vector<std::string> missing;
  y.nodes["1"]->node->ask({}, "GET", "/admin/v1/keys", "", y.now, [&](std::vector<node_answer> a, std::vector<std::string> m) {
    answers = std::move(a);
    missing = std::move(m);
  });
  y.run(1);
  auto& two = *y.nodes["2"];
  BOOST_REQUIRE(two.asked.size() == 1u);
  BOOST_TEST(two.asked[0].second.target == "/admin/v1/keys");
  two.node->answer("1", two.asked[0].second.id, 200, "{}", y.now);
  y.run(1);
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].node == "2");
  BOOST_TEST(missing == (names_list{"3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(long_journals_are_cut_down_at_the_start_and_say_the_same) {
  using namespace cluster;
  yard y;
  auto& m = y.nodes["1"] = std::make_unique<member_of_yard>();
  m->ledger = ledger_writer::in_memory("1");
  const auto journal = std::make_shared<cluster_journal>(m->ledger);
  std::promise<void> on_disk;
  for (std::uint64_t i = 1; i <= 1500; ++i) {                // one slice after the other, each spent
    const escrow_pool_name pool{"vk day", 1};
    std::vector<cluster_journal::entry> entries;
    entries.push_back({journal_log::purses, encode(escrow_record{escrow_step::accepted, pool, {}, {7, i}, 1000}), false});
    entries.push_back({journal_log::config, encode(config_record{true, {i, std::string(32, 'x')}, "text " + std::to_string(i)}), false});
    journal->write(std::move(entries), i < 1500 ? std::function<void()>() : [&] { on_disk.set_value(); });
  }
  on_disk.get_future().wait();
  const auto purse_records = [&] {
    std::vector<escrow_record> records;
    journal->replay(journal_log::purses, [&](const std::string& bytes) { records.push_back(*decode<escrow_record>(bytes)); });
    return records;
  };
  BOOST_TEST(purse_records().size() == 1500u);
  y.start("1");
  y.run(1);
  const auto left = purse_records();                         // the one that says all, and perhaps what the new life did with it
  BOOST_REQUIRE(!left.empty());
  BOOST_TEST(left.size() < 10u);
  BOOST_CHECK(left[0].step == escrow_step::accepted);
  BOOST_TEST(left[0].amount == 1'500'000);
  std::vector<config_record> texts;
  journal->replay(journal_log::config, [&](const std::string& bytes) { texts.push_back(*decode<config_record>(bytes)); });
  BOOST_REQUIRE(texts.size() == 1u);
  BOOST_TEST(texts[0].text == "text 1500");
}

BOOST_AUTO_TEST_CASE(bytes_that_do_not_fit_end_the_link) {
  yard y;
  for (const char* node : {"1", "2"}) y.start(node, {}, {"1", "2"});
  y.run(1);
  y.link("1", "2");
  y.run(2);
  for (const auto kind : {cluster::message_kind::heartbeat, cluster::message_kind::introductions, cluster::message_kind::admin_ask, cluster::message_kind::admin_said}) {
    auto& links = *y.nodes["1"]->links;
    links.dropped.clear();
    cluster::arrival mail;
    mail.from = "2";
    mail.message = kind;
    mail.body = "\xc1";
    links.inbox.push_back(mail);
    y.nodes["1"]->node->mail(y.now);
    BOOST_REQUIRE(links.dropped.size() == 1u);
    BOOST_TEST(links.dropped[0].first == "2");
  }
}

BOOST_AUTO_TEST_SUITE_END()
