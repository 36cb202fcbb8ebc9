// Of two sided figures the smaller and the larger one are features, so that the order of the pair does not matter. "Weight" is the length
// of a word's vector, "unmatched" a word whose stem the other text lacks.
#include "routing/cache/pair_features.hpp"
#include "routing/widest_vectors.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <vector>

namespace switchyard::routing {

namespace {

constexpr std::size_t most_words = 64;           // of a side; longer prompts are judged by their first ones and the whole vectors

// By the widest vectors the machine has.
SWITCHYARD_WIDEST_VECTORS float dot(const float* a, const float* b, std::size_t n) noexcept {
  float sums[8] = {};
  for (std::size_t i = 0; i + 8 <= n; i += 8)
    for (std::size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  return std::accumulate(std::begin(sums), std::end(sums), 0.0f);
}

/// One text: its words' unit vectors and weights, and which of them the other one has.
struct side {
  std::span<const prompt_word> words;
  std::vector<float> units;                      // words.size() rows
  std::vector<float> weights;
  std::vector<char> matched;
  float total = 0;

  side(const embedder& model, const word_list& list) : words(list.all().first(std::min(list.all().size(), most_words))) {
    const auto n = model.dimensions();
    units.resize(words.size() * n);
    weights.resize(words.size());
    matched.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::span<float> row(units.data() + i * n, n);
      model.sum(words[i].lower, row);
      const float length = std::sqrt(dot(row.data(), row.data(), n));
      weights[i] = length;
      total += length;
      if (length > 0)
        for (auto& x : row) x /= length;
    }
  }

  void match(const side& other) {
    std::unordered_map<std::uint64_t, int> there;
    for (const auto& w : other.words) ++there[w.stem];
    for (std::size_t i = 0; i < words.size(); ++i)
      if (const auto found = there.find(words[i].stem); found != there.end() && found->second > 0) {
        --found->second;
        matched[i] = 1;
      }
  }
};

struct one_way {
  float unmatched = 0;       // share of the weight
  float heaviest = 0;        // weight of the heaviest unmatched word
  float aligned = 1;         // weighted mean of each word's best cosine to a word of the other
  float worst = 0;           // largest weight * (1 - best cosine)
  float worst_cosine = 1;    // best cosine of that word
  float count = 0;           // unmatched words
  float residual = 0;        // length of the unmatched words' sum, as a share of all weights
  std::vector<float> rest;   // that sum
};

one_way look(const side& from, const side& to, std::size_t n) {
  one_way out;
  out.rest.assign(n, 0.0f);
  float aligned = 0, unmatched = 0;
  for (std::size_t i = 0; i < from.words.size(); ++i) {
    const float weight = from.weights[i];
    if (from.matched[i] != 0) {
      aligned += weight;
      continue;
    }
    unmatched += weight;
    ++out.count;
    out.heaviest = std::max(out.heaviest, weight);
    const float* row = from.units.data() + i * n;
    float best = -1;
    for (std::size_t j = 0; j < to.words.size(); ++j) best = std::max(best, dot(row, to.units.data() + j * n, n));
    aligned += weight * std::max(best, 0.0f);
    if (const float loss = weight * (1 - best); loss > out.worst) {
      out.worst = loss;
      out.worst_cosine = best;
    }
    for (std::size_t d = 0; d < n; ++d) out.rest[d] += weight * row[d];
  }
  const float total = std::max(from.total, 1e-6f);
  out.aligned = from.words.empty() ? 0 : aligned / total;
  out.unmatched = unmatched / total;
  out.residual = std::sqrt(dot(out.rest.data(), out.rest.data(), n)) / total;
  return out;
}

/// Share of positions that the longest common subsequence covers.
float common_order(std::span<const prompt_word> a, std::span<const prompt_word> b) {
  std::vector<int> row(b.size() + 1, 0);
  for (const auto& x : a) {
    int diagonal = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const int above = row[j + 1];
      row[j + 1] = x.stem == b[j].stem ? diagonal + 1 : std::max(row[j + 1], row[j]);
      diagonal = above;
    }
  }
  const auto longest = std::max<std::size_t>({a.size(), b.size(), 1});
  return static_cast<float>(row.back()) / static_cast<float>(longest);
}

float dice(std::vector<std::uint64_t> a, std::vector<std::uint64_t> b) {
  if (a.empty() || b.empty()) return a.empty() && b.empty() ? 1.0f : 0.0f;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::size_t both = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();)
    if (*x == *y)
      ++both, ++x, ++y;
    else if (*x < *y)
      ++x;
    else
      ++y;
  return 2.0f * static_cast<float>(both) / static_cast<float>(a.size() + b.size());
}

