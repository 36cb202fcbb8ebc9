// What was spent since this node started, summed by who and what.
#pragma once

#include "actors/request_record.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace switchyard::actors {

struct spend_sums {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::uint64_t unpriced = 0;                    ///< their cost is unknown and not in `cost`
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  nano_usd cost = 0;

  void add(const spend_sums& other) noexcept;
};

/// Sums by provider, model, route and virtual key; above 2000 combinations new ones go to "other". Not thread-safe.
class spend {
 public:
  /// Tags of a virtual key as configured now, by its name.
  using tags_by_key = std::map<std::string, std::map<std::string, std::string>>;

  /// Requests that reached a provider; others cost nothing.
  void add(const request_record& record);

  [[nodiscard]] const spend_sums& total() const noexcept { return total_; }
  /// `by`: model ("provider/model"), provider, route, virtual_key, tag ("name=value"). Empty map: unknown `by`.
  [[nodiscard]] std::map<std::string, spend_sums> by(std::string_view by, const tags_by_key& tags) const;
  [[nodiscard]] static bool knows(std::string_view by) noexcept;

 private:
  struct row {
    std::string provider, model, route, virtual_key;
    friend auto operator<=>(const row&, const row&) = default;
  };
  std::map<row, spend_sums> rows_;
  spend_sums total_;
};

}  // namespace switchyard::actors
