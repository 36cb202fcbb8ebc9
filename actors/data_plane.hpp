// The data plane: what every I/O thread needs to serve requests, and the routes it answers. No CAF here.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/ledger_inlet.hpp"
#include "actors/request_record.hpp"
#include "actors/yard_feed.hpp"
#include "base/random.hpp"
#include "net/exchange.hpp"
#include "net/io_thread.hpp"
#include "net/upstream.hpp"
#include "routing/balance.hpp"
#include "routing/retry_budget.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchyard::actors {

/// Limits of the data plane that a reload may change; read by all I/O threads.
struct data_plane_limits {
  std::atomic<std::uint64_t> max_body{20ull << 20};
  std::atomic<std::int64_t> request_timeout_ms{600'000};
  std::atomic<bool> joining{false};              ///< in a cluster, until the others were met: /readyz answers 503
  std::atomic<bool> keep_prompts{false};         ///< telemetry.decision_log.prompts
};

/// One per I/O thread: its view of the yard and what it remembers between requests. Never shared.
class thread_context {
 public:
  /// Takes finished requests in a batch and gives a spent one for its memory; called on this thread.
  using report_function = std::function<std::vector<request_record>(std::vector<request_record>)>;
  thread_context(net::io_thread& thread, const yard_feed& feed, const data_plane_limits& limits, const std::atomic<bool>& draining,
                 report_function report, std::shared_ptr<ledger_writer> ledger, std::uint64_t seed);

  net::io_thread& thread;
  yard_feed::reader yard;
  const data_plane_limits& limits;
  const std::atomic<bool>& draining;
  random_source random;
  ledger_inlet ledger;
  std::shared_ptr<class cache_keeper> cache;     ///< null: none
  std::shared_ptr<class prompt_vectors> vectors; ///< null: nobody asks providers for vectors

  [[nodiscard]] routing::balance_memory& memory_of(const std::string& route) { return memories_[route]; }
  [[nodiscard]] routing::retry_budget& budget_of(const config::provider_config& provider);
  /// Parsed once per URL and thread. The config was checked: never null for a loaded yard.
  [[nodiscard]] const net::base_url* base_url_of(const std::string& url, bool allow_private);
  /// Queued for the next batch: 256 records or 10 ms, at once when something failed.
  void record(request_record&& finished);
  void flush();

 private:
  report_function report_;
  std::unordered_map<std::string, routing::balance_memory> memories_;
  std::unordered_map<std::string, routing::retry_budget> budgets_;
  std::unordered_map<std::string, net::base_url> urls_[2];   // [allow_private]
  std::vector<request_record> batch_;
  std::size_t finished_ = 0;                     // of batch_; what stands behind is spent
  net::io_thread::timer flush_timer_;
};

/// Serves one request of the data plane.
[[nodiscard]] net::task<void> serve_request(thread_context& here, net::exchange& x);

}  // namespace switchyard::actors
