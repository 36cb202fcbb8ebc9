// Spherical k-means (Dhillon, Modha 2001) from k-means++ seeds (Arthur, Vassilvitskii 2007). Of 2 to 10 clusters the number is taken whose
// prompts are, on average, farthest inside: (cosine to the own centroid - cosine to the next) / the larger distance, a simplified silhouette.
#include "tools/switchyardctl/suggest.hpp"

#include "base/random.hpp"
#include "config/model_folders.hpp"
#include "routing/embedding/embedder.hpp"
#include "tools/switchyardctl/json_text.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace switchyard::ctl {

namespace {

constexpr std::uint64_t seed = 1;
constexpr std::size_t most_clusters = 10;
constexpr int rounds = 30;
constexpr std::size_t fewest_prompts = 10;
constexpr std::size_t shown_examples = 8;
constexpr std::size_t longest_example = 300;

struct grouping {
  std::vector<std::size_t> of;                   ///< each prompt's cluster
  std::vector<std::vector<float>> centroids;
  double quality = -1;
};

float dot(const float* a, const float* b, std::size_t size) { return std::inner_product(a, a + size, b, 0.0f); }

std::vector<std::vector<float>> seeds(const std::vector<float>& vectors, std::size_t size, std::size_t wanted, random_source& random) {
  const auto count = vectors.size() / size;
  std::vector<std::vector<float>> out;
  std::vector<double> distance(count, 2);
  auto next = random.below(count);
  while (out.size() < wanted) {
    const float* row = vectors.data() + next * size;
    out.emplace_back(row, row + size);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      distance[i] = std::min<double>(distance[i], std::max(0.0f, 1 - dot(row, vectors.data() + i * size, size)));
      sum += distance[i];
    }
    double left = random.uniform() * sum;
    for (next = 0; next + 1 < count && left >= distance[next]; ++next) left -= distance[next];
  }
  return out;
}

grouping group(const std::vector<float>& vectors, std::size_t size, std::size_t wanted) {
  random_source random(seed);
  const auto count = vectors.size() / size;
  grouping out;
  out.centroids = seeds(vectors, size, wanted, random);
  out.of.assign(count, 0);
  for (int round = 0; round < rounds; ++round) {
    bool moved = round == 0;
    double inside = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = vectors.data() + i * size;
      float best = -2, next = -2;
      std::size_t at = 0;
      for (std::size_t c = 0; c < wanted; ++c) {
        const float one = dot(row, out.centroids[c].data(), size);
        if (one > best) {
          next = best;
          best = one;
          at = c;
        } else {
          next = std::max(next, one);
        }
      }
      moved = moved || out.of[i] != at;
      out.of[i] = at;
      const double own = 1 - static_cast<double>(best), other = 1 - static_cast<double>(next);
      inside += (other - own) / std::max({own, other, 1e-9});
    }
    out.quality = inside / static_cast<double>(count);
    if (!moved) break;
    for (auto& centroid : out.centroids) std::fill(centroid.begin(), centroid.end(), 0.0f);
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t d = 0; d < size; ++d) out.centroids[out.of[i]][d] += vectors[i * size + d];
    for (auto& centroid : out.centroids) {
      const float length = std::sqrt(dot(centroid.data(), centroid.data(), size));
      if (length > 0)
        for (float& one : centroid) one /= length;
    }
  }
  return out;
}

std::set<std::string> words_of(std::string_view text) {
  std::set<std::string> out;
  std::string word;
  for (const char c : std::string(text) + " ") {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) {
      word += static_cast<char>(c | 0x20);
      continue;
    }
    if (word.size() >= 4 && word.size() <= 24) out.insert(word);
    word.clear();
  }
  return out;
}

/// The two words whose share within the cluster is most above their share outside.
std::string name_of(const std::vector<std::set<std::string>>& words, const std::vector<std::size_t>& of, std::size_t cluster) {
  std::map<std::string, std::pair<double, double>> seen;   // inside, outside
  double inside = 0, outside = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    (of[i] == cluster ? inside : outside) += 1;
    for (const auto& word : words[i]) (of[i] == cluster ? seen[word].first : seen[word].second) += 1;
  }
  std::vector<std::pair<double, std::string>> ranked;
  for (const auto& [word, counts] : seen)
    if (counts.first >= 2) ranked.emplace_back(counts.first / inside - (outside > 0 ? 2 * counts.second / outside : 0), word);
  std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::string name;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, ranked.size()); ++i) name += (i == 0 ? "" : "-") + ranked[i].second;
  return name.empty() ? "category-" + std::to_string(cluster + 1) : name;
}

