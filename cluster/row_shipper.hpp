// Sends a node's durable ledger rows to one other node, in order, until that one has them on disk.
//
//   tick() -> rows to read -> run_read() -> shipped_run  -> shipped_answer -> the next ones; unanswered: the same ones again
//                          -> rows_read() -> shipped_rows, to who answered that it does not know the other
//
// T1  shipped() moves over rows that another node has on disk, and only over those, without gaps within a life.
// T2  One message of at most most_rows and most_bytes is under way: that is the resend window, and all the memory there is to it. Rows wait in the
//     ledger, where they are safe from crashes.
// T3  The successor is the first alive of owners_of("ledger NODE"); any node may become it at any row, for the collector keeps whatever comes.
#pragma once

#include "cluster/outbox.hpp"
#include "cluster/shipping_messages.hpp"

#include <functional>
#include <map>

namespace switchyard::cluster {

struct shipping_options {
  std::size_t most_rows = 4096;
  std::size_t most_bytes = 768u << 10;
  std::size_t most_packed_rows = 8192;
  std::size_t most_packed_bytes = 2u << 20;      ///< before they are packed; together they travel in one frame
  milliseconds every{250};                       ///< unless as many wait as a message takes: each costs the other end a sync of its disk, however little it holds
  milliseconds answer_within{500};
  milliseconds successor_silent{2000};
  milliseconds successor_shunned{5000};
  milliseconds plain_for{60'000};                  ///< who knows no packed runs may be another version after that
  bool answered_when_written = true;             ///< false only to show that the simulation notices
};

/// Rows first .. first + count - 1 of that life are wanted.
struct rows_to_read {
  std::uint64_t life = 0;
  std::uint64_t first = 0;
  std::size_t count = 0;
  bool packed = false;                           ///< wanted by run_read(); rows_read() does as well
};

/// Not thread-safe.
class row_shipper {
 public:
  using alive_check = std::function<bool(const node_name&)>;

  row_shipper(node_name self, std::vector<node_name> configured, shipping_options options = {});

  /// Rows up to `last` of that life are on this node's disk. At start also for earlier lives, with what is still kept of them: `first`.
  void durable(std::uint64_t life, std::uint64_t last, std::uint64_t first = 1);
  /// At start, from where it was noted last; shipping a row again harms nothing.
  void resume(std::uint64_t life, std::uint64_t shipped);

  [[nodiscard]] std::optional<rows_to_read> tick(steady_time now, const alive_check& alive);
  /// Fewer rows than wanted: the rest was dropped by retention and is passed over.
  void rows_read(const rows_to_read& wanted, std::vector<std::string> rows, steady_time now, outbox& out);
  /// The same of a packed run with that many rows.
  void run_read(const rows_to_read& wanted, std::size_t count, std::string packed, steady_time now, outbox& out);
  void on(const node_name& from, const shipped_answer& message, steady_time now);
  /// That node knows no packed runs.
  void unsupported_by(const node_name& node, steady_time now);

  /// Rows of that life up to here are on another node's disk.
  [[nodiscard]] std::uint64_t shipped(std::uint64_t life) const;
  /// Durable rows not shipped yet.
  [[nodiscard]] std::uint64_t lag() const;
  [[nodiscard]] const node_name& successor() const noexcept { return successor_; }

 private:
  struct life_state {
    std::uint64_t last = 0;
    std::uint64_t shipped = 0;
  };
  void choose(steady_time now, const alive_check& alive);
  [[nodiscard]] bool is_under_way(const rows_to_read& wanted) const noexcept;
  void pass_over(const rows_to_read& wanted);

  node_name self_;
  shipping_options options_;
  std::vector<node_name> order_;
  std::map<std::uint64_t, life_state> lives_;
  node_name successor_;
  std::map<node_name, steady_time> shunned_;
  std::map<node_name, steady_time> plain_until_;
  std::optional<rows_to_read> under_way_;
  steady_time next_at_{};                        // of few rows
  steady_time sent_at_{};
  steady_time asked_since_{};                    // of the successor, without an answer
};

}  // namespace switchyard::cluster
