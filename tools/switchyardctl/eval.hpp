// `eval`: what the node's models say of the lines of a file, with no node.
#pragma once

#include "tools/switchyardctl/line_file.hpp"

#include <string>
#include <string_view>

namespace switchyard::routing {
class embedder;
class hit_judge;
}

namespace switchyard::ctl {

struct eval_options {
  line_job lines;
  std::string models;          ///< --models; empty: see config/model_folders.hpp
  double threshold = 0.95;     ///< of `similarity`
};

/// {"id"?, "prompt" | "text" | "messages"} -> {"id","vector":[...]}. Without an id the line's number is it; of messages, the text of
/// the last user turn is embedded.
[[nodiscard]] int eval_embed(const eval_options& options);
/// {"id"?, "a", "b"} -> {"id"?, "similarity","cosine","hit","why"}.
[[nodiscard]] int eval_similarity(const eval_options& options);

/// The answers to one line; failures name the field.
[[nodiscard]] outcome embed_line(const routing::embedder& model, std::string_view line, std::size_t number, std::string& to);
[[nodiscard]] outcome similarity_line(const routing::hit_judge& judge, float threshold, std::string_view line, std::string& to);

}  // namespace switchyard::ctl
