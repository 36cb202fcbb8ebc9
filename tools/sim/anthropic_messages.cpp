// The messages of a request, block by block, and what must hold between them: every tool_use is answered in the next message.
#include "tools/sim/anthropic.hpp"
#include "tools/sim/anthropic_request.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

using refusal = std::optional<reply>;

constexpr std::size_t per_message_tokens = 4;   // role and separators
constexpr std::size_t image_tokens = 1500;
constexpr std::size_t document_tokens = 2000;

constexpr std::string_view block_names =
    "'code_execution_tool_result', 'container_upload', 'document', 'image', 'redacted_thinking', 'search_result', 'server_tool_use', 'text', 'thinking', 'tool_result', 'tool_use'";

reply unexpected_tag(const std::string& where, std::string_view found, std::string_view expected) {
  return anthropic_refusal(where + ": Input tag '" + std::string(found) + "' found using 'type' does not match any of the expected tags: " + std::string(expected));
}

refusal extra_input(const std::string& where, std::string_view key) {
  if (key.empty()) return std::nullopt;
  return anthropic_refusal(where + "." + std::string(key) + ": Extra inputs are not permitted");
}

/// What the blocks of one message add up to.
struct message_sum {
  std::string text;
  std::vector<std::string> uses;                          ///< ids of tool_use blocks
  std::vector<tool_result> results;
  std::vector<std::string> answered;                      ///< ids of tool_result blocks
  std::size_t last_result = 0;                            ///< its place
  std::size_t first_other = std::string::npos;            ///< place of the first block that is no tool_result
  std::string_view first_type;
};

class prompt_reader {
 public:
  prompt_reader(conversation& into, int& marks) : into_(into), marks_(marks) {}

  refusal system(const json::value& given) {
    if (given.is_string()) {
      into_.input.add(count_tokens(given.get_string()));
      return std::nullopt;
    }
    if (!given.is_array()) return anthropic_refusal("system: Input should be a valid string or list");
    std::size_t index = 0;
    for (const json::value& entry : given.get_array()) {
      const std::string where = "system." + std::to_string(index++);
      if (!entry.is_object()) return anthropic_refusal(where + ": Input should be a valid dictionary or object to extract fields from");
      const json::object& block = entry.get_object();
      if (text_of(block, "type") != "text") return anthropic_refusal(where + ".type: Input should be 'text'");
      std::string ignored;
      if (auto refused = text(block, where, ignored)) return refused;
    }
    return std::nullopt;
  }

  refusal message(const json::object& from, std::size_t index, bool last) {
    const std::string where = "messages." + std::to_string(index);
    if (auto refused = extra_input(where, unknown_key(from, {"role", "content"}))) return refused;
    const std::string_view role = text_of(from, "role");
    if (role == "system" && index > 0 && into_.model.starts_with("claude-fable")) return later_system(from, where);
    if (role == "system") return anthropic_refusal("messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.");
    if (role != "user" && role != "assistant") return anthropic_refusal("messages: Unexpected role \"" + std::string(role) + "\". Allowed roles are \"user\" or \"assistant\"");
    const bool by_user = role == "user";
    if (!by_user) into_.input.earlier_answer();
    into_.input.add(per_message_tokens);
    message_sum sum;
    const json::value* content = field_of(from, "content");
    if (!content) return anthropic_refusal(where + ".content: Field required");
    if (content->is_string()) {
      sum.text = content->get_string();
      sum.first_other = 0;
      into_.input.add(count_tokens(sum.text));
    } else if (content->is_array()) {
      std::size_t place = 0;
      for (const json::value& entry : content->get_array()) {
        const std::string block_at = where + ".content." + std::to_string(place);
        if (!entry.is_object()) return anthropic_refusal(block_at + ": Input should be a valid dictionary or object to extract fields from");
        if (auto refused = block(entry.get_object(), block_at, by_user, place, sum)) return refused;
        ++place;
      }
    } else {
      return anthropic_refusal(where + ".content: Input should be a valid list");
    }
    const bool empty = content->is_string() ? content->get_string().empty() : content->get_array().empty();
    if (empty && !(last && !by_user)) return anthropic_refusal(where + ": all messages must have non-empty content except for the optional final assistant message");
    if (last && !by_user && sum.uses.empty() && !sum.text.empty() && is_blank(sum.text.substr(sum.text.size() - 1))) {
      return anthropic_refusal("messages: final assistant content cannot end with trailing whitespace");
    }
    if (auto refused = pairing(sum, index)) return refused;
    take(std::move(sum), by_user);
    return std::nullopt;
  }

