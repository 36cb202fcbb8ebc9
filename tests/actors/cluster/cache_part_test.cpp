// The cache on three nodes: the owner answers and keeps, tenants stay apart, clearing reaches all, what does not fit is refused.
#include "actors/cluster/cache_part.hpp"

#include "actors/cluster/cache_wire.hpp"
#include "cluster/rendezvous.hpp"
#include "tests/actors/cluster/part_yard.hpp"

#include <future>

BOOST_AUTO_TEST_SUITE(cache_part_)

using namespace switchyard;
using namespace switchyard::actors;
using namespace switchyard::actors::testing;
using namespace std::chrono_literals;

namespace {

using kind = routing::answer_cache::result_kind;

/// Keeps what is sent, for the yard to deliver.
struct wire final : cluster::transport {
  void send(std::vector<cluster::outgoing> messages) override { waiting.insert(waiting.end(), messages.begin(), messages.end()); }
  std::vector<cluster::arrival> take() override { return {}; }
  void on_arrival(std::function<void()>) override {}
  void dial(std::vector<cluster::dial_target>) override {}
  void set_incarnation(std::uint64_t) override {}
  void drop(const cluster::node_name&, std::string) override {}
  cluster::transport_figures figures() const override { return {}; }
  std::vector<cluster::outgoing> waiting;
};

config::config with_cache() {
  config::config all;
  all.routes.push_back({"auto", {}, {{config::cache_stage_config{}, {}}}, "", {}});
  return all;
}

routing::cache_hash hash_of(const std::string& text) {
  routing::cache_hash out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(cluster::stable_hash(text, i));
  return out;
}

std::string answer(const std::string& text) {
  return R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":")" + text +
         R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";
}

constexpr std::int64_t hour_us = 3'600'000'000;
constexpr const char* french = "What is the best way to learn French?";
constexpr const char* like = "what is the best way to learn french";

struct cache_node {
  cache_node() {
    keeper->share(exchange);
    keeper->configure(with_cache());
  }
  routing::request_key key(const std::string& tenant, const std::string& prompt) const { return {hash_of(tenant), hash_of(tenant + "/" + prompt), prompt}; }
  std::vector<float> vector(const std::string& prompt) const { return keeper->answers()->judge().model().embed(prompt); }

  /// Comes back when the writer is done with it.
  void keep(const std::string& tenant, const std::string& prompt, std::string body = answer("By speaking it."), std::optional<routing::error_control_options> control = {},
            std::optional<routing::cache_hash> near = {}, float similarity = 0) {
    cache_offer offer;
    offer.entry = std::make_shared<routing::cache_entry>();
    auto& entry = *offer.entry;
    entry.key = key(tenant, prompt);
    entry.vector = routing::small_vector(vector(prompt));
    entry.embedding = keeper->embedding();
    entry.route = "auto";
    entry.tenant = tenant;
    entry.tags = {"team=" + tenant};
    entry.provider = "sim", entry.model = "small", entry.key_name = "k1";
    entry.created_us = std::chrono::duration_cast<microseconds>(wall_now().time_since_epoch()).count();
    entry.expires_us = entry.created_us + hour_us;
    entry.cost = 42;
    offer.body = std::move(body);
    offer.control = control;
    offer.near_exact = near;
    offer.similarity = similarity;
    offer.lands_flight = true;
    std::promise<void> landed;
    BOOST_REQUIRE(keeper->join(entry.key.exact, {}));
    BOOST_REQUIRE(!keeper->join(entry.key.exact, [&] { landed.set_value(); }));
    keeper->offer(std::move(offer));
    landed.get_future().wait();
  }
  routing::answer_cache::finding here(const std::string& tenant, const std::string& prompt) const {
    const auto asked = key(tenant, prompt);
    return keeper->answers()->look_up(asked, vector(prompt), 0.9f, std::chrono::duration_cast<microseconds>(wall_now().time_since_epoch()).count());
  }

