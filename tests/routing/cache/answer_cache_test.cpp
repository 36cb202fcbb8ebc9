#include "routing/cache/answer_cache.hpp"

#include "tests/routing/cache/stored_prompts.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

BOOST_AUTO_TEST_SUITE(answer_cache_)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::test;

namespace {

struct fixture {
  answer_cache cache{std::make_shared<hit_judge>(many_words()), {}};
  [[nodiscard]] answer_cache::finding ask(std::uint64_t exact, std::uint64_t partition, const std::string& prompt, float threshold = 0.9f, std::int64_t now = 10,
                                          answer_cache::control how = answer_cache::control::none) const {
    return cache.look_up({hash_of(partition), hash_of(exact), prompt}, many_words().embed(prompt), threshold, now, how);
  }
};
using kind = answer_cache::result_kind;

}  // namespace

BOOST_FIXTURE_TEST_CASE(the_very_request_is_found_and_a_like_one_too, fixture) {
  BOOST_TEST((cache.insert(entry(1, 7, "aax abx acx"), 0).empty()));
  BOOST_TEST((ask(1, 7, "aax abx acx").kind == kind::exact));
  const auto alike = ask(2, 7, "aax abx, acx!");
  BOOST_TEST((alike.kind == kind::alike));
  BOOST_TEST(alike.similarity == 1.0f);
  BOOST_TEST((ask(2, 7, "hhx hgx hfx").kind == kind::miss));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_found_across_partitions, fixture) {
  (void)cache.insert(entry(1, 7, "aax abx acx"), 0);
  BOOST_TEST((ask(2, 8, "aax abx acx", 0.1f).kind == kind::miss));
}

BOOST_FIXTURE_TEST_CASE(what_is_too_old_is_not_given, fixture) {
  (void)cache.insert(entry(1, 7, "aax abx acx"), 0);
  BOOST_TEST((ask(1, 7, "aax abx acx", 0.9f, 1000).kind == kind::miss));
  BOOST_TEST((ask(2, 7, "aax abx acx", 0.9f, 1000).kind == kind::miss));
  BOOST_TEST(cache.drop_expired(1000).size() == 1u);
  BOOST_TEST(cache.figures().entries == 0u);
  BOOST_TEST(cache.figures().bytes == 0u);
  BOOST_TEST(cache.figures().partitions == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_partition_under_control_gives_only_what_is_sure_enough, fixture) {
  constexpr auto measured = answer_cache::control::measured;
  (void)cache.insert(entry(1, 7, "aax abx acx"), 0);
  BOOST_TEST((ask(2, 7, "aax abx acx.").kind == kind::alike));
  const auto found = ask(2, 7, "aax abx acx.", 0.9f, 10, measured);   // it has shown nothing yet
  BOOST_TEST((found.kind == kind::unsure));
  BOOST_TEST(found.entry != nullptr);
  BOOST_TEST((ask(1, 7, "aax abx acx").kind == kind::exact));   // what is the same needs no likeness
  cache.set_threshold(hash_of(7), 0.95f);
  BOOST_TEST((ask(2, 7, "aax abx acx.", 0.9f, 10, measured).kind == kind::alike));
  (void)cache.insert(entry(1, 7, "aax abx acx", "newer"), 0);
  BOOST_TEST((ask(2, 7, "aax abx acx.", 0.9f, 10, measured).kind == kind::alike));   // it does not forget what was shown
}

BOOST_FIXTURE_TEST_CASE(the_same_request_again_replaces_its_answer, fixture) {
  (void)cache.insert(entry(1, 7, "aax", "old"), 0);
  const auto gone = cache.insert(entry(1, 7, "aax", "new"), 1);
  BOOST_REQUIRE(gone.size() == 1u);
  BOOST_TEST(gone[0]->body == "old");
  BOOST_TEST(ask(1, 7, "aax").entry->body == "new");
  BOOST_TEST(cache.figures().entries == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_was_not_used_for_longest_makes_room, fixture) {
  cache.set_bounds({.max_entries = 16, .max_bytes = 1u << 20});
  for (std::uint64_t i = 0; i < 16; ++i) (void)cache.insert(entry(i, 7, "aax"), static_cast<std::int64_t>(i));
  (void)ask(0, 7, "aax", 0.9f, 100);   // used: it stays
  const auto gone = cache.insert(entry(99, 7, "aax"), 101);
  BOOST_TEST(gone.size() == 2u);       // a sixteenth more than must
  BOOST_TEST((ask(0, 7, "").kind == kind::exact));
  BOOST_TEST((ask(1, 7, "").kind == kind::miss));
  cache.set_bounds({.max_entries = 16, .max_bytes = 3000});
  (void)cache.insert(entry(100, 7, "aax"), 102);
  BOOST_TEST(cache.figures().bytes <= 3000u);
  BOOST_TEST(cache.insert(entry(101, 7, "aax", std::string(4000, 'x')), 103).empty());   // larger than the whole cache: not kept
}

BOOST_FIXTURE_TEST_CASE(routes_tenants_and_tags_are_cleared_alone, fixture) {
  for (std::uint64_t i = 0; i < 4; ++i) (void)cache.insert(entry(i, i, "aax"), 0);
  BOOST_TEST(cache.clear("even", "t1", "").empty());
  BOOST_TEST(cache.clear("", "t1", "").size() == 1u);
  BOOST_TEST(cache.clear("", "", "team=2").size() == 1u);
  BOOST_TEST(cache.clear("odd", "", "").size() == 1u);
  BOOST_TEST(cache.clear("", "", "").size() == 1u);
  BOOST_TEST(cache.figures().entries == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_large_partition_gets_a_graph_that_finds_what_a_walk_finds, fixture) {
  random_source random(11);
  std::vector<std::string> prompts;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    prompts.push_back(words(random, 6));
    (void)cache.insert(entry(i, 7, prompts.back()), 0);
    if (i % 700 == 699)
      while (cache.tend()) {
      }
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < prompts.size(); i += 10) {
    const auto one = ask(1'000'000 + i, 7, prompts[i] + ".", 0.99f);
    found += one.kind == kind::alike ? 1 : 0;
  }
  BOOST_TEST(found >= 295u);   // of 300: the graph is approximate
  // Half of them go: none is found again, and the graph is made anew.
  BOOST_TEST(cache.clear("odd", "", "").size() == 3000u);
  BOOST_TEST((ask(5'000'000, 7, prompts[0], 0.5f).kind == kind::miss));
}

BOOST_FIXTURE_TEST_CASE(no_tenant_ever_gets_anothers_answer, fixture) {
  random_source random(20261126);
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto tenant = random.below(8);
    const auto prompt = words(random, 2);
    if (random.below(2) == 0) {
      (void)cache.insert(entry(i, tenant, prompt), 0);
    } else if (const auto found = ask(1'000'000 + i, tenant, prompt, 0.2f); found.entry) {
      BOOST_REQUIRE(found.entry->tenant == "t" + std::to_string(tenant));
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_keep_a_vectors_direction) {
  const auto a = many_words().embed("aax abx"), b = many_words().embed("aax acx");
  BOOST_TEST(std::abs(cosine(small_vector(a), small_vector(b)) - cosine(a, b)) < 0.01f);
  std::vector<float> back(32);
  small_vector(a).restore(back);
  BOOST_TEST(std::abs(cosine(a, back) - 1) < 0.001f);
}

BOOST_AUTO_TEST_SUITE_END()