  /// After the last message. `must_think`: thinking is enabled, not left to the model.
  refusal end(std::size_t messages, bool must_think) const {
    if (!open_.empty()) return unanswered(messages - 1, open_);
    if (!must_think || into_.results.empty() || is_one_of(thinking_turn_, {"thinking", "redacted_thinking"})) return std::nullopt;
    return anthropic_refusal("messages." + std::to_string(messages - 2) + ".content.0.type: Expected `thinking` or `redacted_thinking`, but found `" + thinking_turn_ +
                             "`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns.");
  }

 private:
  static reply unanswered(std::size_t index, const std::vector<std::string>& ids) {
    std::string list;
    for (const std::string& id : ids) list += (list.empty() ? "" : ", ") + id;
    return anthropic_refusal("messages." + std::to_string(index) + ": `tool_use` ids were found without `tool_result` blocks immediately after: " + list +
                             ". Each `tool_use` block must have a corresponding `tool_result` block in the next message.");
  }

  /// Models of the latest generation take system turns between the others, which announce tools.
  refusal later_system(const json::object& from, const std::string& where) {
    const json::value* content = field_of(from, "content");
    if (!content) return anthropic_refusal(where + ".content: Field required");
    into_.input.add(count_tokens(json::serialize(*content)));
    return std::nullopt;
  }

  /// Holds the results of this message against the calls of the one before.
  refusal pairing(const message_sum& sum, std::size_t index) {
    std::vector<std::string> missing;
    for (const std::string& id : open_) {
      const bool first = sum.first_other > sum.last_result || sum.answered.empty();
      if (!first || std::find(sum.answered.begin(), sum.answered.end(), id) == sum.answered.end()) missing.push_back(id);
    }
    if (!missing.empty()) return unanswered(index - 1, missing);
    std::set<std::string, std::less<>> seen;
    for (std::size_t i = 0; i < sum.answered.size(); ++i) {
      const std::string& id = sum.answered[i];
      if (std::find(open_.begin(), open_.end(), id) == open_.end()) {
        return anthropic_refusal("messages." + std::to_string(index) + ".content." + std::to_string(i) + ": unexpected `tool_use_id` found in `tool_result` blocks: " + id +
                                 ". Each `tool_result` block must have a corresponding `tool_use` block in the previous message.");
      }
      if (!seen.insert(id).second) {
        return anthropic_refusal("messages." + std::to_string(index) + ".content." + std::to_string(i) + ": each tool_use must have a single result. Found multiple `tool_result` blocks with id: " + id);
      }
    }
    open_ = sum.uses;
    return std::nullopt;
  }

  void take(message_sum sum, bool by_user) {
    into_.results = std::move(sum.results);
    if (!by_user) thinking_turn_ = sum.first_type;
    if (by_user && !sum.text.empty()) {
      if (into_.results.empty()) into_.prompt = std::move(sum.text);
      else into_.results.back().content += "\n" + sum.text;
    }
  }

  refusal cache_mark(const json::object& block, const std::string& where) {
    const int before = marks_;
    if (auto refused = read_cache_control(block, where, marks_)) return refused;
    if (marks_ > before) into_.input.mark();
    return std::nullopt;
  }

  refusal text(const json::object& block, const std::string& where, std::string& out) {
    const json::value* text = field_of(block, "text");
    if (!text) return anthropic_refusal(where + ".text.text: Field required");
    if (!text->is_string()) return anthropic_refusal(where + ".text.text: Input should be a valid string");
    if (auto refused = extra_input(where + ".text", unknown_key(block, {"type", "text", "cache_control", "citations"}))) return refused;
    if (text->get_string().empty()) {
      return anthropic_refusal(block.contains("cache_control") ? where + ".text: cache_control cannot be set for empty text blocks" : "messages: text content blocks must be non-empty");
    }
    if (is_blank(text->get_string())) return anthropic_refusal("messages: text content blocks must contain non-whitespace text");
    if (!out.empty()) out += '\n';
    out += text->get_string();
    into_.input.add(count_tokens(text->get_string()));
    return cache_mark(block, where + ".text");
  }

