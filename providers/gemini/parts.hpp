// Parts of contents, both ways.
//
//   part = {"text":S, "thought"?:true} | {"inlineData":{"mimeType","data"}} | {"fileData":{"mimeType"?,"fileUri"}}
//        | {"functionCall":{"id"?,"name","args"?}} | {"functionResponse":{"id"?,"name","response","parts"?}}
//        | {"executableCode"|"codeExecutionResult"|"toolCall"|"toolResponse":{…}}         hosted tools: foreign to everyone else
//   each with "thoughtSignature"?:base64
//
// A part with a signature and no text is a reasoning part with the text "": so the signature finds its way back through other formats.
#pragma once

#include "providers/json_out.hpp"
#include "providers/neutral.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::gemini {

/// Makes ids for calls that have none, the same for a call and its result: "call_<base>_<n>".
class call_ids {
 public:
  /// `base`: what makes the ids of an answer its own (its responseId). Empty, for a whole conversation: the function's name, and results
  /// are matched to calls in order.
  explicit call_ids(std::string_view base = {}) : base_(base.substr(0, longest_base)) {}

  [[nodiscard]] neutral::json_text of_call(neutral::json_text function, neutral::json_text given, neutral::arena& texts);
  [[nodiscard]] neutral::json_text of_result(neutral::json_text function, neutral::json_text given, neutral::arena& texts);

 private:
  static constexpr std::size_t longest_base = 40;   // ids of more than 64 characters are refused by some
  struct open_call {
    neutral::json_text function;
    neutral::json_text id;
  };
  std::string base_;
  std::size_t made_ = 0;
  std::vector<open_call> open_;   // without a result so far; conversations only
};

/// Reads one part. False: nothing is known of it; its fields are in `unknown` then, with `where` before their names, as are fields of
/// known parts that cannot be said.
[[nodiscard]] bool read_part(std::string_view object, neutral::arena& texts, call_ids& ids, std::string_view where, neutral::part& out,
                             std::vector<std::string_view>& unknown);

/// Is that inlineData object a picture?
[[nodiscard]] bool is_picture(std::string_view inline_data) noexcept;
/// Those of a list of candidates.
[[nodiscard]] std::int64_t count_pictures(std::string_view candidates) noexcept;

/// {"text":…,"thought"?,"thoughtSignature"?}
void write_text(neutral::json_text text, bool thought, neutral::json_text signature, json::out& out);
/// {"functionCall":{…},"thoughtSignature"?}. `arguments` that are no object are wrapped: {"input":…}.
void write_call(neutral::json_text id, neutral::json_text name, neutral::json_text arguments, neutral::json_text signature, json::out& out);
/// {"inlineData":…} or {"fileData":…}; false, and nothing is written: it refers to something only another provider has.
[[nodiscard]] bool write_media(const neutral::part& part, json::out& out);
/// A foreign part that came from Gemini's format.
[[nodiscard]] bool is_own(const neutral::part& part) noexcept;
/// Signatures are base64 (either alphabet); anything else makes clients' parsers fail.
[[nodiscard]] bool is_base64(neutral::json_text value) noexcept;

}  // namespace switchyard::providers::gemini