  std::shared_ptr<wire> link = std::make_shared<wire>();
  std::shared_ptr<cache_exchange> exchange = std::make_shared<cache_exchange>(link);
  std::shared_ptr<cache_keeper> keeper = std::make_shared<cache_keeper>("");
  std::shared_ptr<cluster_board> board = std::make_shared<cluster_board>();
  cache_part part{board, keeper, exchange};
};

struct cache_yard : part_yard {
  cache_yard() : part_yard({"a", "b", "c"}) {
    for (const auto* name : {"a", "b", "c"}) add(name, nodes[name].part);
    every_tick = [this] { deliver(); };
    run_for(400ms);                              // heartbeats, and the writers' start
    for (auto& [name, node] : nodes) node.keep("nobody", "nothing");
    run_for(100ms);
  }
  void deliver() {
    for (auto& [name, node] : nodes)
      for (auto& mail : std::exchange(node.link->waiting, {}))
        if (!down.contains(mail.to)) BOOST_REQUIRE(protocols(mail.to).receive(name, mail.kind, mail.body, now).has_value());
  }
  cache_node& at(const std::string& name) { return nodes.at(name); }
  /// A tenant whose partition that node owns.
  std::string tenant_of(const std::string& owner, int which = 0) {
    const auto& other = at(owner == "a" ? "b" : "a");
    for (int i = 0;; ++i) {
      const auto tenant = "tenant-" + std::to_string(i);
      if (other.exchange->owner_of(bytes_of(hash_of(tenant))) == owner && which-- == 0) return tenant;
    }
  }
  /// What `asker` gets from the owner; nullopt: it does not ask, or nobody answers.
  std::optional<remote_finding> ask(const std::string& asker, const std::string& tenant, const std::string& prompt,
                                    routing::answer_cache::control how = routing::answer_cache::control::none, milliseconds patience = 60ms) {
    auto& node = at(asker);
    const auto key = node.key(tenant, prompt);
    const auto owner = node.exchange->owner_of(bytes_of(key.partition));
    std::optional<cluster::cache_answer> said;
    if (owner.empty()) return std::nullopt;
    const auto id = node.exchange->ask(owner, lookup_of(key, node.vector(prompt), 0.9f, how), [&](std::optional<cluster::cache_answer> what) { said = std::move(what); });
    if (!id) return std::nullopt;
    run_for(patience);
    node.exchange->give_up(*id);
    if (!said) return std::nullopt;
    return finding_of(*said, key);
  }
  /// Writers work in their own time: until they have done what the ticks gave them.
  void settle() {
    run_for(100ms);
    for (auto& [name, node] : nodes) node.keep("nobody", "nothing");
  }
  std::map<std::string, cache_node> nodes;
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_answer_made_anywhere_is_kept_by_its_owner_and_found_from_everywhere) {
  cache_yard yard;
  const auto tenant = yard.tenant_of("b");
  yard.at("a").keep(tenant, french);
  yard.settle();
  BOOST_TEST((yard.at("b").here(tenant, french).kind == kind::exact));
  const auto same = yard.ask("c", tenant, french);
  BOOST_REQUIRE(same.has_value());
  BOOST_TEST((same->found.kind == kind::exact));
  const auto& entry = *same->found.entry;
  BOOST_TEST(entry.body == answer("By speaking it."));
  BOOST_TEST(entry.provider + entry.model + entry.key_name == "simsmallk1");
  BOOST_TEST(entry.cost == 42);
  const auto alike = yard.ask("c", tenant, like);
  BOOST_REQUIRE(alike.has_value());
  BOOST_TEST((alike->found.kind == kind::alike));
  // As near as its owner finds it.
  BOOST_TEST(alike->found.similarity == yard.at("b").here(tenant, like).similarity);
  BOOST_TEST((yard.ask("c", tenant, "What is the best way to learn German?")->found.kind == kind::miss));
}

