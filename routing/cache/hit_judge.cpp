#include "routing/cache/hit_judge.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

namespace switchyard::routing {

namespace {

bool is_zero(std::span<const float> v) noexcept {
  return std::all_of(v.begin(), v.end(), [](float x) { return x == 0; });
}

bool same_words(std::span<const prompt_word> a, std::span<const prompt_word> b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const prompt_word& x, const prompt_word& y) { return x.lower == y.lower && x.negated == y.negated; });
}

}  // namespace

hit_opinion hit_judge::operator()(std::string_view a, std::span<const float> va, std::string_view b, std::span<const float> vb,
                                  refused_pairs wanted) const {
  hit_opinion out;
  out.cosine = cosine(va, vb);
  if (is_zero(va) || is_zero(vb)) {
    out.refused = true;
    out.why = std::string(is_zero(va) ? "a" : "b") + " has no words to compare";
    return out;
  }
  const word_list words_a(a), words_b(b);
  if (words_a.cut() || words_b.cut()) {
    // What was not read may differ: only the same text counts, and that is the exact layer's business.
    out.similarity = a == b ? 1.0f : std::min(out.cosine, 0.5f);
    out.refused = a != b;
    if (out.refused) out.why = "too long to be compared word by word";
    return out;
  }
  if (same_words(words_a.all(), words_b.all())) {
    out.similarity = 1;
    return out;
  }
  const auto found = compare_words(words_a, words_b);
  if (found.refuses && wanted == refused_pairs::unscored) {
    out.refused = true;
    return out;
  }
  out.similarity = verifier_ ? (*verifier_)(features_of(model_, words_a, words_b, va, vb, found), va, vb) : std::max(0.0f, out.cosine);
  if (found.refuses) {
    out.refused = true;
    out.similarity *= 0.5f;
    out.why = found.why();
  }
  return out;
}

result<std::shared_ptr<const hit_judge>> load_judge(const embedder& model, const std::string& verifier_path) {
  std::error_code ignored;
  if (!std::filesystem::exists(verifier_path, ignored)) return std::make_shared<const hit_judge>(model);
  auto verifier = hit_verifier::load(verifier_path, model.fingerprint());
  if (!verifier) return verifier.failure();
  return std::make_shared<const hit_judge>(model, *std::move(verifier));
}

likeness likeness_of(const hit_judge& judge, std::string_view a, std::string_view b, float threshold) {
  const auto va = judge.model().embed(a), vb = judge.model().embed(b);
  auto opinion = judge(a, va, b, vb);
  likeness out{opinion.similarity, opinion.cosine, !opinion.refused && opinion.similarity >= threshold, std::move(opinion.why)};
  if (!opinion.refused) {
    std::array<char, 96> text;
    const auto length = std::snprintf(text.data(), text.size(), "similarity %.4f %s %.4f (cosine %.4f)", static_cast<double>(out.similarity),
                                      out.hit ? "reaches" : "is below", static_cast<double>(threshold), static_cast<double>(out.cosine));
    out.why.assign(text.data(), std::min(static_cast<std::size_t>(length), text.size() - 1));
  }
  return out;
}

}  // namespace switchyard::routing