std::vector<std::uint64_t> word_pairs(std::span<const prompt_word> words) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) out.push_back(words[i].stem * 31 + words[i + 1].stem);
  return out;
}

std::vector<std::uint64_t> letter_triples(std::span<const prompt_word> words) {
  std::vector<std::uint64_t> out;
  for (const auto& w : words)
    for (std::size_t i = 0; i + 3 <= w.lower.size(); ++i)
      out.push_back(static_cast<std::uint64_t>(static_cast<unsigned char>(w.lower[i])) << 16 | static_cast<std::uint64_t>(static_cast<unsigned char>(w.lower[i + 1])) << 8 |
                    static_cast<unsigned char>(w.lower[i + 2]));
  return out;
}

}  // namespace

pair_features features_of(const embedder& model, const word_list& a, const word_list& b, std::span<const float> va, std::span<const float> vb,
                          const near_misses& found) {
  const auto n = model.dimensions();
  side left(model, a), right(model, b);
  left.match(right);
  right.match(left);
  const auto from = look(left, right, n), to = look(right, left, n);

  pair_features out{};
  std::size_t at = 0;
  const auto one = [&](float value) { out[at++] = value; };
  const auto two = [&](float x, float y) { one(std::min(x, y)), one(std::max(x, y)); };
  const float similarity = cosine(va, vb);
  one(similarity);
  one(std::sqrt(std::max(0.0f, 1 - similarity)));
  two(from.unmatched, to.unmatched);
  two(from.heaviest, to.heaviest);
  two(from.aligned, to.aligned);
  two(from.worst, to.worst);
  two(from.worst_cosine, to.worst_cosine);
  two(std::log1p(from.count), std::log1p(to.count));
  two(from.residual, to.residual);
  const float rests = std::sqrt(dot(from.rest.data(), from.rest.data(), n) * dot(to.rest.data(), to.rest.data(), n));
  one(rests > 0 ? dot(from.rest.data(), to.rest.data(), n) / rests : 0);
  one(rests > 0 ? 1.0f : 0.0f);
  const auto words_a = static_cast<float>(left.words.size()), words_b = static_cast<float>(right.words.size());
  two(std::log1p(words_a), std::log1p(words_b));
  one(std::min(words_a, words_b) / std::max({words_a, words_b, 1.0f}));
  one(!left.words.empty() && !right.words.empty() && left.words.front().stem == right.words.front().stem ? 1.0f : 0.0f);
  one(!left.words.empty() && !right.words.empty() && left.words.back().stem == right.words.back().stem ? 1.0f : 0.0f);
  one(dice(word_pairs(left.words), word_pairs(right.words)));
  one(dice(letter_triples(left.words), letter_triples(right.words)));
  one(common_order(left.words, right.words));
  for (std::size_t kind = 0; kind < near_miss_kinds; ++kind) one(found.both[kind] ? 1.0f : found.one_sided[kind] ? 0.5f : 0.0f);
  one(found.refuses ? 1.0f : 0.0f);
  one(left.total > 0 && right.total > 0 ? std::abs(std::log(left.total / right.total)) : 0.0f);
  one(std::max(from.heaviest / std::max(left.total, 1e-6f), to.heaviest / std::max(right.total, 1e-6f)));
  one(similarity * std::min(from.aligned, to.aligned));
  one(similarity * similarity);
  assert(at == out.size());
  return out;
}

}  // namespace switchyard::routing
