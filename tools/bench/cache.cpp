// What a lookup in the cache costs: bench_cache [--models DIR] [--entries N]. One partition of N prompts (100,000), one thread; each lookup
// embeds its prompt, asks the graph and has the candidates judged. Processor time, not wall time; but of a restart (answers from the disk, graph from its
// file) both.
#include "base/random.hpp"
#include "config/model_folders.hpp"
#include "routing/cache/answer_cache.hpp"
#include "storage/answer_store.hpp"
#include "storage/rocks_store.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

using namespace switchyard;

/// The processor time of this thread: other work on the machine does not count.
struct clock_type {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock_type>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
  }
};

constexpr std::string_view openings[] = {"How can I", "What is the best way to", "Why should I", "Can you explain how to", "When do people", "Is it hard to", "Tell me how to", "How long does it take to"};
constexpr std::string_view verbs[] = {"learn", "teach", "buy", "sell", "repair", "paint", "cook", "describe", "measure", "compare", "find", "choose", "clean", "build", "store", "test"};
constexpr std::string_view things[] = {"a guitar", "french grammar", "a used car", "old furniture", "chicken soup", "a wooden house", "fresh bread", "a garden fence", "machine learning", "cheap flights",
                                       "a leather jacket", "good coffee", "an electric bike", "public speaking", "a large database", "solar panels", "a small boat", "modern art", "a running shoe", "contract law"};
constexpr std::string_view endings[] = {"at home", "in winter", "for a beginner", "without help", "on a small budget", "in one week", "with friends", "before an exam", "as a student", "after work",
                                        "for a large family", "in a small town", "near the sea", "during the holidays", "by the end of the month"};

std::string prompt_of(random_source& random) {
  const auto pick = [&](const auto& from) { return std::string(from[random.below(std::size(from))]); };
  return pick(openings) + " " + pick(verbs) + " " + pick(things) + " " + pick(endings) + " and " + pick(verbs) + " " + pick(things) + "?";
}

double us_since(clock_type::time_point begin) { return std::chrono::duration<double, std::micro>(clock_type::now() - begin).count(); }

routing::cache_hash hash_of(std::uint64_t n) {
  routing::cache_hash out{};
  for (std::size_t i = 0; i < 8; ++i) out[i] = out[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return out;
}

/// What the graph misses: of `asked` prompts those whose nearest stored ones, found by a walk over all, make a hit, and how many of these are hits
/// by the graph; likewise for the nearest one alone, where it is at least 0.9 alike.
void recall(const routing::hit_judge& judge, const routing::answer_cache& cache, const std::vector<std::shared_ptr<routing::cache_entry>>& entries, random_source& random, std::size_t asked) {
  std::size_t hits = 0, found = 0, near = 0, near_found = 0;
  for (std::size_t n = 0; n < asked; ++n) {
    const routing::request_key key{hash_of(1), hash_of(5), prompt_of(random)};
    const auto vector = judge.model().embed(*key.prompt);
    const routing::small_vector small(vector);
    std::pair<float, std::size_t> best[2]{};
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::pair here(routing::cosine(entries[i]->vector, small), i);
      if (here > best[1]) best[1] = here;
      if (best[1] > best[0]) std::swap(best[0], best[1]);
    }
    bool hit = false;
    for (const auto& [cosine, i] : best) {
      const auto opinion = judge(*key.prompt, vector, *entries[i]->key.prompt, judge.model().embed(*entries[i]->key.prompt), routing::hit_judge::refused_pairs::unscored);
      hit = hit || (!opinion.refused && opinion.similarity >= 0.95f);
    }
    hits += hit ? 1 : 0;
    found += hit && cache.find_alike(key, vector, 0.95f, 1).entry ? 1 : 0;
    if (best[0].first < 0.9f) continue;
    ++near;
    const auto given = cache.nearest(key.partition, vector);
    near_found += given && routing::cosine(given->vector, small) >= best[0].first - 1e-6f ? 1 : 0;
  }
  std::printf("of %zu prompts %zu are hits by a walk over all, %zu of these by the graph (%.3f); of %zu nearest ones at least 0.9 alike the graph finds %zu (%.3f)\n", asked, hits, found,
              static_cast<double>(found) / static_cast<double>(std::max<std::size_t>(hits, 1)), near, near_found,
              static_cast<double>(near_found) / static_cast<double>(std::max<std::size_t>(near, 1)));
}

