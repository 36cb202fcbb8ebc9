// The contract's metrics (section 8) as one actor counts them: plain maps without locks, bounded in their labels, rendered as
// Prometheus text.
#pragma once

#include "actors/request_record.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchyard::actors {

/// Seconds in the buckets below; cumulative only when rendered.
class duration_histogram {
 public:
  /// Upper bounds in seconds. From the fourth on, 100 us .. 300 s, they are what a gateway's own overhead and a long completion need; the
  /// three before it are for stages, which take well below a microsecond when they only look something up.
  static constexpr std::array<double, 23> bounds{1e-6, 1e-5, 5e-5, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,  0.25, 0.5,  1,      2.5,     5,      10,    30,     60,    120,  300};
  static constexpr std::size_t from_100_us = 3;

  void add(nanoseconds sample) noexcept;
  [[nodiscard]] const std::array<std::uint64_t, bounds.size() + 1>& counts() const noexcept { return counts_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] double sum_seconds() const noexcept { return static_cast<double>(sum_ns_) * 1e-9; }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  std::uint64_t count_ = 0;
  std::int64_t sum_ns_ = 0;
};

/// Figures that are read at the moment of rendering.
struct live_figures {
  std::vector<std::shared_ptr<const routing::key_entry>> keys;
  std::shared_ptr<const routing::virtual_key_set> virtual_keys;   ///< null: none
  std::uint64_t ledger_entries = 0;
  std::uint64_t records_dropped = 0;
  std::uint64_t actor_restarts = 0;
  int connections = 0;
  bool alone = true;                             ///< in no cluster
  std::array<int, 5> members{1};                 ///< nodes by cluster::member_state; alone: itself
  std::string_view version;
  steady_time now{};
  wall_time at{};
};

/// Folds records. Not thread-safe. Clients choose model names, so a model is a label only once it is configured or some provider
/// has answered for it, else "other"; a metric that holds 2000 series books new ones under "other" labels.
class metrics_book {
 public:
  void add(const request_record& record);
  /// Prometheus text exposition format, version 0.0.4.
  [[nodiscard]] std::string render(const live_figures& live) const;

  [[nodiscard]] std::size_t series() const noexcept;

 private:
  // By the metric's own label names, in their order; unused ones empty. Looked up by views: the usual record allocates nothing.
  using labels = std::array<std::string, 4>;
  using label_views = std::array<std::string_view, 4>;
  struct label_hash {
    using is_transparent = void;
    template <class Labels>
    std::size_t operator()(const Labels& all) const noexcept {
      std::size_t sum = 0;
      for (const std::string_view one : all) sum = sum * 31 + std::hash<std::string_view>{}(one);
      return sum;
    }
  };
  struct label_equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return std::equal(a.begin(), a.end(), b.begin(), [](std::string_view x, std::string_view y) { return x == y; });
    }
  };
  template <class Value>
  using table = std::unordered_map<labels, Value, label_hash, label_equal>;

  template <class Value>
  Value& cell(table<Value>& in, label_views at, std::size_t used);
  /// The cells of one answered request, found once: most records are like one of the last few. Cells stay where they are.
  struct usual_cells {
    std::string provider, key, model, route;     ///< model: the label
    int status = 0;
    duration_histogram* upstream = nullptr;      ///< these are null until there is something to count
    std::uint64_t* requests = nullptr;
    std::uint64_t* input = nullptr;
    std::uint64_t* output = nullptr;
    nano_usd* cost = nullptr;
  };
  [[nodiscard]] usual_cells& usual(const routing::key_entry& key, std::string_view model, std::string_view route, int status);
  void add_answered(const request_record& record, std::string_view route);
  [[nodiscard]] std::string_view model_label(const routing::key_entry& key, std::string_view model) const;
  std::string_view note_attempt(const attempt_record& attempt);
  void add_failovers(const request_record& record);
  void add_stages(const request_record& record);
  void learn_model(const std::string& provider, const std::string& model);

  table<std::uint64_t> requests_;                ///< route, provider, model, code
  duration_histogram durations_, overheads_, first_tokens_;
  table<duration_histogram> upstream_durations_; ///< provider, model, key
  table<std::uint64_t> upstream_errors_;         ///< provider, key, kind
  table<std::uint64_t> tokens_;                  ///< provider, model, direction
  table<nano_usd> costs_;                        ///< provider, model, route
  table<nano_usd> savings_, losses_;             ///< reason; of requests that cost less, and more, than their route's baseline
  table<std::uint64_t> unpriced_;                ///< provider, model
  table<std::uint64_t> failovers_;               ///< from, to, reason
  table<std::uint64_t> cache_lookups_;           ///< result
  table<duration_histogram> stage_durations_;    ///< route, stage
  table<std::uint64_t> findings_;                ///< route, check, action
  table<std::uint64_t> embeddings_;              ///< route, result
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> answered_models_;   ///< by provider
  std::size_t answered_count_ = 0;
  std::array<usual_cells, 4> usual_;
  std::size_t next_usual_ = 0;                   ///< the one that makes room
};

}  // namespace switchyard::actors
