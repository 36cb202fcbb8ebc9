// A generation request and its answer, apart from any wire format: wires parse into the one and print the other.
#pragma once

#include "tools/sim/model_profile.hpp"

#include <boost/json/value.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace switchyard::sim {

struct call;

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

/// What a prompt costs: a provider keeps what stands before a cache mark, and finds it again in a later turn.
class prompt_meter {
 public:
  void add(std::size_t tokens) noexcept { total_ += tokens; }
  /// Everything added so far may be cached.
  void mark() noexcept { marked_ = total_; }
  /// A model's earlier answer begins: what stands before it was sent, and cached, in an earlier request.
  void earlier_answer() noexcept { earlier_ = total_; }

  [[nodiscard]] std::size_t total() const noexcept { return total_; }
  [[nodiscard]] std::size_t cache_read() const noexcept { return std::min(marked_, earlier_); }
  [[nodiscard]] std::size_t cache_written() const noexcept { return marked_ - cache_read(); }
  [[nodiscard]] std::size_t uncached() const noexcept { return total_ - marked_; }

 private:
  std::size_t total_ = 0;
  std::size_t marked_ = 0;
  std::size_t earlier_ = 0;
};

struct conversation {
  std::string model;
  std::string prompt;              ///< text of the last user message
  std::vector<tool_result> results;
  std::vector<tool> tools;
  tool_choice choice = tool_choice::automatic;
  std::vector<std::string> chosen_tools;   ///< for tool_choice::named: one of these
  bool parallel_calls = true;
  output_shape shape = output_shape::text;
  boost::json::value schema;
  bool thinking = false;           ///< thinks aloud before it answers
  std::vector<std::string> stop;
  std::optional<std::size_t> max_tokens;
  std::size_t min_tokens = 0;
  int choices = 1;
  std::uint64_t seed = 0;
  prompt_meter input;
  bool stream = false;
  bool include_usage = false;

  /// What the conversation ends with: the tools' results, else the prompt.
  [[nodiscard]] std::string last_text() const;
};

struct tool_call {
  std::string id;                  ///< "call_" and 24 hex digits; deterministic
  std::string name;
  std::string arguments;           ///< JSON text of an object

  /// The id with a wire's own prefix.
  [[nodiscard]] std::string id_as(std::string_view prefix) const { return std::string(prefix) + id.substr(5); }
};

enum class ending { stop, stop_sequence, length, tool_calls };

struct generated {
  std::string thinking;
  std::string text;                ///< empty when it is all calls
  std::vector<tool_call> calls;
  ending why = ending::stop;
  std::string stopped_by;          ///< for ending::stop_sequence
  std::size_t thinking_tokens = 0;
  std::size_t tokens = 0;          ///< those of thinking included
};

/// One answer per choice: the script's next step where the call has one that fits, else the normal course, which calls every
/// tool that the prompt mentions by name, part of name or parameter (one at least where a call is required or named),
/// unless the last message is a tool's result.
[[nodiscard]] std::vector<generated> generate(const conversation& asked, const call& from);

/// 24 hex digits that depend on `text` and `seed` only.
[[nodiscard]] std::string stable_id(std::string_view text, std::uint64_t seed);

/// What a model signs its thoughts with: 52 characters of base64.
[[nodiscard]] std::string thinking_signature(std::string_view text);
/// Was `signature` made by this simulator, for whatever text?
[[nodiscard]] bool is_thinking_signature(std::string_view signature);

}  // namespace switchyard::sim
