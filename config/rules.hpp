// What one value of the file may be: a rule reads it, shows it in the effective config and describes it in the JSON Schema.
#pragma once

#include "config/json_writer.hpp"
#include "config/reading.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace switchyard::config {

template <class T>
class rule {
 public:
  virtual ~rule() = default;
  /// Fills `into`, or reports and leaves it as it was.
  virtual void read(const node& from, T& into, reading& run) const = 0;
  virtual void show(const T& from, json_writer& out) const = 0;
  /// Writes the members of the value's schema object.
  virtual void describe(json_writer& out) const = 0;
  /// Is `value` worth a "default" in the schema?
  [[nodiscard]] virtual bool is_telling_default(const T&) const { return false; }
};

template <class T>
using rule_ptr = std::shared_ptr<const rule<T>>;

/// "anyOf" in a value's schema object: each alternative writes the members of its own.
template <class... Alternatives>
void describe_any_of(json_writer& out, const Alternatives&... each) {
  out.key("anyOf");
  out.begin_list();
  ((out.begin_object(), each(), out.end_object()), ...);
  out.end_list();
}

/// A form a string may have.
struct text_form {
  std::string_view expected;                     ///< for messages: "a name of letters, digits, '.', '_' and '-'"
  std::string_view pattern;                      ///< for the schema (ECMA 262); empty: none
  bool (*fits)(std::string_view) = nullptr;      ///< null: any text without control characters
  bool may_be_empty = false;                     ///< "" then means left out
};

/// [A-Za-z0-9._-], 1 to 128 of them.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

[[nodiscard]] rule_ptr<std::string> text(const text_form& form);
[[nodiscard]] rule_ptr<std::string> name();                    ///< is_name
[[nodiscard]] rule_ptr<std::string> optional_name();           ///< is_name or ""
[[nodiscard]] rule_ptr<std::string> label();                   ///< any text without control characters, or ""
[[nodiscard]] rule_ptr<std::string> path();                    ///< not empty
[[nodiscard]] rule_ptr<std::string> model_pattern();           ///< "gpt-4o", "gpt-4*", "*"
[[nodiscard]] rule_ptr<std::string> target_name();             ///< "provider/model"
[[nodiscard]] rule_ptr<std::string> base_url();                ///< normalise_base_url
[[nodiscard]] rule_ptr<std::string> optional_base_url();       ///< normalise_base_url, or ""
[[nodiscard]] rule_ptr<bool> boolean();
[[nodiscard]] rule_ptr<std::optional<bool>> optional_boolean();
[[nodiscard]] rule_ptr<milliseconds> duration();               ///< above 0
[[nodiscard]] rule_ptr<std::optional<wall_time>> optional_time();   ///< "2027-01-31" or "2027-01-31T12:00:00Z"; null: none
[[nodiscard]] rule_ptr<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
[[nodiscard]] rule_ptr<listen_address> address();
/// Where another node listens: a listen address, or a name that may lead to several nodes.
[[nodiscard]] rule_ptr<listen_address> peer_address();
/// A literal, env.NAME or file:/path. null: none. Shown as "***", never its value.
[[nodiscard]] rule_ptr<secret> credential();

/// Integers from `least` to `most`; int, std::int64_t and std::uint64_t are instantiated.
template <std::integral Integer>
[[nodiscard]] rule_ptr<Integer> integer(Integer least, Integer most);

enum class lower_bound { included, excluded };
[[nodiscard]] rule_ptr<double> number(double least, double most, lower_bound least_is = lower_bound::included);
[[nodiscard]] rule_ptr<std::optional<double>> optional_number(double least, double most);

/// One of some words. `absent` words are the contract's, but not in this version.
class word_rule {
 public:
  word_rule(std::vector<std::string_view> words, std::vector<std::string_view> absent)
      : words_(std::move(words)), absent_(std::move(absent)) {}
  /// The word's index; words.size() after a report.
  [[nodiscard]] std::size_t read(const node& from, reading& run) const;
  void describe(json_writer& out) const;
  [[nodiscard]] std::string_view word(std::size_t index) const { return words_[index]; }
  [[nodiscard]] std::size_t count() const noexcept { return words_.size(); }

 private:
  std::vector<std::string_view> words_;
  std::vector<std::string_view> absent_;
};

template <class Enum>
class choice final : public rule<Enum> {
 public:
  explicit choice(const std::vector<std::pair<std::string_view, Enum>>& rows, std::vector<std::string_view> absent = {})
      : words_(words_of(rows), std::move(absent)) {
    for (const auto& row : rows) values_.push_back(row.second);
  }
  void read(const node& from, Enum& into, reading& run) const override {
    if (const auto index = words_.read(from, run); index < values_.size()) into = values_[index];
  }
  void show(const Enum& from, json_writer& out) const override {
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (values_[i] == from) return out.text(words_.word(i));
    out.null();
  }
  void describe(json_writer& out) const override { words_.describe(out); }
  bool is_telling_default(const Enum&) const override { return true; }

 private:
  static std::vector<std::string_view> words_of(const std::vector<std::pair<std::string_view, Enum>>& rows) {
    std::vector<std::string_view> words;
    for (const auto& row : rows) words.push_back(row.first);
    return words;
  }
  word_rule words_;
  std::vector<Enum> values_;
};

}  // namespace switchyard::config
