#include "routing/signals/linear_head.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

namespace switchyard::routing {

namespace {

error misfit(const std::string& name, const std::string& why) { return internal_error("signal heads: " + name + ": " + why); }

constexpr std::size_t most_classes = 16;

}  // namespace

result<linear_head> linear_head::in(const heads_file& file, const std::string& name, std::size_t classes, std::size_t dimensions, std::size_t dense) {
  assert(classes <= most_classes);
  linear_head made;
  const auto bias = file.floats_named(name + ".bias"), vector = file.floats_named(name + ".vector"), numbers = file.floats_named(name + ".dense");
  const auto words = file.bytes_named(name + ".words");
  const auto scale = file.floats_named(name + ".scale"), hashing = file.floats_named(name + ".hashing");
  if (bias.values.size() != classes) return misfit(name, "expected " + std::to_string(classes) + " classes");
  if (vector.rows != classes || vector.columns != dimensions)
    return misfit(name, "made for another embedding: expected " + std::to_string(dimensions) + " dimensions");
  if (!numbers.values.empty() && (numbers.rows != classes || numbers.columns != dense)) return misfit(name, "made for other dense features");
  if (!words.values.empty()) {
    if (words.columns != classes || !std::has_single_bit(words.rows) || scale.values.size() != classes || hashing.values.size() != 3)
      return misfit(name, "its hashed words do not fit");
    made.words_ = words.values;
    made.scale_ = scale.values;
    made.mask_ = words.rows - 1;
    made.whole_ = hashing.values[0] != 0;
    made.stems_ = hashing.values[1] != 0;
    made.pairs_ = hashing.values[2] != 0;
  }
  made.bias_ = bias.values;
  made.vector_ = vector.values;
  made.dense_ = numbers.values;
  return made;
}

void linear_head::score(std::span<const float> vector, std::span<const float> dense, std::span<const word> words, std::span<float> out) const {
  const auto classes = bias_.size();
  assert(out.size() == classes);
  for (std::size_t c = 0; c < classes; ++c) {
    const auto* row = vector_.data() + c * vector.size();
    std::array<float, 8> sums{};                       // eight sums, so that the compiler may use wide registers
    std::size_t d = 0;
    for (; d + 8 <= vector.size(); d += 8)
      for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += vector[d + lane] * row[d + lane];
    float sum = bias_[c];
    for (; d < vector.size(); ++d) sum += vector[d] * row[d];
    out[c] = std::accumulate(sums.begin(), sums.end(), sum);
    if (!dense_.empty())
      for (std::size_t i = 0; i < dense.size(); ++i) out[c] += dense[i] * dense_[c * dense.size() + i];
  }
  if (words_.empty() || words.empty()) return;
  std::array<std::int32_t, most_classes> counts{};
  const auto add = [&](std::uint32_t hash) {
    const auto* row = words_.data() + (hash & mask_) * classes;
    for (std::size_t c = 0; c < classes; ++c) counts[c] += row[c];
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (whole_) add(words[i].hash);
    if (stems_) add(words[i].stem);
    if (pairs_ && i > 0) add(hash_pair(words[i - 1].hash, words[i].hash));
  }
  const auto norm = 1 / std::sqrt(static_cast<float>(words.size()));
  for (std::size_t c = 0; c < classes; ++c) out[c] += static_cast<float>(counts[c]) * scale_[c] * norm;
}

float logistic(float x) noexcept { return 1 / (1 + std::exp(-x)); }

void softmax(std::span<float> scores) noexcept {
  const auto top = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (auto& s : scores) sum += s = std::exp(s - top);
  for (auto& s : scores) s /= sum;
}

result<calibration> calibration::in(const heads_file& file, const std::string& name) {
  const auto points = file.floats_named(name);
  if (points.rows != 2 || points.columns < 2) return misfit(name, "expected two rows of points");
  calibration made;
  made.from_ = points.values.subspan(0, points.columns);
  made.to_ = points.values.subspan(points.columns);
  if (!std::is_sorted(made.from_.begin(), made.from_.end()) || !std::is_sorted(made.to_.begin(), made.to_.end())) return misfit(name, "its points do not rise");
  return made;
}

float calibration::operator()(float x) const noexcept {
  const auto next = std::upper_bound(from_.begin(), from_.end(), x);
  if (next == from_.begin()) return to_.front();
  if (next == from_.end()) return to_.back();
  const auto i = static_cast<std::size_t>(next - from_.begin());
  const auto width = from_[i] - from_[i - 1];
  const auto share = width > 0 ? (x - from_[i - 1]) / width : 1.0f;
  return to_[i - 1] + share * (to_[i] - to_[i - 1]);
}

}  // namespace switchyard::routing
