#include "storage/answer_store.hpp"

#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

BOOST_AUTO_TEST_SUITE(answer_store)

using namespace switchyard;
using namespace switchyard::storage;

namespace {

stored_answer sample(std::uint8_t n) {
  stored_answer out;
  out.exact.fill(n);
  out.partition.fill(7);
  out.prompt = "What is it?";
  out.vector.assign(256, static_cast<std::int8_t>(-n));
  out.scale = 0.0125f;
  out.embedding = 0xFEDCBA9876543210;
  out.route = "auto";
  out.tenant = "team-a";
  out.tags = {"team=a", "env=prod"};
  out.provider = "openai";
  out.model = "gpt-4o";
  out.key = "k1";
  out.content_type = "application/json";
  out.stream = n % 2 == 1;
  out.body = std::string(200'000, 'x') + "é\0";
  out.created_us = 1;
  out.expires_us = 2;
  out.input_tokens = 3;
  out.output_tokens = 4;
  out.cost = 5;
  return out;
}

void put(store& into, const stored_answer& answer) {
  write_batch batch;
  batch.put(table::meta, answer_key(answer.exact), encode(answer));
  BOOST_REQUIRE(into.write(batch, survives::process));
}

struct backends {
  scratch_folder folder;
  std::vector<std::unique_ptr<store>> all;
  backends() {
    all.push_back(std::make_unique<memory_store>());
    auto rocks = open_rocks_store(folder.path("cache"), on_damage::set_aside);
    BOOST_REQUIRE(rocks);
    all.push_back(std::move(*rocks));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_put_is_read_after_a_start) {
  backends on;
  for (auto& one : on.all) {
    BOOST_REQUIRE(read_answers(*one, [](stored_answer) { BOOST_ERROR("nothing is there"); }));
    put(*one, sample(1));
    put(*one, sample(2));
    std::vector<stored_answer> found;
    const auto read = read_answers(*one, [&](stored_answer answer) { found.push_back(std::move(answer)); });
    BOOST_REQUIRE(read);
    BOOST_TEST(read->read == 2u);
    BOOST_REQUIRE(found.size() == 2u);
    const auto want = sample(1);
    const auto& got = found[0];
    BOOST_TEST((got.exact == want.exact && got.partition == want.partition && got.prompt == want.prompt && got.vector == want.vector));
    BOOST_TEST((got.scale == want.scale && got.embedding == want.embedding && got.route == want.route && got.tenant == want.tenant && got.tags == want.tags));
    BOOST_TEST((got.provider == want.provider && got.model == want.model && got.key == want.key && got.content_type == want.content_type));
    BOOST_TEST((got.stream == want.stream && got.body == want.body && got.created_us == 1 && got.expires_us == 2));
    BOOST_TEST((got.input_tokens == 3 && got.output_tokens == 4 && got.cost == 5));
    BOOST_TEST(!found[1].stream);
  }
}

BOOST_AUTO_TEST_CASE(damaged_answers_are_dropped_alone) {
  memory_store on;
  BOOST_REQUIRE(read_answers(on, [](stored_answer) {}));
  put(on, sample(1));
  auto bytes = encode(sample(2));
  for (const std::size_t at : {std::size_t{1}, std::size_t{30}, bytes.size() - 1}) {
    auto broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 1);
    write_batch batch;
    batch.put(table::meta, answer_key(sample(2).exact), broken);
    batch.put(table::meta, "a", "short");
    BOOST_REQUIRE(on.write(batch, survives::process));
    int found = 0;
    auto read = read_answers(on, [&](stored_answer) { ++found; });
    BOOST_TEST(read->dropped == 2u);
    BOOST_TEST(found == 1);
    BOOST_TEST(read_answers(on, [](stored_answer) {})->dropped == 0u);   // they are gone
  }
}

BOOST_AUTO_TEST_CASE(another_format_is_begun_anew) {
  memory_store on;
  BOOST_REQUIRE(read_answers(on, [](stored_answer) {}));
  put(on, sample(1));
  write_batch batch;
  batch.put(table::meta, "format", "99");
  BOOST_REQUIRE(on.write(batch, survives::process));
  BOOST_TEST(read_answers(on, [](stored_answer) { BOOST_ERROR("of another format"); })->read == 0u);
  BOOST_TEST(read_answers(on, [](stored_answer) { BOOST_ERROR("it was erased"); })->read == 0u);
}

BOOST_AUTO_TEST_CASE(a_damaged_folder_is_set_aside_and_begun_anew) {
  const scratch_folder folder;
  {
    auto on = open_rocks_store(folder.path("cache"), on_damage::set_aside);
    BOOST_REQUIRE(on);
    BOOST_REQUIRE(read_answers(**on, [](stored_answer) {}));
    put(**on, sample(1));
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.path("cache")))
    if (file.path().filename().string().starts_with("MANIFEST")) std::ofstream(file.path(), std::ios::trunc) << "nonsense";
  auto again = open_rocks_store(folder.path("cache"), on_damage::set_aside);
  BOOST_REQUIRE(again);
  BOOST_TEST(read_answers(**again, [](stored_answer) {})->read == 0u);
  BOOST_TEST(std::filesystem::exists(folder.path("cache.damaged-1")));
}

BOOST_AUTO_TEST_SUITE_END()
