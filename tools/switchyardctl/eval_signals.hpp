// `eval signals`: everything the node understands of the prompts in a file.
#pragma once

#include "tools/switchyardctl/eval.hpp"

namespace switchyard::routing {
class signal_models;
}

namespace switchyard::ctl {

/// {"id"?, "prompt" | "messages", "tools"?, "response_format"?, "max_tokens"?} -> {"id","signals":{...}}. Messages are OpenAI's: roles
/// system, developer, user, assistant, tool; content a string or parts. Without an id the line's number is it. Spans count characters
/// (code points), not bytes; of messages they also name their place in the list, "turn".
[[nodiscard]] int eval_signals(const eval_options& options);

/// The answer to one line; failures name the field.
[[nodiscard]] outcome signals_line(const routing::signal_models& models, std::string_view line, std::size_t number, std::string& to);

}  // namespace switchyard::ctl
