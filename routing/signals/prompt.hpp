// What a request asks, as the signals see it: its turns as plain text, and which part of them is the query.
//
//   query      = the last user turn. Fewer than `short_query` words and an earlier user turn there: that turn stands before it ("and in
//                German?" means nothing alone). No user turn at all: the last turn of any kind.
//   sampled    = a query of more than `longest_query` bytes: its first and its last half of that, cut between characters. Instructions
//                stand at the two ends of pasted text.
//   history    = assistant turns and older user turns weigh nothing otherwise; the system prompt never does: it says how an
//                application answers, not what this user asks.
// Domain, complexity, format, language, clarity and the vector look at the query. Safety looks at every turn on its own (jailbreak and
// harmful: user turns and tool results). Token counts are those of the whole prompt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::routing {

enum class speaker : std::uint8_t { system, user, assistant, tool };

/// Plain text: UTF-8 without JSON escapes; the text parts of one message joined by line breaks.
struct turn {
  speaker who = speaker::user;
  std::string_view text;
};

/// Views: the caller keeps what they point to.
struct prompt {
  std::span<const turn> turns;
  int tools = 0;                         ///< tools or functions the client offers
  int images = 0;                        ///< image parts of all turns
  bool json_wanted = false;              ///< the client asks for JSON by a field (response_format, a schema)
  std::int64_t input_tokens = 0;         ///< the caller's estimate; 0: counted here when asked for
  std::int64_t most_output_tokens = 0;   ///< what the client allows (max_tokens); 0: it said nothing
};

constexpr std::size_t short_query = 5;              // words
constexpr std::size_t longest_query = 16u << 10;    // bytes

/// The last user turn's place in `turns` (or of the last turn when no user spoke); turns.size() when there is none.
[[nodiscard]] std::size_t last_user_turn(std::span<const turn> turns) noexcept;

/// The query. Usually a view of the turn's own text; joined or sampled text is kept in `storage`.
[[nodiscard]] std::string_view query_text(std::span<const turn> turns, std::string& storage);

/// The first and last `most` / 2 bytes, cut between characters and joined by a line break; the text itself when it is not longer.
[[nodiscard]] std::string_view head_and_tail(std::string_view text, std::size_t most, std::string& storage);

}  // namespace switchyard::routing
