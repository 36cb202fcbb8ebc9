// The admin API's answers out of the ledger: spend, pages of rows, verification, backup. No CAF, no clock but for the span's default.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/ledger_writer.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace switchyard::actors {

/// Microseconds since 1970 of "2026-11-26", "2026-11-26T14:00:00Z" (a fraction and an offset are fine) or seconds since 1970; nullopt: neither.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text) noexcept;

/// GET spend?by=&from=&to=
[[nodiscard]] admin_answer spend_answer(const ledger_writer& ledger, std::string_view query);
/// GET savings?from=&to=: what requests cost less than at their route's baseline, in all, by route, and by what saved it.
[[nodiscard]] admin_answer savings_answer(const ledger_writer& ledger, const routing::yard& yard, std::string_view query);
/// GET ledger?from=&to=&format=jsonl|csv&after=&limit=: {"rows": "...", "next": "..."}; `next` missing: that was the last page.
[[nodiscard]] admin_answer ledger_page_answer(const ledger_writer& ledger, std::string_view query);
/// POST backup {"dir"}
[[nodiscard]] admin_answer backup_answer(const ledger_writer& ledger, std::string_view body);

/// Runs verify() on a thread of its own, one at a time: a million rows take seconds. Any thread.
class ledger_check {
 public:
  ~ledger_check();
  /// POST: begins, or tells of the one under way.
  [[nodiscard]] admin_answer begin(std::shared_ptr<ledger_writer> ledger);
  /// GET: {"state": "none|running|done", "rows", ...}
  [[nodiscard]] admin_answer tell() const;

 private:
  struct run {
    std::atomic<std::uint64_t> rows{0};
    std::atomic<bool> done{false};
    std::string body;                            ///< once done
  };
  mutable std::mutex mutex_;
  std::shared_ptr<run> run_;
  std::thread thread_;
};

}  // namespace switchyard::actors
