// Graphs over a restart: found again, brought up to date, and thrown away when they are not what they were.
#include "routing/cache/graph_file.hpp"

#include "routing/cache/answer_cache.hpp"
#include "tests/routing/cache/stored_prompts.hpp"
#include "tests/storage/scratch_folder.hpp"
#include "tests/support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

BOOST_AUTO_TEST_SUITE(graphs_over_a_restart)

using namespace switchyard;
using namespace switchyard::routing;
using namespace switchyard::test;

namespace {

using kind = answer_cache::result_kind;

struct kept_cache {
  static constexpr std::uint64_t count = 1500;

  kept_cache() {
    random_source random(11);
    for (std::uint64_t i = 0; i < count + 200; ++i) prompts.push_back(words(random, 6));
    answer_cache cache(judge, {});
    fill(cache, 0, count);
    while (cache.tend()) {
    }
    BOOST_TEST_REQUIRE(cache.graphs().vectors == count);
    BOOST_TEST(cache.graphs().changes == count);
    BOOST_REQUIRE(cache.keep_graphs(path));
    BOOST_TEST(cache.graphs().changes == 0u);
  }

  void fill(answer_cache& cache, std::uint64_t from, std::uint64_t to) const {
    for (auto i = from; i < to; ++i) (void)cache.insert(entry(i + 1, 7, prompts[i]), 0);
  }
  [[nodiscard]] std::size_t found_of(const answer_cache& cache, std::uint64_t from, std::uint64_t to) const {
    std::size_t found = 0;
    for (auto i = from; i < to; ++i) {
      const auto one = cache.look_up({hash_of(7), hash_of(1'000'000), prompts[i] + "."}, many_words().embed(prompts[i]), 0.99f, 10);
      found += one.kind == kind::alike && one.entry->key.exact == hash_of(i + 1) ? 1 : 0;
    }
    return found;
  }
  [[nodiscard]] std::string bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(std::string_view bytes) const { std::ofstream(path, std::ios::binary) << bytes; }

