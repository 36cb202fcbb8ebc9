// One pass over one file: where in the tree it is, and what was wrong so far.
#pragma once

#include "config/document.hpp"
#include "config/load.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

/// A key that the contract names and this version has not.
struct absent_key {
  std::string_view name;
  std::string_view instead;                      ///< what is there: "available: balance, fallback"
};

/// What others call one of our keys.
struct foreign_name {
  std::string_view theirs;
  std::string_view ours;
};

/// Collects problems and the places of the values that were given, by dotted path.
class reading {
 public:
  reading(std::string file, const environment& env) : file_(std::move(file)), env_(env) {}

  /// Leaves the path as it was on destruction.
  class step {
   public:
    step(reading& run, std::size_t path_length, source_position back) : run_(run), length_(path_length), back_(back) {}
    ~step() {
      run_.path_.resize(length_);
      run_.here_ = back_;
    }
    step(const step&) = delete;
    step& operator=(const step&) = delete;

   private:
    reading& run_;
    std::size_t length_;
    source_position back_;
  };
  /// Goes into a map's value; `at` is the key's place. A null value counts as not given.
  [[nodiscard]] step enter(const map_entry& entry);
  /// Goes into a list's item.
  [[nodiscard]] step enter(std::size_t index, const node& item);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The place of the innermost step.
  [[nodiscard]] source_position here() const noexcept { return here_; }
  [[nodiscard]] const environment& env() const noexcept { return env_; }

  /// About the current path, at `at`.
  void report(source_position at, std::string message) { report(path_, at, std::move(message)); }
  void report(std::string path, source_position at, std::string message);
  /// "expected a list, got a string". Shows no value.
  void wrong_type(const node& got, std::string_view expected);

  /// The map's entries; duplicate keys are reported and left out.
  [[nodiscard]] std::vector<const map_entry*> entries(const node& map);
  /// A key the table does not hold: "unknown key, did you mean 'weight'?", or that this version has not got it.
  void unknown_key(const map_entry& entry, const std::vector<std::string_view>& known, std::span<const absent_key> absent,
                   std::span<const foreign_name> foreign);

  /// Was a value other than null written there?
  [[nodiscard]] bool given(const std::string& path) const { return places_.contains(path); }
  /// Is there a problem with exactly that value?
  [[nodiscard]] bool reported(const std::string& path) const;
  /// Of the value at that path, or of the nearest one above it.
  [[nodiscard]] source_position place_of(std::string path) const;

  void note_literal_secret(source_position at);
  /// Paths and places of secrets that stand in the file itself.
  [[nodiscard]] const std::vector<problem>& literal_secrets() const noexcept { return literal_secrets_; }

  /// In file order; no more than 500, and then a last one that counts the rest.
  [[nodiscard]] std::vector<problem> take_problems();
  [[nodiscard]] bool clean() const noexcept { return problems_.empty(); }

 private:
  std::string file_;
  const environment& env_;
  std::string path_;
  source_position here_;
  std::vector<problem> problems_;
  std::size_t suppressed_ = 0;
  std::map<std::string, source_position, std::less<>> places_;
  std::vector<problem> literal_secrets_;
};

/// ".name", or ["na.me"] where the dots would mislead; cut after 60 characters, control characters as '?'.
[[nodiscard]] std::string path_step(std::string_view key);
/// For messages: quoted, cut after 60 characters, control characters as '?'. Never for a secret.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string_view>& words);
/// The candidate that `text` was likely meant to be (optimal string alignment distance, at most a third of its length);
/// case, '-' and '_' count for nothing. Empty: none.
[[nodiscard]] std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates);
/// ", did you mean 'weight'?" or nothing.
[[nodiscard]] std::string suggestion(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace switchyard::config
