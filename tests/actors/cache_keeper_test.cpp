// The cache's writer thread: what is offered is kept, cleared, brought over a restart; whoever waits is woken, whatever becomes of the answer.
#include "actors/cache_keeper.hpp"
#include "config/config.hpp"
#include "tests/storage/scratch_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <future>
#include <limits>

BOOST_AUTO_TEST_SUITE(cache_keeping)

using namespace switchyard;
using namespace switchyard::actors;

namespace {

using kind = routing::answer_cache::result_kind;

constexpr std::int64_t late_us = std::numeric_limits<std::int64_t>::max() / 2;

config::config with_cache(std::uint64_t max_entries = 100'000) {
  config::config all;
  all.routes.push_back({"auto", {}, {{config::cache_stage_config{}, {}}}, "", {}});
  all.cache.max_entries = max_entries;
  return all;
}

routing::cache_hash hash_of(std::uint64_t n) {
  routing::cache_hash out{};
  for (std::size_t i = 0; i < 8; ++i) out[i] = out[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return out;
}

std::string answer(const std::string& text, const std::string& finish = "stop") {
  return R"({"id":"c1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":")" + text + R"("},"finish_reason":")" + finish +
         R"("}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";
}

/// An answer of `tenant` to the `exact`th request, as an I/O thread offers it.
cache_offer offer_of(const cache_keeper& keeper, std::uint64_t exact, const std::string& tenant, std::string body = answer("Paris.")) {
  cache_offer out;
  out.entry = std::make_shared<routing::cache_entry>();
  out.entry->key = {hash_of(1), hash_of(exact), "question number " + std::to_string(exact)};
  out.entry->vector = routing::small_vector(keeper.answers()->judge().model().embed(*out.entry->key.prompt));
  out.entry->embedding = keeper.embedding();
  out.entry->route = "auto";
  out.entry->tenant = tenant;
  out.entry->created_us = 1'000'000;
  out.entry->expires_us = late_us;
  out.entry->input_tokens = 3;
  out.entry->cost = 42;
  out.body = std::move(body);
  return out;
}

/// Offers it and comes back when the writer is done with it.
void keep(cache_keeper& in, cache_offer what) {
  std::promise<void> landed;
  const auto exact = what.entry->key.exact;
  what.lands_flight = true;
  BOOST_TEST_REQUIRE(in.join(exact, {}));
  BOOST_TEST_REQUIRE(!in.join(exact, [&] { landed.set_value(); }));
  in.offer(std::move(what));
  landed.get_future().wait();
}

/// Comes back when the writer is done with all that was sent before, a step of its graphs included.
void settle(cache_keeper& in) {
  auto last = offer_of(in, 999'999, "nobody");
  last.entry->key.prompt.reset();
  last.entry->vector = {};
  keep(in, std::move(last));
}

routing::answer_cache::finding same(const cache_keeper& in, std::uint64_t exact) { return in.answers()->find_same(hash_of(exact), 2'000'000); }

bool tells(const cache_keeper& of, const std::string& what) { return of.stats_json().find(what) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_CASE(it_does_nothing_until_a_route_has_a_cache) {
  cache_keeper keeper("");
  keeper.configure(config::config{});
  BOOST_TEST(keeper.answers() == nullptr);
  BOOST_TEST(keeper.clear("", "", "") == 0u);
  BOOST_TEST(tells(keeper, "\"enabled\":false"));
  keeper.configure(with_cache());
  BOOST_REQUIRE(keeper.answers() != nullptr);
  BOOST_TEST(tells(keeper, "\"enabled\":true"));
}

BOOST_AUTO_TEST_CASE(what_is_offered_before_stop_is_kept) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  for (std::uint64_t i = 0; i < 50; ++i) keeper.offer(offer_of(keeper, i, "t"));
  keeper.stop();
  keeper.stop();
  for (std::uint64_t i = 0; i < 50; ++i) BOOST_TEST((same(keeper, i).kind == kind::exact));
  BOOST_TEST(same(keeper, 7).entry->body == answer("Paris."));
  BOOST_TEST(same(keeper, 7).entry->content_type == "application/json");
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_cut_or_cannot_be_read_is_not_kept) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  keep(keeper, offer_of(keeper, 1, "t", answer("Par", "length")));
  keep(keeper, offer_of(keeper, 2, "t", "<html>"));
  BOOST_TEST(same(keeper, 1).entry == nullptr);
  BOOST_TEST(same(keeper, 2).entry == nullptr);
  BOOST_TEST(tells(keeper, "\"not_kept\":2"));
}

