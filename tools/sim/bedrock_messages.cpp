// The messages of a request, block by block: roles alternate, every toolUse is answered in the next message.
#include "tools/sim/bedrock.hpp"
#include "tools/sim/bedrock_request.hpp"
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
constexpr std::size_t media_tokens = 1500;

struct message_sum {
  std::string text;
  std::vector<std::string> uses;
  std::vector<std::string> answered;
  std::vector<tool_result> results;
};

/// The one member of a union; empty: none or several.
std::string_view member_of(const json::object& block) { return block.size() == 1 ? std::string_view(block.begin()->key()) : std::string_view(); }

std::string list_of(const std::vector<std::string>& ids) {
  std::string list;
  for (const std::string& id : ids) list += (list.empty() ? "" : ", ") + id;
  return list;
}

class prompt_reader {
 public:
  explicit prompt_reader(conversation& into) : into_(into) {}

  refusal system(const json::array& blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::string where = "system." + std::to_string(i);
      const json::object* block = blocks[i].if_object();
      const std::string_view is = block ? member_of(*block) : std::string_view();
      if (!is_one_of(is, {"text", "cachePoint", "guardContent"})) return bedrock_refusal("The SystemContentBlock object at " + where + " must set exactly one of the following members: text, guardContent, cachePoint.");
      std::string ignored;
      if (is == "text") {
        if (auto refused = text(*block, where, "SystemContentBlock", ignored)) return refused;
      } else if (auto refused = cache_point(*block, where)) {
        return refused;
      }
    }
    return std::nullopt;
  }

  refusal message(const json::value& entry, std::size_t index) {
    const std::string where = "messages." + std::to_string(index);
    const json::object* from = entry.if_object();
    const std::string_view role = from ? text_of(*from, "role") : std::string_view();
    if (role != "user" && role != "assistant") return bedrock_refusal("1 validation error detected: Value '" + std::string(role) + "' at 'messages." + std::to_string(index + 1) + ".member.role' failed to satisfy constraint: Member must satisfy enum value set: [user, assistant]");
    const bool by_user = role == "user";
    const bool may_begin = by_user || into_.model.find("anthropic.") != std::string::npos;
    if (index == 0 && !may_begin) return bedrock_refusal("A conversation must start with a user message. Try again with a conversation that starts with a user message.");
    if (index > 0 && by_user == last_by_user_) return bedrock_refusal("A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.");
    last_by_user_ = by_user;
    const json::array* content = array_of(*from, "content");
    if (!content || content->empty()) return bedrock_refusal("The content field in the Message object at " + where + " is empty. Add a ContentBlock object to the content field and try again.");
    if (!by_user) into_.input.earlier_answer();
    into_.input.add(per_message_tokens);
    message_sum sum;
    for (std::size_t i = 0; i < content->size(); ++i) {
      const std::string at = where + ".content." + std::to_string(i);
      const json::object* object = (*content)[i].if_object();
      if (!object) return bedrock_refusal("The ContentBlock object at " + at + " must be an object.", 400, "SerializationException");
      if (auto refused = block(*object, at, by_user, sum)) return refused;
    }
    if (auto refused = pairing(sum, where)) return refused;
    into_.results = std::move(sum.results);
    if (by_user && into_.results.empty()) into_.prompt = std::move(sum.text);
    return std::nullopt;
  }

  refusal end(std::size_t messages) const {
    if (!open_.empty()) return bedrock_refusal("Expected toolResult blocks at messages." + std::to_string(messages) + ".content for the following Ids: " + list_of(open_));
    if (uses_tools_ && into_.tools.empty()) return bedrock_refusal("The toolConfig field must be defined when using toolUse and toolResult content blocks.");
    return std::nullopt;
  }

 private:
  refusal pairing(const message_sum& sum, const std::string& where) {
    std::vector<std::string> missing;
    for (const std::string& id : open_) {
      if (std::find(sum.answered.begin(), sum.answered.end(), id) == sum.answered.end()) missing.push_back(id);
    }
    if (!missing.empty()) return bedrock_refusal("Expected toolResult blocks at " + where + ".content for the following Ids: " + list_of(missing));
    if (sum.answered.size() > open_.size()) return bedrock_refusal("The number of toolResult blocks at " + where + ".content exceeds the number of toolUse blocks of previous turn.");
    open_ = sum.uses;
    return std::nullopt;
  }

  refusal cache_point(const json::object& block, const std::string& where) {
    const json::object* point = object_of(block, "cachePoint");
    if (!point) return std::nullopt;
    if (text_of(*point, "type") != "default") return bedrock_refusal("1 validation error detected: Value at '" + where + ".cachePoint.type' failed to satisfy constraint: Member must satisfy enum value set: [default]");
    into_.input.mark();
    return std::nullopt;
  }

  refusal text(const json::object& block, const std::string& where, std::string_view kind, std::string& out) {
    const json::value& text = block.at("text");
    if (!text.is_string()) return bedrock_refusal("The text field at " + where + " must be a string.", 400, "SerializationException");
    if (is_blank(text.get_string())) return bedrock_refusal("The text field in the " + std::string(kind) + " object at " + where + " is blank. Add text to the text field, and try again.");
    if (!out.empty()) out += '\n';
    out += text.get_string();
    into_.input.add(count_tokens(text.get_string()));
    return std::nullopt;
  }

  /// image, document and video: {"format", "name"?, "source": {"bytes" | "s3Location" | "text" | "content"}}
  refusal media(const json::object& block, const std::string& where, std::string_view kind) {
    const std::string here = where + "." + std::string(kind);
    const json::object* media = object_of(block, kind);
    const json::object* source = media ? object_of(*media, "source") : nullptr;
    if (!source || member_of(*source).empty()) return bedrock_refusal("The source field at " + here + " must set exactly one of its members.");
    if (!is_one_of(member_of(*source), {"bytes", "s3Location", "text", "content"})) return bedrock_refusal("The source field at " + here + " has an unknown member: " + std::string(member_of(*source)));
    if (source->contains("bytes") && (text_of(*source, "bytes").empty() || !is_base64(text_of(*source, "bytes")))) return bedrock_refusal("The bytes field at " + here + ".source must be base64.", 400, "SerializationException");
    const std::string_view format = text_of(*media, "format");
    const bool known = kind == "image"      ? is_one_of(format, {"png", "jpeg", "gif", "webp"})
                       : kind == "document" ? is_one_of(format, {"", "pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"})
                                            : is_one_of(format, {"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"});
    if (!known) return bedrock_refusal("1 validation error detected: Value '" + std::string(format) + "' at '" + here + ".format' failed to satisfy constraint: Member must satisfy enum value set" + (kind == "image" ? ": [png, jpeg, gif, webp]" : ""));
    if (kind == "document") {
      const std::string_view name = text_of(*media, "name");
      if (!is_name(name, " -()[]", 200) || name.find("  ") != std::string_view::npos) {
        return bedrock_refusal("The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.");
      }
      if (!documents_.emplace(name).second) return bedrock_refusal("Messages can't contain duplicate document names: " + std::string(name));
    }
    into_.input.add(media_tokens);
    return std::nullopt;
  }

  static refusal check_id(std::string_view id, const std::string& where) {
    if (is_name(id, "_.:-", 64)) return std::nullopt;
    return bedrock_refusal("1 validation error detected: Value '" + std::string(id) + "' at '" + where + ".toolUseId' failed to satisfy constraint: Member must " +
                           (id.size() > 64 ? "have length less than or equal to 64" : "satisfy regular expression pattern: [a-zA-Z0-9_.:-]+"));
  }

  refusal tool_use(const json::object& use, const std::string& where, message_sum& sum) {
    const std::string id(text_of(use, "toolUseId"));
    if (auto refused = check_id(id, where)) return refused;
    if (!is_name(text_of(use, "name"), "_-", 64)) return bedrock_refusal("1 validation error detected: Value '" + std::string(text_of(use, "name")) + "' at '" + where + ".name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+");
    const json::value* input = field_of(use, "input");
    if (!input || !input->is_object()) return bedrock_refusal("The format of the value at " + where + ".input is invalid. Provide a json object for the field and try again.");
    names_[id] = text_of(use, "name");
    sum.uses.push_back(id);
    uses_tools_ = true;
    into_.input.add(count_tokens(json::serialize(use)));
    return std::nullopt;
  }

  refusal tool_result_block(const json::object& given, const std::string& where, message_sum& sum) {
    const std::string id(text_of(given, "toolUseId"));
    if (auto refused = check_id(id, where)) return refused;
    if (const json::value* status = field_of(given, "status"); status && (!status->is_string() || !is_one_of(status->get_string(), {"success", "error"}))) {
      return bedrock_refusal("1 validation error detected: Value at '" + where + ".status' failed to satisfy constraint: Member must satisfy enum value set: [success, error]");
    }
    const json::array* content = array_of(given, "content");
    if (!content) return bedrock_refusal("1 validation error detected: Value null at '" + where + ".content' failed to satisfy constraint: Member must not be null");
    std::string said;
    for (std::size_t i = 0; i < content->size(); ++i) {
      const std::string inner = where + ".content." + std::to_string(i);
      const json::object* object = (*content)[i].if_object();
      const std::string_view is = object ? member_of(*object) : std::string_view();
      if (is == "text") {
        if (auto refused = text(*object, inner, "ToolResultContentBlock", said)) return refused;
      } else if (is == "json") {
        said += json::serialize(object->at("json"));
      } else if (is == "image" || is == "document" || is == "video") {
        if (auto refused = media(*object, inner, is)) return refused;
      } else if (is != "searchResult") {
        return bedrock_refusal("The ToolResultContentBlock object at " + inner + " must set exactly one of the following members: json, text, image, document, video, searchResult.");
      }
    }
    if (std::find(sum.answered.begin(), sum.answered.end(), id) != sum.answered.end()) return bedrock_refusal("The toolResult blocks at " + where + " contain duplicate Ids: " + id);
    sum.answered.push_back(id);
    sum.results.push_back({names_[id], std::move(said)});
    uses_tools_ = true;
    return std::nullopt;
  }

  refusal reasoning(const json::object& given, const std::string& where) {
    if (!is_one_of(member_of(given), {"reasoningText", "redactedContent"})) return bedrock_refusal("The ReasoningContentBlock object at " + where + " must set exactly one of the following members: reasoningText, redactedContent.");
    const json::object* thought = object_of(given, "reasoningText");
    if (!thought) return std::nullopt;
    if (text_of(*thought, "signature") != thinking_signature(text_of(*thought, "text"))) return bedrock_refusal("The model returned the following errors: " + where.substr(0, where.rfind('.')) + ": Invalid `signature` in `thinking` block");
    into_.input.add(count_tokens(text_of(*thought, "text")));
    return std::nullopt;
  }

  refusal block(const json::object& block, const std::string& where, bool by_user, message_sum& sum) {
    const std::string_view is = member_of(block);
    if (is == "text") return text(block, where, "ContentBlock", sum.text);
    if (is == "image" || is == "document" || is == "video") return media(block, where, is);
    if (is == "cachePoint") return cache_point(block, where);
    const json::object* inner = is.empty() ? nullptr : object_of(block, is);
    if (inner && is == "toolUse") {
      if (by_user) return bedrock_refusal("The toolUse block at " + where + " can only be in a message of the assistant.");
      return tool_use(*inner, where + ".toolUse", sum);
    }
    if (inner && is == "toolResult") {
      if (!by_user) return bedrock_refusal("The toolResult block at " + where + " can only be in a message of the user.");
      return tool_result_block(*inner, where + ".toolResult", sum);
    }
    if (inner && is == "reasoningContent") return reasoning(*inner, where + ".reasoningContent");
    if (inner && is_one_of(is, {"guardContent", "citationsContent", "searchResult", "audio"})) return std::nullopt;
    return bedrock_refusal("The ContentBlock object at " + where + " must set exactly one of the following members: text, image, document, video, audio, toolUse, toolResult, guardContent, cachePoint, reasoningContent, citationsContent, searchResult.");
  }

  conversation& into_;
  std::map<std::string, std::string> names_;             ///< toolUseId -> tool
  std::set<std::string, std::less<>> documents_;
  std::vector<std::string> open_;                        ///< ids that the next message must answer
  bool last_by_user_ = false;
  bool uses_tools_ = false;
};

}  // namespace

refusal read_bedrock_prompt(const json::object& body, conversation& into) {
  prompt_reader reader(into);
  if (const json::value* system = field_of(body, "system")) {
    if (!system->is_array()) return bedrock_refusal("The system field must be a list.", 400, "SerializationException");
    if (auto refused = reader.system(system->get_array())) return refused;
  }
  const json::value* messages = field_of(body, "messages");
  if (messages && !messages->is_array()) return bedrock_refusal("The messages field must be a list.", 400, "SerializationException");
  if (!messages || messages->get_array().empty()) return bedrock_refusal("A conversation must start with a user message. Try again with a conversation that starts with a user message.");
  const json::array& list = messages->get_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto refused = reader.message(list[i], i)) return refused;
  }
  return reader.end(list.size());
}

}  // namespace switchyard::sim
