#include "providers/redirect_fields.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace switchyard::providers {

namespace {

using simdjson::dom::element;

constexpr std::size_t longest_name = 64;    // what is longer is nobody's option
constexpr std::size_t longest_shown = 120;

// Letters only, lower case: however words are joined, and whatever product's name stands in front.
constexpr std::string_view endpoint_endings[] = {"apibase",     "baseurl",     "apiurl",          "apihost",     "apiendpoint",
                                                 "customhost",  "customurl",   "customendpoint",  "endpointurl", "azureendpoint",
                                                 "upstreamurl", "upstreamhost", "runtimeendpoint", "providerurl", "targeturl"};
constexpr std::string_view credential_endings[] = {"apikey",      "apikeys",          "accesskeyid", "secretaccesskey",
                                                   "azureadtoken", "vertexcredentials", "awssessiontoken"};

/// Members that hold what is said to the model, or what it may answer: any name may stand in there.
constexpr std::string_view content[] = {"messages",  "input",           "prompt",        "tools",      "functions",   "tool_choice", "function_call",
                                        "text",      "response_format", "json_schema",   "system",     "contents",    "prediction",  "documents",
                                        "variables", "suffix",          "stop",          "logit_bias", "instructions", "modalities",
                                        "guided_json", "chat_template_kwargs", "content", "requests", "generationConfig", "generation_config",
                                        "toolConfig", "tool_config", "systemInstruction", "system_instruction", "output_config", "output_format",
                                        "mcp_servers", "additionalModelRequestFields", "promptVariables"};

/// Do its last two letters end any of the names above? Most names of a request end here.
[[nodiscard]] bool may_be_one(std::string_view name) noexcept {
  if (name.size() < 6 || name.size() > longest_name) return false;
  const char before = static_cast<char>(name[name.size() - 2] | 0x20);
  switch (name.back() | 0x20) {
    case 'e': return before == 's';
    case 'l': return before == 'r';
    case 't': return before == 's' || before == 'n';
    case 'y': return before == 'e';
    case 's': return before == 'y' || before == 'l';
    case 'd': return before == 'i';
    case 'n': return before == 'e';
    default: return false;
  }
}

/// The name in letters alone; empty when it can be none of ours.
struct letters {
  explicit letters(std::string_view name) noexcept {
    if (!may_be_one(name)) return;
    for (const char c : name) {
      const char lower = static_cast<char>(c | 0x20);
      if (lower >= 'a' && lower <= 'z') text[size++] = lower;
    }
  }
  [[nodiscard]] bool ends_with_any(std::span<const std::string_view> endings) const noexcept {
    const std::string_view all(text.data(), size);
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return all.ends_with(ending); });
  }
  std::array<char, longest_name> text;
  std::size_t size = 0;
};

[[nodiscard]] error refused(std::string_view path) {
  std::string shown(path.substr(0, longest_shown));
  return client_error(error_code::invalid_request,
                      "'" + shown + "' is not accepted: where a provider is and how it is called is set by the configuration alone.", shown);
}

/// Depth is bounded by the parser's.
[[nodiscard]] std::optional<error> look_into(const std::string& path, element value) {
  if (simdjson::dom::array list; value.get(list) == simdjson::SUCCESS) {
    std::size_t index = 0;
    for (const auto entry : list) {
      if (entry.is_object() || entry.is_array())
        if (auto found = look_into(path + "[" + std::to_string(index) + "]", entry)) return found;
      ++index;
    }
  } else if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) {
    for (const auto& [name, inner] : object) {
      if (names_a_redirect(name)) return refused(path + "." + std::string(name));
      if (inner.is_object() || inner.is_array())
        if (auto found = look_into(path + "." + std::string(name), inner)) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

bool names_a_redirect(std::string_view field) noexcept {
  const letters name(field);
  return name.ends_with_any(endpoint_endings) || name.ends_with_any(credential_endings);
}

std::optional<error> refuse_redirect(std::string_view name, element value) {
  if (names_a_redirect(name)) return refused(name);
  if (!value.is_object() && !value.is_array()) return std::nullopt;
  if (std::find(std::begin(content), std::end(content), name) != std::end(content)) return std::nullopt;
  return look_into(std::string(name), value);
}

std::optional<error> refuse_redirect(std::span<const header> fields, std::string_view query) {
  for (const auto& field : fields)
    if (letters(field.name).ends_with_any(endpoint_endings)) return refused(field.name);
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    const auto name = pair.substr(0, pair.find('='));
    if (names_a_redirect(name)) return refused(name);
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace switchyard::providers