BOOST_AUTO_TEST_CASE(a_stream_is_kept_as_the_whole_answer_it_amounts_to) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  auto offer = offer_of(keeper, 1, "t", R"(data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}

data: [DONE]

)");
  offer.streamed = true;
  offer.request_body = R"({"model":"auto","stream":true,"messages":[{"role":"user","content":"hi"}]})";
  keep(keeper, std::move(offer));
  const auto found = same(keeper, 1);
  BOOST_REQUIRE(found.entry != nullptr);
  BOOST_TEST(found.entry->body.find("\"Hello\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_waits_is_woken_once_when_the_answer_can_be_found) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  const auto exact = hash_of(1);
  BOOST_TEST(keeper.join(exact, {}));
  int woken = 0;
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(!keeper.join(exact, [&] { woken += same(keeper, 1).entry != nullptr ? 1 : 100; }));
  auto offer = offer_of(keeper, 1, "t");
  offer.lands_flight = true;
  keeper.offer(std::move(offer));
  keeper.stop();
  BOOST_TEST(woken == 3);
  keeper.land(exact);
  BOOST_TEST(woken == 3);
  BOOST_TEST(keeper.join(exact, {}));            // the next one leads again
}

BOOST_AUTO_TEST_CASE(whoever_waits_is_woken_when_the_answer_is_dropped) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  auto offer = offer_of(keeper, 1, "t");
  keeper.stop();
  bool woken = false;
  BOOST_TEST(keeper.join(hash_of(1), {}));
  BOOST_TEST(!keeper.join(hash_of(1), [&] { woken = true; }));
  offer.lands_flight = true;
  keeper.offer(std::move(offer));
  BOOST_TEST(woken);
  BOOST_TEST(tells(keeper, "\"dropped\":1"));
  BOOST_TEST(same(keeper, 1).entry == nullptr);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_into_the_queue_is_dropped_and_counted) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  auto offer = offer_of(keeper, 1, "t");
  offer.request_body.assign((64u << 20) + 1, ' ');
  keeper.offer(std::move(offer));
  BOOST_TEST(tells(keeper, "\"dropped\":1"));
}

BOOST_AUTO_TEST_CASE(what_is_cleared_is_gone_from_memory_and_disk) {
  const storage::scratch_folder folder;
  {
    cache_keeper keeper(folder.path());
    keeper.configure(with_cache());
    keep(keeper, offer_of(keeper, 1, "a"));
    keep(keeper, offer_of(keeper, 2, "b"));
    (void)keeper.clear("other", "", "");
    settle(keeper);
    BOOST_TEST(same(keeper, 1).entry != nullptr);
    (void)keeper.clear("", "a", "");
    settle(keeper);
    BOOST_TEST(same(keeper, 1).entry == nullptr);
  }
  cache_keeper again(folder.path());
  again.configure(with_cache());
  settle(again);                                 // it has read what there is
  BOOST_TEST(same(again, 1).entry == nullptr);
  BOOST_REQUIRE(same(again, 2).entry != nullptr);
  BOOST_TEST(same(again, 2).entry->tenant == "b");
  BOOST_TEST(same(again, 2).entry->cost == 42);
}

BOOST_AUTO_TEST_CASE(what_is_too_old_or_of_another_embedding_does_not_come_back) {
  const storage::scratch_folder folder;
  {
    cache_keeper keeper(folder.path());
    keeper.configure(with_cache());
    auto old = offer_of(keeper, 1, "t"), foreign = offer_of(keeper, 2, "t");
    old.entry->expires_us = 2'000'001;             // in 1970
    foreign.entry->embedding += 1;
    keep(keeper, std::move(old));
    keep(keeper, std::move(foreign));
    keep(keeper, offer_of(keeper, 3, "t"));
  }
  cache_keeper again(folder.path());
  again.configure(with_cache());
  settle(again);
  BOOST_TEST(again.answers()->figures().entries == 2u);
  BOOST_TEST(same(again, 3).entry != nullptr);
}

