// From a file, a text or the environment to a checked config: every problem at once, each with its place.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

/// One thing wrong: "my.yaml:12:5: providers.openai.keys[0].weigth: unknown key, did you mean 'weight'?"
struct problem {
  std::string file;
  source_position at;
  std::string key;       ///< dotted path, "" for syntax errors
  std::string message;   ///< what is wrong and what was expected; never a secret's value

  [[nodiscard]] std::string to_string() const;
};

/// Either `value` is set and `problems` empty, or `value` is empty and `problems` not.
struct load_result {
  std::optional<config> value;
  std::vector<problem> problems;
};

/// Looks a variable up; the real one is std::getenv.
using environment = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] environment process_environment();

/// Reads YAML 1.2 or JSON (one schema). `file` only names the source in problems.
[[nodiscard]] load_result load_text(std::string_view text, const std::string& file, const environment& env);
/// Reads a file; an unreadable file is one problem.
[[nodiscard]] load_result load_file(const std::string& path, const environment& env);
/// Literal secrets in a file that its group or others can read: one warning each, none of them an error.
[[nodiscard]] std::vector<problem> file_warnings(const std::string& path);
/// No file: a provider per known variable (OPENAI_API_KEY, ...) from the preset table; no provider at all is allowed
/// (the caller then adds the built-in `sim`).
[[nodiscard]] load_result from_environment(const environment& env);

/// The JSON Schema (2020-12) of the whole file.
[[nodiscard]] std::string json_schema();
/// A commented YAML file that holds every option of this version and loads without a problem.
[[nodiscard]] std::string example_yaml();
/// The effective config as JSON, defaults filled in, every secret shown as "***".
[[nodiscard]] std::string to_json(const config& effective);

}  // namespace switchyard::config