  /// image and document
  refusal media(const json::object& block, const std::string& where, std::string_view type) {
    const bool image = type == "image";
    const std::string here = where + "." + std::string(type);
    if (auto refused = extra_input(here, unknown_key(block, {"type", "source", "cache_control", "title", "context", "citations"}))) return refused;
    const json::object* source = object_of(block, "source");
    if (!source) return anthropic_refusal(here + ".source: Field required");
    const std::string_view kind = text_of(*source, "type");
    const std::string in = here + ".source." + std::string(kind);
    const auto needs = [&](std::string_view key) -> refusal {
      if (!text_of(*source, key).empty()) return std::nullopt;
      return anthropic_refusal(in + "." + std::string(key) + ": Field required");
    };
    if (kind == "base64") {
      if (auto refused = needs("media_type")) return refused;
      if (auto refused = needs("data")) return refused;
      const std::string_view media = text_of(*source, "media_type");
      if (image && !is_one_of(media, {"image/jpeg", "image/png", "image/gif", "image/webp"})) return anthropic_refusal(in + ".media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'");
      if (!image && media != "application/pdf") return anthropic_refusal(in + ".media_type: Input should be 'application/pdf'");
      if (!is_base64(text_of(*source, "data"))) return anthropic_refusal(in + ".data: Invalid base64 data");
    } else if (kind == "url") {
      if (auto refused = needs("url")) return refused;
    } else if (kind == "file") {
      if (auto refused = needs("file_id")) return refused;
    } else if (kind == "text" && !image) {
      if (auto refused = needs("data")) return refused;
      if (text_of(*source, "media_type") != "text/plain") return anthropic_refusal(in + ".media_type: Input should be 'text/plain'");
      into_.input.add(count_tokens(text_of(*source, "data")));
    } else if (kind != "content" || image) {
      return unexpected_tag(here + ".source", kind, image ? "'base64', 'file', 'url'" : "'base64', 'content', 'file', 'text', 'url'");
    }
    if (kind != "text") into_.input.add(image ? image_tokens : document_tokens);
    return cache_mark(block, here);
  }

  refusal tool_use(const json::object& block, const std::string& where, message_sum& sum) {
    const std::string here = where + ".tool_use";
    if (auto refused = extra_input(here, unknown_key(block, {"type", "id", "name", "input", "cache_control", "caller", "toolset_name"}))) return refused;
    const std::string id(text_of(block, "id"));
    if (!is_name(id, "_-", 256)) return anthropic_refusal(here + ".id: String should match pattern '^[a-zA-Z0-9_-]+$'");
    if (!is_name(text_of(block, "name"), "_-", 200)) return anthropic_refusal(here + ".name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'");
    const json::value* input = field_of(block, "input");
    if (!input) return anthropic_refusal(here + ".input: Field required");
    if (!input->is_object()) return anthropic_refusal(here + ".input: Input should be a valid dictionary");
    if (names_.contains(id)) return anthropic_refusal("messages: `tool_use` ids must be unique");
    names_[id] = text_of(block, "name");
    sum.uses.push_back(id);
    into_.input.add(count_tokens(text_of(block, "name")) + count_tokens(json::serialize(*input)));
    return cache_mark(block, here);
  }

  refusal tool_result_block(const json::object& block, const std::string& where, std::size_t place, message_sum& sum) {
    const std::string here = where + ".tool_result";
    if (auto refused = extra_input(here, unknown_key(block, {"type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"}))) return refused;
    const std::string id(text_of(block, "tool_use_id"));
    if (!is_name(id, "_-", 256)) return anthropic_refusal(here + ".tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'");
    if (const json::value* failed = field_of(block, "is_error"); failed && !failed->is_bool()) return anthropic_refusal(here + ".is_error: Input should be a valid boolean");
    std::string said;
    if (const json::value* content = field_of(block, "content")) {
      if (content->is_string()) {
        said = content->get_string();
        into_.input.add(count_tokens(said));
      } else if (!content->is_array()) {
        return anthropic_refusal(here + ".content: Input should be a valid list");
      } else {
        std::size_t index = 0;
        for (const json::value& entry : content->get_array()) {
          const std::string inner = here + ".content." + std::to_string(index++);
          if (!entry.is_object()) return anthropic_refusal(inner + ": Input should be a valid dictionary or object to extract fields from");
          const std::string_view type = text_of(entry.get_object(), "type");
          if (type == "text") {
            if (auto refused = text(entry.get_object(), inner, said)) return refused;
          } else if (type == "image" || type == "document") {
            if (auto refused = media(entry.get_object(), inner, type)) return refused;
          } else if (type != "search_result" && type != "tool_reference") {
            return unexpected_tag(inner, type, "'document', 'image', 'search_result', 'text', 'tool_reference'");
          }
        }
      }
    }
    sum.results.push_back({names_[id], std::move(said)});
    sum.answered.push_back(id);
    sum.last_result = place;
    return cache_mark(block, here);
  }