  storage::scratch_folder folder;
  std::string path = folder.path("cache.graphs");
  std::shared_ptr<const hit_judge> judge = std::make_shared<hit_judge>(many_words());
  std::vector<std::string> prompts;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_small_vector_holds_each_number_rounded_to_the_nearest_half_away_from_zero) {
  random_source random(3);
  for (const std::size_t size : {1u, 15u, 16u, 256u, 261u}) {
    std::vector<float> unit(size);
    for (auto& x : unit) x = static_cast<float>(random.uniform()) * 2 - 1;
    unit[size / 2] = -1.27f;                     // the largest: one step is about 0.01
    if (size > 2) unit[0] = 0.005f, unit[1] = -0.015f;
    const small_vector small(unit);
    BOOST_TEST(small.scale == 1.27f / 127);
    for (std::size_t i = 0; i < size; ++i) BOOST_TEST(int{small.values[i]} == std::lround(unit[i] / small.scale));
  }
  BOOST_TEST(small_vector(std::vector<float>(20)).scale == small_vector().scale);
}

BOOST_FIXTURE_TEST_CASE(a_graph_is_taken_as_it_was, kept_cache) {
  answer_cache cache(judge, {});
  fill(cache, 0, count);
  const auto taken = cache.take_graphs(path);
  BOOST_TEST(taken.read.has_value());
  BOOST_TEST(taken.vectors == count);
  BOOST_TEST(cache.graphs().changes == 0u);
  BOOST_TEST(!cache.tend());                       // nothing is left to be made
  BOOST_TEST(found_of(cache, 0, count) >= count - 30);   // the graph is approximate
}

BOOST_FIXTURE_TEST_CASE(what_came_and_went_since_is_brought_up_to_date, kept_cache) {
  answer_cache cache(judge, {});
  fill(cache, 100, count + 200);
  BOOST_TEST(cache.take_graphs(path).read.has_value());
  BOOST_TEST(found_of(cache, 0, 100) == 0u);
  BOOST_TEST(found_of(cache, 100, count + 200) >= count + 70);
  while (cache.tend()) {
  }
  BOOST_TEST(found_of(cache, 100, count + 200) >= count + 70);
  BOOST_TEST(cache.clear("", "", "").size() == count + 100);
  BOOST_TEST(cache.keep_graphs(path).has_value());
  BOOST_TEST(!std::filesystem::exists(path));      // nothing of it stays
}

BOOST_FIXTURE_TEST_CASE(a_graph_that_was_taken_grows_on, kept_cache) {
  answer_cache cache(judge, {});
  fill(cache, 0, count);
  (void)cache.take_graphs(path);
  random_source random(12);
  for (std::uint64_t i = 0; i < 1000; ++i) (void)cache.insert(entry(10'000 + i, 7, words(random, 6)), 0);
  while (cache.tend()) {
  }
  BOOST_TEST(cache.graphs().vectors >= count + 1000 - 512);   // the rest is walked
  BOOST_TEST(found_of(cache, 0, count) >= count - 30);
}

BOOST_FIXTURE_TEST_CASE(no_file_is_no_graphs, kept_cache) {
  std::filesystem::remove(path);
  answer_cache cache(judge, {});
  fill(cache, 0, 10);
  const auto taken = cache.take_graphs(path);
  BOOST_TEST(taken.read.has_value());
  BOOST_TEST(taken.vectors == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_or_cut_or_foreign_file_is_refused_and_the_graph_made_anew, kept_cache) {
  const auto whole = bytes();
  random_source random(20261126);
  for (int round = 0; round < 60; ++round) {
    auto broken = whole;
    if (round % 3 == 0)
      broken.resize(random.below(broken.size()));
    else
      broken[round % 3 == 1 ? random.below(broken.size()) / 8 * 8 : random.below(64)] ^= static_cast<char>(1 + random.below(255));
    write(broken);
    answer_cache cache(judge, {});
    fill(cache, 0, 600);
    const auto taken = cache.take_graphs(path);
    // What is left of a file that ends between two sections is whole, and so is what lies in the padding.
    if (taken.read) continue;
    BOOST_TEST(taken.vectors == 0u);
    BOOST_TEST(cache.graphs().changes > 0u);
  }
  write("swygraf2" + whole.substr(8));
  answer_cache cache(judge, {});
  fill(cache, 0, 600);
  BOOST_TEST(!cache.take_graphs(path).read.has_value());
  while (cache.tend()) {
  }
  BOOST_TEST(found_of(cache, 0, 600) >= 590u);
}

BOOST_FIXTURE_TEST_CASE(a_graph_of_another_embedding_is_refused, kept_cache) {
  const auto none = [](kept_graph) { BOOST_ERROR("it was given"); };
  BOOST_TEST(!read_graphs(path, {many_words().fingerprint() + 1, 32}, none).has_value());
  BOOST_TEST(!read_graphs(path, {many_words().fingerprint(), 64}, none).has_value());
}

BOOST_FIXTURE_TEST_CASE(bytes_of_a_graph_that_lie_are_refused_or_harmless, kept_cache) {
  vector_graph graph(32);
  random_source random(3);
  for (std::uint32_t i = 0; i < 400; ++i) BOOST_REQUIRE(graph.add(i, small_vector(many_words().embed(prompts[i]))));
  graph.remove(7);
  const auto image = graph.bytes();
  const std::string vectors(image.vectors);
  std::size_t refused = 0;
  for (int round = 0; round < test::rounds(3000); ++round) {
    auto bad_vectors = vectors, bad_links = image.links;
    auto& broken = round % 2 == 0 ? bad_vectors : bad_links;
    for (auto left = 1 + random.below(3); left > 0; --left) broken[random.below(broken.size())] = static_cast<char>(random.below(256));
    if (round % 10 == 0) broken.resize(random.below(broken.size()));
    const auto read = vector_graph::of_bytes(32, bad_vectors, bad_links, 400);
    refused += read ? 0 : 1;
    if (!read) continue;
    for (const auto& found : read->nearest(small_vector(many_words().embed(prompts[static_cast<std::size_t>(round % 400)])), 8)) BOOST_REQUIRE(found.slot < 400u);
    BOOST_REQUIRE(read->size() == 400u);
  }
  BOOST_TEST(refused > static_cast<std::size_t>(test::rounds(400)));
  BOOST_TEST(vector_graph::of_bytes(32, image.vectors, image.links, 400) != nullptr);
  BOOST_TEST(vector_graph::of_bytes(32, image.vectors, image.links, 399) == nullptr);
  BOOST_TEST(vector_graph::of_bytes(64, image.vectors, image.links, 400) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
