// Where a request's texts stand in its body, whatever its format: what is read to understand it and what is masked.
#pragma once

#include "providers/api_request.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers {

enum class text_source : std::uint8_t { system, user, assistant, tool };

/// One JSON string of the body that people or models wrote.
struct text_place {
  text_source who = text_source::user;
  std::uint32_t message = 0;             ///< texts of one message (and one source) share a number; numbers grow
  byte_range value;                      ///< with its quotes
};

struct request_texts {
  std::vector<text_place> places;        ///< in the order of the body
  std::uint32_t messages = 0;
  int tools = 0;                         ///< functions and hosted tools offered
  int images = 0;
  bool json_wanted = false;              ///< by a field, such as response_format
  bool more = false;                     ///< there are texts of text_reach::everything that were passed over
  std::string_view user;                 ///< the client's name for its user, raw without quotes: user, metadata.user_id; empty: none
};

/// The conversation: what signals judge. Everything: with what a tool's schema says to the model (descriptions, titles, defaults, examples and
/// the values allowed), and what the client says of itself (metadata values, labels, its user's name): what masking looks at.
enum class text_reach : std::uint8_t { conversation, everything };

/// Walks the members that hold texts, once and without copying. `body` is valid JSON. Names, ids, addresses and attachments are no texts; a tool
/// call's arguments and a tool's result are.
[[nodiscard]] request_texts find_texts(api operation, std::string_view body, text_reach reach = text_reach::conversation);

}  // namespace switchyard::providers
