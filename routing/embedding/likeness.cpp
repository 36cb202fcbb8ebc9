#include "routing/embedding/likeness.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace switchyard::routing {

namespace {

std::string compared(float similarity, const char* relation, float threshold) {
  std::array<char, 64> text;
  const auto length = std::snprintf(text.data(), text.size(), "cosine %.4f %s %.4f", static_cast<double>(similarity), relation,
                                    static_cast<double>(threshold));
  return {text.data(), std::min(static_cast<std::size_t>(length), text.size() - 1)};
}

bool is_zero(const std::vector<float>& v) {
  return std::all_of(v.begin(), v.end(), [](float x) { return x == 0; });
}

}  // namespace

likeness likeness_of(const embedder& model, std::string_view a, std::string_view b, float threshold) {
  const auto left = model.embed(a), right = model.embed(b);
  if (is_zero(left) || is_zero(right)) return {0, false, std::string(is_zero(left) ? "a" : "b") + " has no words to compare"};
  const float similarity = cosine(left, right);
  if (similarity < threshold) return {similarity, false, compared(similarity, "is below", threshold)};
  // The semantic cache's guard (numbers, negation, entities, order) belongs here: it may refuse what the cosine let through.
  return {similarity, true, compared(similarity, "reaches", threshold)};
}

}  // namespace switchyard::routing
