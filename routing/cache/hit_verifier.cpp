// models/hit_verifier.bin, written by tools/train/verifier.py:
//
//   file    = header means scales spread knots first second last
//   header  = "swyhitv1"           ; the 1 is the version
//             features   u32       ; pair_feature_count
//             dimensions u32       ; of the embedding
//             width1     u32       ; of the first hidden layer, at most 256
//             width2     u32       ; of the second
//             embedding  u64       ; embedder::fingerprint() of the embedding it was trained with
//             checksum   u64       ; FNV-1a of everything behind the header
//   means   = features * f32       ; subtracted from the features,
//   scales  = features * f32       ; which are then multiplied
//   spread  = 2 * f32              ; multiplies |a - b|, and a * b
//   knots   = 2 * f32              ; the chances that are told as 0.90 and 0.95, 0 < first < second < 1
//   first   = (features + 2 dimensions) * width1 * f32, width1 * f32        ; a row an input; then the biases
//   second  = width1 * width2 * f32, width2 * f32
//   last    = width2 * f32, f32
//
// All little-endian. Hidden layers are rectified; the logistic of the last sum is the chance. It is told on the scale that people know from
// cosines, where the interesting thresholds lie between 0.9 and 1: straight lines from (0, 0) over the knots to (1, 1).
#include "routing/cache/hit_verifier.hpp"
#include "routing/widest_vectors.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

namespace switchyard::routing {

namespace {

constexpr std::string_view magic = "swyhitv1";
constexpr std::size_t header_size = 40;
constexpr std::size_t most_bytes = 1u << 20;
constexpr std::size_t most_width = 256;

std::uint64_t fnv(std::string_view bytes) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

template <class T>
T read_at(std::string_view bytes, std::size_t at) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// to += inputs * rows, a row an input. By the widest vectors the machine has.
SWITCHYARD_WIDEST_VECTORS void add_rows(const float* inputs, std::size_t count, const float* rows, float* to, std::size_t width) noexcept {
  for (std::size_t row = 0; row < count; ++row, rows += width)
    for (std::size_t i = 0; i < width; ++i) to[i] += inputs[row] * rows[i];
}

}  // namespace

result<hit_verifier> hit_verifier::load(const std::string& path, std::uint64_t embedding) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return internal_error(path + ": cannot be read");
  std::string bytes(most_bytes + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return of_bytes(bytes, embedding, path);
}

result<hit_verifier> hit_verifier::of_bytes(std::string_view bytes, std::uint64_t embedding, const std::string& name) {
  const auto bad = [&](const std::string& why) { return internal_error(name + ": " + why); };
  if (bytes.size() < header_size || bytes.size() > most_bytes || !bytes.starts_with(magic)) return bad("is no hit verifier of this version");
  const std::size_t features = read_at<std::uint32_t>(bytes, 8), dimensions = read_at<std::uint32_t>(bytes, 12);
  const std::size_t first = read_at<std::uint32_t>(bytes, 16), second = read_at<std::uint32_t>(bytes, 20);
  if (features != pair_feature_count) return bad("looks at other features than this version computes; run tools/train/verifier");
  if (dimensions > 4096 || first == 0 || first > most_width || second == 0 || second > most_width) return bad("has impossible sizes");
  const auto numbers = 2 * features + 4 + (features + 2 * dimensions) * first + first + first * second + second + second + 1;
  if (bytes.size() != header_size + numbers * sizeof(float)) return bad("has a wrong size");
  if (fnv(bytes.substr(header_size)) != read_at<std::uint64_t>(bytes, 32)) return bad("is damaged: its checksum is wrong");
  if (read_at<std::uint64_t>(bytes, 24) != embedding) return bad("was trained with another embedding; run tools/train/verifier");
  hit_verifier out;
  out.dimensions_ = dimensions;
  out.first_ = first;
  out.second_ = second;
  out.numbers_.resize(numbers);
  std::memcpy(out.numbers_.data(), bytes.data() + header_size, numbers * sizeof(float));
  const float* knots = out.numbers_.data() + 2 * features + 2;
  if (!(knots[0] > 0 && knots[0] < knots[1] && knots[1] < 1)) return bad("has impossible knots");
  if (!std::all_of(out.numbers_.begin(), out.numbers_.end(), [](float x) { return std::isfinite(x); })) return bad("holds numbers that are none");
  return out;
}

float hit_verifier::operator()(const pair_features& features, std::span<const float> a, std::span<const float> b) const {
  std::array<float, most_width> hidden, hidden2;
  const float* means = numbers_.data();
  const float* scales = means + features.size();
  const float* spread = scales + features.size();
  const float* knots = spread + 2;
  const float* row = knots + 2;
  const auto inputs = features.size() + 2 * dimensions_;
  const float* biases = row + inputs * first_;
  std::copy_n(biases, first_, hidden.begin());
  std::vector<float> seen(inputs);
  for (std::size_t i = 0; i < features.size(); ++i) seen[i] = (features[i] - means[i]) * scales[i];
  for (std::size_t d = 0; d < dimensions_; ++d) seen[features.size() + d] = std::abs(a[d] - b[d]) * spread[0];
  for (std::size_t d = 0; d < dimensions_; ++d) seen[features.size() + dimensions_ + d] = a[d] * b[d] * spread[1];
  add_rows(seen.data(), inputs, row, hidden.data(), first_);
  row = biases + first_;
  std::copy_n(row + first_ * second_, second_, hidden2.begin());
  for (std::size_t i = 0; i < first_; ++i) hidden[i] = std::max(hidden[i], 0.0f);
  add_rows(hidden.data(), first_, row, hidden2.data(), second_);
  const float* last = row + first_ * second_ + second_;
  float sum = last[second_];
  for (std::size_t i = 0; i < second_; ++i) sum += std::max(hidden2[i], 0.0f) * last[i];
  const float chance = 1 / (1 + std::exp(-sum));
  if (chance < knots[0]) return 0.90f * chance / knots[0];
  if (chance < knots[1]) return 0.90f + 0.05f * (chance - knots[0]) / (knots[1] - knots[0]);
  return 0.95f + 0.05f * (chance - knots[1]) / (1 - knots[1]);
}

}  // namespace switchyard::routing
