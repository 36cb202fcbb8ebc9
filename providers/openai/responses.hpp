// The responses dialect's own pieces, between its files: tools of other shapes, items, requests, answers and streams.
//
//   request:  {"model", "instructions"?, "input": "text" | [item], "tools"?, …}
//   answer:   {"id", "object":"response", "status", "output":[item], "usage", …and the request's own fields again}
//   item:     {"type":"message"|"reasoning"|"function_call"|"function_call_output"|…, "id", …}
//
// A neutral message of the assistant is what stands between two of the user's: messages, reasoning and calls in their order.
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_out.hpp"
#include "providers/neutral.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::responses {

using neutral::json_text;

// ---- responses_tools.cpp: tools that are no functions, but can be played by one

/// What a function stands for. Its call comes back to the client as an item of that shape.
enum class tool_shape : std::uint8_t {
  function,
  custom,        ///< free text: {"input": text}                  <-> custom_tool_call
  local_shell,   ///< {"command":[…],"working_directory"?,…}      <-> local_shell_call
  shell,         ///< {"commands":[…],"timeout_ms"?,…}            <-> shell_call
  apply_patch,   ///< {"operation":{"type","path","diff"?}}       <-> apply_patch_call
  tool_search,   ///< as the client's own parameters say          <-> tool_search_call
};
/// "custom_tool_call"
[[nodiscard]] std::string_view call_type(tool_shape shape) noexcept;
/// "custom_tool_call_output"
[[nodiscard]] std::string_view output_type(tool_shape shape) noexcept;
/// The shape whose calls or outputs are items of that type; nullopt: none.
[[nodiscard]] std::optional<tool_shape> shape_of_call(std::string_view item_type) noexcept;
[[nodiscard]] std::optional<tool_shape> shape_of_output(std::string_view item_type) noexcept;
/// The name of the function that plays a tool without a name of its own: "\"local_shell\"".
[[nodiscard]] json_text function_name(tool_shape shape) noexcept;

/// Appends what the entries of a request's `tools` mean to `out`.
void read_tools(json_text tools, std::vector<neutral::tool>& out, neutral::arena& texts);
/// The name by which a namespace's tool is known outside: space__name, at most 64 characters. `space` may be empty.
[[nodiscard]] json_text flat_name(json_text space, json_text name, neutral::arena& texts);

/// How the client knows the tool that a provider calls `name`.
struct client_tool {
  tool_shape shape = tool_shape::function;
  json_text name;
  json_text space;           ///< its namespace; empty: none
};
[[nodiscard]] client_tool find_client_tool(const neutral::request* asked, json_text name, neutral::arena& texts);

// ---- responses_items.cpp: items into neutral parts

/// Where the reasoning of other providers is kept in `encrypted_content`, so that it finds its way back: mark + signature or data.
inline constexpr std::string_view signature_mark = "switchyard.signature.";
inline constexpr std::string_view redacted_mark = "switchyard.redacted.";
/// Likewise the signature of a tool call, which has no place of its own: mark + call id + ":" + signature.
inline constexpr std::string_view call_mark = "switchyard.call.";

/// responses_marked_items.cpp: what to cut out of a request so that no item with such a mark is left, in order.
[[nodiscard]] std::vector<byte_range> marked_items(std::string_view body);

/// Is `type` an item that OpenAI's own tools leave in the output? ("web_search_call")
[[nodiscard]] bool is_hosted_item(std::string_view type) noexcept;

/// Reads the items of a conversation or an answer one by one.
class item_reader {
 public:
  /// `ours`: encrypted reasoning may carry our marks (a client's conversation); else it is the provider's own.
  item_reader(neutral::arena& texts, bool ours) : texts_(texts), ours_(ours) {}

  /// Appends the parts of an assistant's item (reasoning, function_call, message's content, hosted calls) to `out`.
  void read_output(json_text item, std::string_view type, std::vector<neutral::part>& out);
  /// The parts of a message's `content` or a tool's `output`: a string or a list.
  void read_content(json_text content, std::vector<neutral::part>& out);
  /// One part of them; false: it has nothing to give.
  void read_part(json_text part, std::vector<neutral::part>& out);
  /// The result of a tool, whatever its shape.
  [[nodiscard]] neutral::part read_result(json_text item, tool_shape shape);
  /// A call of any shape.
  [[nodiscard]] neutral::part read_call(json_text item, tool_shape shape);
  /// Hands the signatures that reasoning items carried for calls to those calls.
  void sign_calls(std::vector<neutral::message>& messages) const;

 private:
  void read_reasoning(json_text item, std::vector<neutral::part>& out);
  [[nodiscard]] json_text after_mark(json_text value, std::string_view mark);

  struct call_signature {
    std::string_view call_id;
    json_text signature;
  };
  neutral::arena& texts_;
  bool ours_;
  std::vector<call_signature> signatures_;
};

/// The object a call's `arguments` string holds; the string itself when it holds none; {} when it is empty.
[[nodiscard]] json_text arguments_object(json_text arguments, neutral::arena& texts);

// ---- responses_request_reader.cpp, responses_request_writer.cpp

[[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts);
[[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                    neutral::dropped_fields& dropped);

// ---- responses_answer.cpp

[[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts);
void write_answer(const neutral::answer& what, const answer_context& context, std::string& out);

[[nodiscard]] neutral::token_counts read_counts(json_text usage) noexcept;
/// What `status` and `incomplete_details` of a finished response say.
[[nodiscard]] neutral::finish_reason read_finish(json_text response, bool has_calls, bool has_refusal) noexcept;

// ---- responses_stream_reader.cpp, responses_stream_writer.cpp

[[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential);
[[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context);

// ---- shared by those who write

/// `value` in one line, as a stream's events need it: line ends of valid JSON stand between values only.
void append_flat(std::string& out, std::string_view value);
/// The inside of a JSON string, escaped once more: for JSON inside a JSON string.
void append_escaped_again(std::string& out, std::string_view inside);
/// The members by which a call of a shape without text of its own says what to do: {"action":…}, {"operation":…} or {"arguments":…}.
void write_action(json::out& item, tool_shape shape, json_text arguments);
/// Appends annotations in this format's form to a list under way: flat url_citation and its like.
void write_annotations(json::out& list, json_text citations);

}  // namespace switchyard::providers::responses