/// What a node does that finds so many answers on its disk.
void restart(const std::shared_ptr<const routing::hit_judge>& judge, routing::answer_cache& cache, const std::vector<std::shared_ptr<routing::cache_entry>>& entries) {
  std::string folder = (std::filesystem::temp_directory_path() / "bench-cache-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return;
  const auto path = folder + "/cache.graphs";
  auto begun = clock_type::now();
  auto wall = std::chrono::steady_clock::now();
  const auto ms = [&] {
    const auto out = std::pair(us_since(begun) / 1e3, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - wall).count());
    begun = clock_type::now();
    wall = std::chrono::steady_clock::now();
    return out;
  };
  if (!cache.keep_graphs(path)) return;
  const auto kept = ms();
  double read_cpu = 0, read_wall = 0;
  routing::answer_cache again(judge, {.max_entries = 2 * entries.size(), .max_bytes = 8ull << 30});
  if (auto store = storage::open_rocks_store(folder + "/cache", storage::on_damage::set_aside)) {
    storage::write_batch batch;
    for (const auto& entry : entries) {
      storage::stored_answer out;
      out.exact = entry->key.exact;
      out.partition = entry->key.partition;
      out.prompt = entry->key.prompt;
      out.vector = entry->vector.values;
      out.scale = entry->vector.scale;
      out.expires_us = entry->expires_us;
      out.body = entry->body;
      batch.put(storage::table::meta, storage::answer_key(out.exact), storage::encode(out));
    }
    (void)storage::read_answers(**store, [](storage::stored_answer) {});   // an empty store gets its format
    if (!(*store)->write(batch, storage::survives::process)) return;
    (void)ms();
    const auto read = storage::read_answers(**store, [&](storage::stored_answer from) {
      auto entry = std::make_shared<routing::cache_entry>();
      entry->key = {from.partition, from.exact, std::move(from.prompt)};
      entry->vector.values = std::move(from.vector);
      entry->vector.scale = from.scale;
      entry->expires_us = from.expires_us;
      entry->body = std::move(from.body);
      (void)again.insert(std::move(entry), 0);
    });
    std::tie(read_cpu, read_wall) = ms();
    if (!read) return;
  }
  const auto taken = again.take_graphs(path);
  const auto [taken_cpu, taken_wall] = ms();
  std::printf("restart with %llu answers: read in %.0f ms (%.0f CPU), %llu vectors of the graph in %.0f ms (%.0f CPU); the graph was kept in %.0f ms (%.0f CPU), %.1f MB\n",
              static_cast<unsigned long long>(again.figures().entries), read_wall, read_cpu, static_cast<unsigned long long>(taken.vectors), taken_wall, taken_cpu, kept.second, kept.first,
              static_cast<double>(std::filesystem::file_size(path)) / 1e6);
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int count, char** arguments) {
  std::string folder;
  std::uint64_t entries = 100'000;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::string_view(arguments[i]) == "--models") folder = arguments[i + 1];
    if (std::string_view(arguments[i]) == "--entries") entries = std::strtoull(arguments[i + 1], nullptr, 10);
  }
  const auto folders = config::model_folders(folder);
  const auto model = routing::embedder::load(config::model_file(folders, "embedding.bin"), routing::embedder::rows::alone);
  if (!model) return std::fprintf(stderr, "bench_cache: %s\n", model.failure().message.c_str()), 1;
  auto judge = routing::load_judge(*model, config::model_file(folders, "hit_verifier.bin"));
  if (!judge) return std::fprintf(stderr, "bench_cache: %s\n", judge.failure().message.c_str()), 1;
  routing::answer_cache cache(*judge, {.max_entries = 2 * entries, .max_bytes = 4ull << 30});

  random_source random(1);
  std::vector<std::shared_ptr<routing::cache_entry>> stored;
  auto begin = clock_type::now();
  for (std::uint64_t i = 0; i < entries; ++i) {
    auto entry = std::make_shared<routing::cache_entry>();
    const auto prompt = prompt_of(random);
    entry->key = {hash_of(1), hash_of(i + 10), prompt};
    entry->vector = routing::small_vector(model->embed(prompt));
    entry->expires_us = 1'000'000;
    entry->body = std::string(800, 'x');
    stored.push_back(entry);
    (void)cache.insert(std::move(entry), 0);
  }
  const double inserted = us_since(begin) / 1e6;
  std::vector<double> flat(20);
  for (auto& sample : flat) {
    const routing::request_key key{hash_of(1), hash_of(5), prompt_of(random)};
    begin = clock_type::now();
    (void)cache.look_up(key, model->embed(*key.prompt), 0.95f, 1);
    sample = us_since(begin);
  }
  begin = clock_type::now();
  while (cache.tend()) {
  }
  const double graphed = us_since(begin) / 1e6;
  std::vector<double> samples(5000);
  std::size_t hits = 0;
  for (auto& sample : samples) {
    const routing::request_key key{hash_of(1), hash_of(5), prompt_of(random)};
    begin = clock_type::now();
    hits += cache.look_up(key, model->embed(*key.prompt), 0.95f, 1).entry != nullptr ? 1 : 0;
    sample = us_since(begin);
  }
  restart(*judge, cache, stored);
  recall(**judge, cache, stored, random, 1000);
  std::sort(flat.begin(), flat.end());
  std::sort(samples.begin(), samples.end());
  std::printf("entries %llu: inserted in %.2f s, graph in %.2f s; lookup p50 %.1f us, p90 %.1f us, p99 %.1f us (%zu hits of %zu); before the graph is there p50 %.1f us\n",
              static_cast<unsigned long long>(entries), inserted, graphed, samples[samples.size() / 2], samples[samples.size() * 9 / 10], samples[samples.size() * 99 / 100], hits,
              samples.size(), flat[flat.size() / 2]);
}
