// Content blocks, the pieces of Anthropic's messages, as neutral parts and back.
//
//   block  = text | image | document | search_result | tool_use | tool_result | thinking | redacted_thinking | …
//   source = {"type":"base64","media_type","data"} | {"type":"url","url"} | {"type":"file","file_id"} | {"type":"text","data"} |
//            {"type":"content","content": string | blocks}
//
// A search_result becomes a file with its text; its block is kept in `original`. What runs at Anthropic (server_tool_use, …_tool_result,
// mcp_*, compaction, …) stays foreign. Citations have the form neutral.hpp describes, Anthropic's own under "anthropic".
#pragma once

#include "providers/json_out.hpp"
#include "providers/neutral.hpp"

#include <string_view>
#include <vector>

namespace switchyard::providers::anthropic {

struct block_reading {
  neutral::arena& texts;
  std::vector<std::string_view>& unknown;
  /// Notes a member nothing was made of, once.
  void skip(std::string_view block_type, std::string_view member) const;
};

enum class place_of_block { message, tool_result };
/// Results hold no results: one inside of another is foreign.
[[nodiscard]] neutral::part read_block(std::string_view block, const block_reading& how, place_of_block where = place_of_block::message);
/// A message's or tool result's content: a string (one text part, unless empty) or a list of blocks.
void read_content(std::string_view content, std::vector<neutral::part>& out, const block_reading& how,
                  place_of_block where = place_of_block::message);
/// A citation of a text block or citations_delta in the neutral form.
[[nodiscard]] std::string neutral_citation(std::string_view citation);

/// Can Anthropic be given that part? If not, what keeps it out is in `dropped` (nothing for text without words, which says nothing).
[[nodiscard]] bool is_expressible(const neutral::part& part, neutral::dropped_fields& dropped);
struct block_style {
  bool cached = false;       ///< a cache point follows
  bool ends_prompt = false;  ///< the last block of an assistant's turn that is to be continued: without white space at its end
};
/// Writes an expressible part.
void write_block(const neutral::part& part, block_style style, json::out& out);
/// A citation of the neutral form as one of Anthropic's; false: it is none.
bool write_citation(std::string_view citation, json::out& out);
/// The id of a call and of its result, as its maker named it where Anthropic's pattern ([a-zA-Z0-9_-]{1,64}) allows.
void write_tool_id(std::string_view id, json::out& out);
/// The arguments as an object: {} for none, {"input": V} for what is no object.
void write_arguments(std::string_view arguments, json::out& out);
/// Is that the type of a block only Anthropic knows?
[[nodiscard]] bool is_own_block(std::string_view original) noexcept;
/// Has an answer a block for that part? Pictures and sound have none.
[[nodiscard]] bool has_block(const neutral::part& part) noexcept;
/// Text of nothing but white space, which Anthropic refuses.
[[nodiscard]] bool is_blank(std::string_view text) noexcept;

}  // namespace switchyard::providers::anthropic