BOOST_AUTO_TEST_CASE(who_made_an_answer_has_it_for_a_while_for_the_very_request_alone) {
  cache_yard yard;
  const auto tenant = yard.tenant_of("b");
  yard.at("a").keep(tenant, french);
  const auto own = yard.at("a").here(tenant, french);
  BOOST_TEST((own.kind == kind::exact));
  BOOST_TEST(own.entry->expires_us - own.entry->created_us == 10'000'000);
  BOOST_TEST((yard.at("a").here(tenant, like).kind == kind::miss));
  BOOST_TEST((yard.at("c").here(tenant, french).kind == kind::miss));
}

BOOST_AUTO_TEST_CASE(partitions_never_mix) {
  cache_yard yard;
  const auto one = yard.tenant_of("b", 0), other = yard.tenant_of("b", 1);
  yard.at("a").keep(one, french);
  yard.settle();
  BOOST_TEST((yard.ask("a", other, french)->found.kind == kind::miss));
  BOOST_TEST((yard.ask("c", other, like)->found.kind == kind::miss));
  // Nor by a hash that is asked for in another partition's name.
  auto& c = yard.at("c");
  auto forged = c.key(other, french);
  forged.exact = c.key(one, french).exact;
  const auto said = answer_of(*yard.at("b").keeper->answers(), lookup_of(forged, c.vector(french), 0.9f, routing::answer_cache::control::none), hour_us);
  BOOST_TEST((said.result == cluster::cache_result::miss));
}

BOOST_AUTO_TEST_CASE(an_owner_that_is_down_costs_a_deadline_and_then_others_own_its_partitions) {
  cache_yard yard;
  const auto tenant = yard.tenant_of("b");
  yard.at("a").keep(tenant, french);
  yard.settle();
  yard.down = {"b"};
  BOOST_TEST(!yard.ask("c", tenant, french, routing::answer_cache::control::none, 20ms).has_value());
  BOOST_TEST(yard.at("c").exchange->figures().lookups.unanswered == 1u);
  yard.run_for(1500ms);
  const auto now_owner = yard.at("c").exchange->owner_of(bytes_of(hash_of(tenant)));
  BOOST_TEST(now_owner != "b");
  yard.at("a").keep(tenant, like);
  yard.settle();
  yard.down = {};
  yard.run_for(1s);
  BOOST_TEST(yard.at("c").exchange->owner_of(bytes_of(hash_of(tenant))) == "b");
  BOOST_TEST((yard.ask("c", tenant, french)->found.kind == kind::exact));
}