  refusal thought(const json::object& block, const std::string& where) {
    if (auto refused = extra_input(where + ".thinking", unknown_key(block, {"type", "thinking", "signature"}))) return refused;
    if (!block.contains("thinking")) return anthropic_refusal(where + ".thinking.thinking: Field required");
    if (!block.contains("signature")) return anthropic_refusal(where + ".thinking.signature: Field required");
    if (text_of(block, "signature") != thinking_signature(text_of(block, "thinking"))) return anthropic_refusal(where + ": Invalid `signature` in `thinking` block");
    into_.input.add(count_tokens(text_of(block, "thinking")));
    return std::nullopt;
  }

  refusal block(const json::object& block, const std::string& where, bool by_user, std::size_t place, message_sum& sum) {
    const std::string_view type = text_of(block, "type");
    if (place == 0) sum.first_type = type;
    if (type != "tool_result" && sum.first_other == std::string::npos) sum.first_other = place;
    if (type == "text") return text(block, where, sum.text);
    if (type == "image" || type == "document") return media(block, where, type);
    if (type == "tool_use") {
      if (by_user) return anthropic_refusal(where.substr(0, where.find(".content")) + ": `tool_use` blocks can only be in `assistant` messages");
      return tool_use(block, where, sum);
    }
    if (type == "tool_result") {
      if (!by_user) return anthropic_refusal(where.substr(0, where.find(".content")) + ": `tool_result` blocks can only be in `user` messages");
      return tool_result_block(block, where, place, sum);
    }
    if (type == "thinking" || type == "redacted_thinking") {
      if (by_user) return anthropic_refusal(where.substr(0, where.find(".content")) + ": `thinking` blocks can only be in `assistant` messages");
      if (type == "thinking") return thought(block, where);
      if (text_of(block, "data").empty()) return anthropic_refusal(where + ".redacted_thinking.data: Field required");
      return extra_input(where + ".redacted_thinking", unknown_key(block, {"type", "data"}));
    }
    // What Anthropic's own tools said comes back as it was.
    if (is_one_of(type, {"search_result", "server_tool_use", "mcp_tool_use", "mcp_tool_result", "container_upload", "compaction"})) return std::nullopt;
    if (type.ends_with("_tool_result")) return std::nullopt;
    if (type.empty()) return anthropic_refusal(where + ".type: Field required");
    return unexpected_tag(where, type, block_names);
  }

  conversation& into_;
  int& marks_;
  std::map<std::string, std::string> names_;   ///< tool_use id -> tool
  std::vector<std::string> open_;              ///< ids that the next message must answer
  std::string thinking_turn_;                  ///< type of the first block of the last assistant message
};

}  // namespace

refusal read_anthropic_prompt(const json::object& body, conversation& into, int& marks) {
  prompt_reader reader(into, marks);
  if (const json::value* system = field_of(body, "system")) {
    if (auto refused = reader.system(*system)) return refused;
  }
  const json::value* messages = field_of(body, "messages");
  if (!messages) return anthropic_refusal("messages: Field required");
  if (!messages->is_array()) return anthropic_refusal("messages: Input should be a valid list");
  const json::array& list = messages->get_array();
  if (list.empty()) return anthropic_refusal("messages: at least one message is required");
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_object()) return anthropic_refusal("messages." + std::to_string(i) + ": Input should be a valid dictionary or object to extract fields from");
    if (auto refused = reader.message(list[i].get_object(), i, i + 1 == list.size())) return refused;
  }
  const json::object* thinking = object_of(body, "thinking");
  return reader.end(list.size(), thinking && text_of(*thinking, "type") == "enabled");
}

}  // namespace switchyard::sim