BOOST_AUTO_TEST_CASE(a_newer_answer_takes_the_place_of_the_older_one_and_counts_as_used) {
  const storage::scratch_folder folder;
  {
    cache_keeper keeper(folder.path());
    keeper.configure(with_cache());
    keep(keeper, offer_of(keeper, 1, "t", answer("old")));
    keep(keeper, offer_of(keeper, 1, "t", answer("new")));
    BOOST_TEST(keeper.answers()->figures().entries == 1u);
    keeper.stop();
    const auto found = keeper.answers()->find_same(hash_of(1), 0);
    BOOST_TEST(found.entry->body == answer("new"));
  }
  cache_keeper again(folder.path());
  again.configure(with_cache());
  settle(again);
  BOOST_REQUIRE(same(again, 1).entry != nullptr);
  BOOST_TEST(same(again, 1).entry->body == answer("new"));
}

BOOST_AUTO_TEST_CASE(an_answer_that_replaced_another_is_not_the_first_to_make_room) {
  cache_keeper keeper("");
  keeper.configure(with_cache(16));
  for (std::uint64_t i = 0; i < 16; ++i) {
    auto offer = offer_of(keeper, i, "t");
    offer.entry->created_us += static_cast<std::int64_t>(i);
    keep(keeper, std::move(offer));
  }
  auto newer = offer_of(keeper, 0, "t");
  newer.entry->created_us += 100;
  keep(keeper, std::move(newer));
  auto last = offer_of(keeper, 99, "t");
  last.entry->created_us += 200;
  keep(keeper, std::move(last));
  BOOST_TEST(same(keeper, 0).entry != nullptr);
  BOOST_TEST(same(keeper, 1).entry == nullptr);
}

BOOST_AUTO_TEST_CASE(a_hit_that_is_checked_is_judged_by_the_fresh_answer) {
  cache_keeper keeper("");
  keeper.configure(with_cache());
  keep(keeper, offer_of(keeper, 1, "t", answer("It is blue.")));
  const auto check = [&](std::uint64_t exact, const std::string& fresh) {
    auto offer = offer_of(keeper, exact, "t", answer(fresh));
    offer.control = routing::error_control_options{};
    offer.near = same(keeper, 1).entry;
    offer.similarity = 0.97f;
    keep(keeper, std::move(offer));
  };
  check(2, "It is blue.");
  BOOST_TEST(tells(keeper, "\"checked\":1"));
  BOOST_TEST(tells(keeper, "\"checked_wrong\":0"));
  check(3, "No: 17 of them are red, and nobody knows why.");
  BOOST_TEST(tells(keeper, "\"checked\":2"));
  BOOST_TEST(tells(keeper, "\"checked_wrong\":1"));
}

BOOST_AUTO_TEST_CASE(graphs_are_kept_at_the_end_and_taken_at_the_start) {
  const storage::scratch_folder folder;
  const auto graphs = folder.path("cache.graphs");
  const auto fill_and_end = [&](std::uint64_t from, std::uint64_t to) {
    cache_keeper keeper(folder.path());
    keeper.configure(with_cache());
    for (auto i = from; i < to; ++i) keeper.offer(offer_of(keeper, i, i % 2 == 0 ? "even" : "odd"));
    for (int i = 0; i < 30; ++i) settle(keeper);
    keeper.stop();
    return keeper.answers()->graphs().vectors;
  };
  const auto kept = fill_and_end(0, 600);
  BOOST_TEST(kept > 512u);                         // what came after its making began stays in the tail
  BOOST_TEST(std::filesystem::exists(graphs));
  {
    cache_keeper keeper(folder.path());
    keeper.configure(with_cache());
    settle(keeper);
    keeper.stop();
    BOOST_TEST(keeper.answers()->graphs().vectors == kept);
    BOOST_TEST(keeper.answers()->graphs().changes == 0u);
    const auto prompt = "question number 77";
    const auto found = keeper.answers()->find_alike({hash_of(1), hash_of(1'000'000), prompt}, keeper.answers()->judge().model().embed(prompt), 0.9f, 2'000'000);
    BOOST_REQUIRE(found.entry != nullptr);
    BOOST_TEST(*found.entry->key.prompt == prompt);
  }
  std::filesystem::resize_file(graphs, 5000);      // damaged: it is made anew
  BOOST_TEST(fill_and_end(0, 0) == 600u);
}

BOOST_AUTO_TEST_SUITE_END()