/// In double quotes, as YAML and JSON have it.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += ' ';
    else
      out += c;
  }
  return out + '"';
}

std::string cut(std::string text) {
  if (text.size() <= longest_example) return text;
  auto end = longest_example;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

}  // namespace

std::vector<suggested_category> cluster(const std::vector<seen_prompt>& prompts, const std::vector<float>& vectors, std::size_t dimensions,
                                        std::size_t categories) {
  if (prompts.empty()) return {};
  grouping best;
  if (categories > 0) {
    best = group(vectors, dimensions, std::min(categories, prompts.size()));
  } else {
    for (std::size_t wanted = 2; wanted <= std::min(most_clusters, std::max<std::size_t>(2, prompts.size() / 5)) && wanted <= prompts.size(); ++wanted)
      if (auto one = group(vectors, dimensions, wanted); one.quality > best.quality) best = std::move(one);
  }
  std::vector<std::set<std::string>> words;
  for (const auto& prompt : prompts) words.push_back(words_of(prompt.text));
  std::vector<suggested_category> out;
  for (std::size_t c = 0; c < best.centroids.size(); ++c) {
    std::vector<std::pair<float, std::size_t>> members;
    std::map<std::string, std::size_t> targets;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      if (best.of[i] != c) continue;
      members.emplace_back(dot(best.centroids[c].data(), vectors.data() + i * dimensions, dimensions), i);
      if (!prompts[i].target.empty()) ++targets[prompts[i].target];
    }
    if (members.empty()) continue;
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    suggested_category made{name_of(words, best.of, c), {}, {}, members.size()};
    for (const auto& [closeness, at] : members) {
      auto example = cut(prompts[at].text);
      if (std::find(made.examples.begin(), made.examples.end(), example) == made.examples.end()) made.examples.push_back(std::move(example));
      if (made.examples.size() == shown_examples) break;
    }
    const auto most = std::max_element(targets.begin(), targets.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != targets.end()) made.target = most->first;
    for (std::size_t i = 2; std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.name == made.name; }); ++i)
      made.name += "-" + std::to_string(i);
    out.push_back(std::move(made));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.prompts > b.prompts; });
  return out;
}

std::string to_yaml(const std::vector<suggested_category>& categories) {
  std::string out = "# Categories of the prompts that the node has seen. Rename them, prune their examples, choose each target.\n"
                    "semantic:\n  threshold: 0.45\n  categories:\n";
  for (const auto& one : categories) {
    out += "    - name: " + quoted(one.name) + "   # " + std::to_string(one.prompts) + " prompts\n";
    out += "      target: " + (one.target.empty() ? std::string("provider/model") : one.target) + "\n      examples:\n";
    for (const auto& example : one.examples) out += "        - " + quoted(example) + "\n";
  }
  return out;
}

int suggest(const console& c, const suggest_options& options) {
  const auto answer = json_answer(c.client.ask("GET", "/admin/v1/prompts?limit=" + std::to_string(options.limit)));
  if (!answer) return failed;
  std::vector<seen_prompt> prompts;
  for (const auto& one : list_of(*answer, "prompts")) {
    const auto target = text_at(one, "target");
    prompts.push_back({text_at(one, "prompt"), target == "-" ? std::string() : target});
  }
  if (prompts.size() < fewest_prompts) {
    complain("the node has kept " + std::to_string(prompts.size()) + " prompts; at least " + std::to_string(fewest_prompts) +
             " are needed (telemetry: {decision_log: {prompts: true}} keeps them, in memory only)");
    return failed;
  }
  const auto model = routing::embedder::load(config::model_file(config::model_folders(options.models), "embedding.bin"));
  if (!model) return complain(model.failure().message), failed;
  const auto size = model->dimensions();
  std::vector<float> vectors(prompts.size() * size);
  for (std::size_t i = 0; i < prompts.size(); ++i) model->embed(prompts[i].text, {vectors.data() + i * size, size});
  print(to_yaml(cluster(prompts, vectors, size, options.categories)));
  return fine;
}

}  // namespace switchyard::ctl