BOOST_AUTO_TEST_CASE(a_judgement_counts_at_the_owner) {
  cache_yard yard;
  const auto tenant = yard.tenant_of("b");
  const routing::error_control_options control{.max_wrong_rate = 0.2, .verify_share = 0.05, .least_similarity = 0.9};
  yard.at("a").keep(tenant, french, answer("By speaking it."), control);
  yard.settle();
  const auto unsure = yard.ask("c", tenant, like, routing::answer_cache::control::measured);
  BOOST_REQUIRE(unsure.has_value());
  BOOST_TEST((unsure->found.kind == kind::unsure));
  BOOST_TEST(unsure->found.entry == nullptr);
  BOOST_REQUIRE(unsure->near.has_value());
  BOOST_TEST((*unsure->near == yard.at("c").key(tenant, french).exact));
  yard.at("c").keep(tenant, like, answer("By speaking it."), control, unsure->near, unsure->found.similarity);
  yard.settle();
  BOOST_TEST(yard.at("b").keeper->stats_json().find("\"checked\":1,\"checked_wrong\":0") != std::string::npos);
  BOOST_TEST(yard.at("c").keeper->stats_json().find("\"checked\":0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_cleared_on_one_node_is_gone_on_all_also_where_it_was_away) {
  cache_yard yard;
  const auto of_a = yard.tenant_of("a"), of_b = yard.tenant_of("b");
  for (const auto& tenant : {of_a, of_b}) yard.at("c").keep(tenant, french);
  yard.settle();
  yard.down = {"b"};
  (void)yard.at("c").keeper->clear("", "", "team=" + of_b);
  BOOST_TEST(yard.at("c").board->cache_clears.put({"", "", "team=" + of_b}));
  yard.run_for(100ms);
  yard.settle();
  BOOST_TEST((yard.at("c").here(of_b, french).kind == kind::miss));
  BOOST_TEST((yard.at("b").here(of_b, french).kind == kind::exact));
  yard.down = {};
  yard.run_for(1s);
  yard.settle();
  BOOST_TEST((yard.at("b").here(of_b, french).kind == kind::miss));
  BOOST_TEST((yard.at("a").here(of_a, french).kind == kind::exact));
}

BOOST_AUTO_TEST_CASE(an_answer_too_long_to_travel_stays_where_it_was_made) {
  cache_yard yard;
  const auto tenant = yard.tenant_of("b");
  yard.at("a").keep(tenant, french, answer(std::string(300'000, 'x')));
  yard.settle();
  const auto own = yard.at("a").here(tenant, french);
  BOOST_TEST((own.kind == kind::exact));
  BOOST_TEST(own.entry->expires_us - own.entry->created_us == hour_us);
  BOOST_TEST((yard.ask("c", tenant, french)->found.kind == kind::miss));
}

BOOST_AUTO_TEST_CASE(what_a_peer_says_is_taken_only_when_it_fits) {
  cache_yard yard;
  auto& b = yard.at("b");
  const auto& cache = *b.keeper->answers();
  const auto tenant = yard.tenant_of("b");
  b.keep(tenant, french);
  const auto key = b.key(tenant, french);
  const auto good = answer_of(cache, lookup_of(key, {}, 0.9f, routing::answer_cache::control::none), hour_us);
  BOOST_TEST((finding_of(good, key).found.kind == kind::exact));
  auto other = good;
  other.found = std::string(16, 'x');            // another answer than was asked for
  BOOST_TEST((finding_of(other, key).found.kind == kind::miss));
  BOOST_TEST((finding_of(good, b.key("another", french)).found.kind == kind::miss));
  other = good;
  other.record[other.record.size() / 2] ^= 1;
  BOOST_TEST((finding_of(other, key).found.kind == kind::miss));

  auto lookup = lookup_of(b.key(tenant, like), b.vector(like), 0.9f, routing::answer_cache::control::none);
  BOOST_TEST((answer_of(cache, lookup, hour_us).result == cluster::cache_result::alike));
  for (const auto& vector : {std::string("short"), std::string(lookup.vector.size(), '\xff'), lookup.vector + "more"}) {
    auto bad = lookup;
    bad.vector = vector;
    BOOST_TEST((answer_of(cache, bad, hour_us).result == cluster::cache_result::miss));
  }

  cache_offer offer;
  offer.entry = std::make_shared<routing::cache_entry>();
  offer.entry->key = key;
  offer.entry->vector = routing::small_vector(b.vector(french));
  offer.entry->embedding = b.keeper->embedding();
  offer.entry->expires_us = hour_us;
  offer.entry->body = answer("x");
  const auto store = store_of(offer);
  const auto taken = [&](cluster::cache_store what) { return offer_of(std::move(what), cache, b.keeper->embedding(), hour_us).has_value(); };
  BOOST_TEST(taken(store));
  for (const auto& spoil : std::vector<std::function<void(cluster::cache_store&)>>{
           [](auto& s) { s.exact = "x"; }, [](auto& s) { s.record.pop_back(); }, [](auto& s) { s.operation = "dance"; }, [](auto& s) { s.lasts = milliseconds(0); }}) {
    auto bad = store;
    spoil(bad);
    BOOST_TEST(!taken(bad));
  }
  offer.entry->embedding ^= 1;
  BOOST_TEST(!taken(store_of(offer)));
}

BOOST_AUTO_TEST_SUITE_END()
