// A small fast random source (SplitMix64, Steele et al. 2014), passed in wherever a decision is drawn.
#pragma once

#include <cstdint>

namespace switchyard {

/// Not for secrets. One per thread or per test; equal seeds give equal draws.
class random_source {
 public:
  explicit random_source(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, 1).
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Uniform in [0, n); n > 0.
  std::uint64_t below(std::uint64_t n) noexcept {
    return static_cast<std::uint64_t>((static_cast<wide>(next()) * n) >> 64);
  }

 private:
  __extension__ using wide = unsigned __int128;
  std::uint64_t state_;
};

}  // namespace switchyard
