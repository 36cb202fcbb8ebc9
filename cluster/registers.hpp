// Single-writer registers: each node writes its own, all read all. Last write wins by (life, seq) of its one writer; no wall clock.
//
// R1  A register has one writer, so two values of it are ordered by (life, seq) and every node ends with the same one.
// R2  A mark says "everything of this writer up to here"; it moves only over ranges without a gap, so a digest hides no hole that a lost or
//     reordered push left.
// R3  Every digest_every a node compares marks with one other node, in turn; each sends what the other lacks, of all writers. So once all pairs
//     of a connected part have met, all its nodes know the same.
// R4  A higher life of a writer ends what its earlier lives wrote.
// R5  Durations are relative and count from receipt; who passes one on sends what is left of it. None lasts longer than an hour.
#pragma once

#include "cluster/outbox.hpp"
#include "cluster/register_messages.hpp"

#include <map>

namespace switchyard::cluster {

struct register_options {
  milliseconds digest_every{200};
  milliseconds longest{std::chrono::hours(1)};
  std::size_t most_registers = 4096;             ///< of one writer
  std::size_t most_entries = 256;                ///< of one delta
  std::size_t longest_value = 2048;
  bool marks_stop_at_gaps = true;                ///< false only to show that the simulation notices
};

struct register_value {
  std::uint64_t seq = 0;
  std::optional<steady_time> until;              ///< by this node's clock
  steady_time received{};
  std::string value;
};

/// Not thread-safe.
class registers {
 public:
  registers(node_name self, std::vector<node_name> configured, std::uint64_t life, register_options options = {});

  /// Writes an own register and pushes it to all. An error: too many registers, or a value that is too long.
  outcome write(const std::string& name, std::string value, std::optional<milliseconds> lasts, steady_time now, outbox& out);
  void on(const node_name& from, const register_delta& message, steady_time now);
  void on(const node_name& from, const register_digest& message, steady_time now, outbox& out);
  void tick(steady_time now, outbox& out);

  /// nullptr: never written, or its time is over.
  [[nodiscard]] const register_value* find(const node_name& writer, const std::string& name, steady_time now) const;
  /// Rises whenever a register of another node changed.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }
  /// (writer, name) -> (life, seq, value) of all, to compare nodes by.
  [[nodiscard]] std::map<std::pair<node_name, std::string>, std::string> contents() const;

 private:
  struct writer_state {
    std::uint64_t life = 0;
    std::uint64_t complete = 0;                  // everything up to here is known
    std::map<std::string, register_value> values;
    std::map<std::uint64_t, std::string> by_seq; // where each value stands in the writer's order
  };

  void store(writer_state& w, const std::string& name, register_value value);
  void send_since(const node_name& to, const node_name& writer, const writer_state& w, std::uint64_t after, steady_time now, outbox& out) const;
  [[nodiscard]] register_digest digest(bool answer) const;

  node_name self_;
  std::vector<node_name> others_;
  register_options options_;
  std::map<node_name, writer_state> writers_;
  std::uint64_t revision_ = 0;
  std::uint64_t seq_ = 0;
  std::size_t turn_ = 0;
  steady_time next_digest_{};
};

}  // namespace switchyard::cluster
