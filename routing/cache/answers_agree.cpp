#include "routing/cache/answers_agree.hpp"

#include "routing/cache/words.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace switchyard::routing {

namespace {

constexpr float least_alike = 0.8f;
constexpr std::size_t short_answer = 30;

std::vector<std::string_view> numbers_in(const word_list& list) {
  std::vector<std::string_view> out;
  for (const auto& w : list.all())
    if (w.kind == word_kind::number) out.push_back(w.lower);
  std::sort(out.begin(), out.end());
  return out;
}

bool says(const word_list& list, std::string_view what) {
  return std::any_of(list.all().begin(), list.all().end(), [&](const prompt_word& w) { return w.lower == what; });
}

}  // namespace

bool answers_agree(const embedder& model, std::string_view a, std::string_view b) {
  const word_list wa(a), wb(b);
  const auto x = wa.all(), y = wb.all();
  if (std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const prompt_word& p, const prompt_word& q) { return p.lower == q.lower && p.negated == q.negated; })) return !x.empty() && wa.cut() == wb.cut();
  const auto longer = std::max(a.size(), b.size()), shorter = std::min(a.size(), b.size());
  if (shorter * 3 < longer) return false;
  if (std::min(x.size(), y.size()) <= short_answer) {
    if (numbers_in(wa) != numbers_in(wb)) return false;
    if (says(wa, "yes") != says(wb, "yes") || says(wa, "no") != says(wb, "no") || says(wa, "not") != says(wb, "not")) return false;
  }
  return cosine(model.embed(a), model.embed(b)) >= least_alike;
}

}  // namespace switchyard::routing
