// The last decisions, kept small: a ring of packed records whose strings are shared.
#pragma once

#include "actors/request_record.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace switchyard::actors {

/// Strings by number, each stored once. Number 0 is "".
class name_table {
 public:
  name_table() { (void)number_of(""); }

  [[nodiscard]] std::uint32_t number_of(std::string_view name);
  [[nodiscard]] const std::string& operator[](std::uint32_t number) const { return names_[number]; }
  /// nullopt: never seen.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }

 private:
  std::deque<std::string> names_;                ///< a deque: the map's views stay valid as it grows
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

/// Which decisions to show; an empty member does not filter.
struct decision_filter {
  std::size_t limit = 50;                        ///< 1..1000
  std::string route;
  std::string model;                             ///< asked for or answered by, with or without "provider/"
  std::string provider;
  std::string virtual_key;
  std::string status;                            ///< "200", "4xx"
};

/// Remembers the newest `kept` requests, about 150 bytes each. Not thread-safe.
class decision_log {
 public:
  explicit decision_log(std::size_t kept) : kept_(kept) {}

  /// Fewer than now: the oldest go.
  void keep(std::size_t kept);
  void add(const request_record& record);

  [[nodiscard]] std::size_t size() const noexcept { return ring_.size(); }
  /// Prompts of the newest decisions, as many as fit into this many bytes; older decisions lose theirs.
  static constexpr std::size_t most_prompt_bytes = 32u << 20;
  /// {"prompts":[{"prompt","route","target","at"},...]}, newest first, at most `limit`.
  [[nodiscard]] std::string prompts(std::size_t limit) const;
  /// Distinct strings held; bounded whatever clients name.
  [[nodiscard]] std::size_t names() const noexcept { return names_.size(); }
  /// {"decisions":[...]}, newest first.
  [[nodiscard]] std::string newest(const decision_filter& filter) const;
  /// One decision with all its attempts; nullopt: unknown or forgotten.
  [[nodiscard]] std::optional<std::string> find(const request_id& id) const;
  /// The record as one JSON object, as newest() shows it.
  [[nodiscard]] static std::string to_json(const request_record& record);

 private:
  using name = std::uint32_t;
  struct packed_attempt {
    name provider, model, key, problem;
    std::uint32_t first_byte_us, duration_us;
    std::uint16_t status;
    routing::call_result result;
    bool probe;
  };
  struct packed_decision {
    request_id id;
    wall_time at;
    nano_usd cost;                               ///< -1: unknown
    name route, virtual_key, operation, requested_model, error_code, decision;
    std::uint32_t duration_us, overhead_us, first_token_us;
    std::uint32_t input_tokens, output_tokens, cached_tokens;
    std::uint16_t status;
    request_ending ending;
    bool stream, tokens_estimated;
    packed_attempt last;                         ///< of `attempts` when there was any
    std::unique_ptr<std::vector<packed_attempt>> earlier;   ///< null: the last was the only one, or none was made
    bool attempted;
    std::shared_ptr<const request_details> details;   ///< null: none
    std::unique_ptr<std::string> prompt;         ///< null: none is kept
  };
  [[nodiscard]] packed_decision pack(const request_record& record);
  [[nodiscard]] packed_attempt pack(const attempt_record& attempt);
  void forget_unused_names();
  void forget_oldest();
  void forget_prompt(packed_decision& kept) noexcept;
  [[nodiscard]] bool matches(const packed_decision& kept, const decision_filter& filter) const;
  void write(std::string& out, const packed_decision& kept) const;

  std::size_t kept_;
  std::deque<packed_decision> ring_;             ///< oldest first
  name_table names_;
  std::size_t prompt_bytes_ = 0;
  std::size_t without_prompts_ = 0;              ///< so many of the oldest have lost theirs
};

}  // namespace switchyard::actors
