// A generation request and its answer, apart from any wire format: wires parse into the one and print the other.
#pragma once

#include "tools/sim/model_profile.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::sim {

struct tool {
  std::string name;
  boost::json::value parameters;   ///< JSON Schema; null: none
};

/// What a tool gave back, when it is the last thing in the conversation.
struct tool_result {
  std::string tool_name;           ///< empty when the conversation does not say
  std::string content;
};

enum class tool_choice { none, automatic, required, named };
enum class output_shape { text, json_object, json_schema };

struct conversation {
  std::string model;
  std::string prompt;              ///< text of the last user message
  std::optional<tool_result> result;
  std::vector<tool> tools;
  tool_choice choice = tool_choice::automatic;
  std::string chosen_tool;         ///< for tool_choice::named
  bool parallel_calls = true;
  output_shape shape = output_shape::text;
  boost::json::value schema;
  std::vector<std::string> stop;
  std::optional<std::size_t> max_tokens;
  std::size_t min_tokens = 0;
  int choices = 1;
  std::uint64_t seed = 0;
  std::size_t input_tokens = 0;
  bool stream = false;
  bool include_usage = false;
};

struct tool_call {
  std::string id;                  ///< "call_..." ; deterministic
  std::string name;
  std::string arguments;           ///< JSON text
};

enum class ending { stop, length, tool_calls };

struct generated {
  std::string text;
  std::vector<tool_call> calls;    ///< when not empty, text is empty
  ending why = ending::stop;
  std::size_t tokens = 0;
};

/// One answer per choice. Calls tools when they are required or named, or when the prompt mentions a tool's or a
/// parameter's name and the last message is not a tool's result.
[[nodiscard]] std::vector<generated> generate(const conversation& asked, const model_profile& model);

/// 24 hex digits that depend on `text` and `seed` only.
[[nodiscard]] std::string stable_id(std::string_view text, std::uint64_t seed);

}  // namespace switchyard::sim
