// Items of a conversation or an answer, read into neutral parts.
//
//   message:    {"type"?,"role","content": "text" | [input_text | input_image | input_file | input_audio | output_text | refusal]}
//   reasoning:  {"id","summary":[{"type":"summary_text","text"}],"content"?:[{"type":"reasoning_text","text"}],"encrypted_content"?}
//   calls:      {"type":"function_call","call_id","name","namespace"?,"arguments":"…"} and those of other shapes (responses_tools.cpp)
//   outputs:    {"type":"function_call_output","call_id","output": "text" | [part]}
//
// What has no meaning elsewhere (web_search_call, computer_call_output, …) stays whole as a foreign part.
#include "providers/json_document.hpp"
#include "providers/openai/responses.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace switchyard::providers::responses {

namespace {

using neutral::part;
using neutral::part_kind;

constexpr json_text explicit_cache = R"({"type":"ephemeral"})";

constexpr std::array<std::string_view, 17> hosted_items = {
    "web_search_call",      "file_search_call", "computer_call",         "code_interpreter_call", "image_generation_call", "mcp_call",
    "mcp_list_tools",       "compaction",       "mcp_approval_request",  "mcp_approval_response", "computer_call_output",  "program",
    "program_output",       "tool_search_call", "tool_search_output",    "shell_call_output",     "apply_patch_call_output"};

[[nodiscard]] json_text given(json_text value) noexcept { return json::is_null(value) ? json_text{} : value; }

[[nodiscard]] json_text quoted(neutral::arena& texts, std::string_view a, std::string_view b = {}) {
  std::string out;
  out.reserve(a.size() + b.size() + 2);
  out += '"';
  out += a;
  out += b;
  out += '"';
  return texts.keep(std::move(out));
}

/// "data:image/png;base64,AAAA" into media_type and data; anything else is a url.
void read_url(json_text url, part& out, neutral::arena& texts) {
  const auto text = json::inside(url);
  const auto comma = text.substr(0, 256).find(',');
  const auto head = text.substr(0, comma == std::string_view::npos ? 0 : comma);
  if (!head.starts_with("data:") || !head.ends_with(";base64")) {
    out.url = given(url);
    return;
  }
  const auto type = head.substr(5, head.size() - 5 - 7);
  out.media_type = quoted(texts, type.substr(0, type.find(';')));
  out.data = quoted(texts, text.substr(comma + 1));
}

/// Texts of the entries of a list, with blank lines between them.
[[nodiscard]] json_text joined_texts(json_text list, neutral::arena& texts) {
  std::string joined;
  json_text only;
  std::size_t count = 0;
  json::elements walk(list);
  for (std::string_view entry; walk.next(entry);) {
    const auto text = json::find(entry, "text");
    if (!json::has_text(text)) continue;
    if (++count == 1) {
      only = text;
      continue;
    }
    if (count == 2) joined = json::inside(only);
    joined += "\\n\\n";
    joined += json::inside(text);
  }
  return count < 2 ? only : quoted(texts, joined);
}

}  // namespace

bool is_hosted_item(std::string_view type) noexcept {
  return std::find(hosted_items.begin(), hosted_items.end(), type) != hosted_items.end();
}

json_text arguments_object(json_text arguments, neutral::arena& texts) {
  if (json::is_object(arguments)) return arguments;   // some compatible servers do not bother with the string
  if (!json::has_text(arguments)) return "{}";
  std::string text = json::unescape(arguments);
  const auto begin = json::skip_space(text, 0);
  if (begin == text.size()) return "{}";
  if (text[begin] != '{') return arguments;
  json::document document;
  if (!document.parse_copy(text)) return arguments;
  return texts.keep(std::move(text));
}

void item_reader::read_output(json_text item, std::string_view type, std::vector<part>& out) {
  if (type == "message" || type.empty()) return read_content(json::find(item, "content"), out);
  if (type == "reasoning") return read_reasoning(item, out);
  if (const auto shape = shape_of_call(type)) {
    // A search that OpenAI itself ran is no call to be answered.
    if (*shape != tool_shape::tool_search || json::is_text(json::find(item, "execution"), "client")) {
      out.push_back(read_call(item, *shape));
      return;
    }
  }
  part foreign{.kind = part_kind::foreign};
  foreign.name = json::find(item, "type");
  foreign.original = item;
  out.push_back(foreign);
}

void item_reader::read_content(json_text content, std::vector<part>& out) {
  if (json::is_string(content)) {
    part text;
    text.text = content;
    out.push_back(text);
    return;
  }
  json::elements walk(content);
  for (std::string_view each; walk.next(each);) read_part(each, out);
}

void item_reader::read_part(json_text value, std::vector<part>& out) {
  if (json::is_string(value)) return read_content(value, out);
  part made;
  json_text audio;
  std::string_view type;
  json::members walk(value);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "type") type = json::inside(m.value);
    else if (m.name == "text") made.text = m.value;
    else if (m.name == "refusal" && made.text.empty()) made.text = m.value;
    else if (m.name == "annotations" && json::has_entries(m.value)) made.citations = m.value;
    else if (m.name == "image_url" || m.name == "file_url" || m.name == "file_data") read_url(m.value, made, texts_);
    else if (m.name == "file_id") made.file_id = m.value;
    else if (m.name == "filename") made.name = m.value;
    else if (m.name == "detail") made.detail = m.value;
    else if (m.name == "input_audio") audio = m.value;
    else if (m.name == "prompt_cache_breakpoint") made.cache_control = explicit_cache;
  }
  if (type == "input_text" || type == "output_text" || type == "text" || type == "summary_text") {
    made.kind = part_kind::text;
  } else if (type == "refusal") {
    made.kind = part_kind::refusal;
  } else if (type == "reasoning_text") {
    made.kind = part_kind::reasoning;
  } else if (type == "input_image") {
    made.kind = part_kind::image;
  } else if (type == "input_file") {
    made.kind = part_kind::file;
    if (const auto plain = json::find(value, "file_data"); made.data.empty() && !made.url.empty() && made.url == plain) {
      made.data = plain;   // base64 without the data: head
      made.media_type = "\"application/pdf\"";
      made.url = {};
    }
  } else if (type == "input_audio") {
    made.kind = part_kind::audio;
    made.data = given(json::find(audio, "data"));
    const auto format = json::inside(json::find(audio, "format"));
    made.media_type = format == "mp3" ? json_text("\"audio/mpeg\"") : quoted(texts_, "audio/", format);
  } else {
    made = part{.kind = part_kind::foreign};
    made.name = json::find(value, "type");
    made.original = value;
  }
  if (made.kind == part_kind::text || made.kind == part_kind::refusal)
    if (made.text.empty()) made.text = "\"\"";
  out.push_back(made);
}

part item_reader::read_call(json_text item, tool_shape shape) {
  part call{.kind = part_kind::tool_call};
  call.id = given(json::find(item, "call_id"));
  if (call.id.empty()) call.id = given(json::find(item, "id"));
  call.name = function_name(shape);
  if (call.name.empty()) call.name = flat_name(json::find(item, "namespace"), json::find(item, "name"), texts_);
  std::string object;
  json::out body(object);
  switch (shape) {
    case tool_shape::function: call.arguments = arguments_object(json::find(item, "arguments"), texts_); return call;
    case tool_shape::custom: {
      const auto input = json::find(item, "input");
      body.begin_object();
      body.raw("input", json::is_string(input) ? input : json_text("\"\""));
      body.end_object();
      break;
    }
    case tool_shape::local_shell:
    case tool_shape::shell: {
      body.begin_object();
      json::members walk(json::find(item, "action"));
      for (json::member m; walk.next(m);)
        if (!json::is_null(m.value) && m.name != "type" && m.value != "{}") body.raw(m.name, m.value);
      body.end_object();
      break;
    }
    case tool_shape::apply_patch:
      body.begin_object();
      body.raw_if("operation", json::find(item, "operation"));
      body.end_object();
      break;
    case tool_shape::tool_search: {
      const auto arguments = json::find(item, "arguments");
      call.arguments = json::is_object(arguments) ? arguments : arguments_object(arguments, texts_);
      return call;
    }
  }
  call.arguments = texts_.keep(std::move(object));
  return call;
}

part item_reader::read_result(json_text item, tool_shape shape) {
  part result{.kind = part_kind::tool_result};
  result.id = given(json::find(item, "call_id"));
  if (result.id.empty()) result.id = given(json::find(item, "id"));
  const auto output = json::find(item, shape == tool_shape::tool_search ? "tools" : "output");
  const bool is_list_of_parts = shape == tool_shape::function || shape == tool_shape::custom;
  if (json::is_string(output) || (json::is_array(output) && is_list_of_parts)) {
    read_content(output, result.content);
  } else {
    part text;   // a shell's list of {"stdout","stderr","outcome"}, a search's list of tools: the model reads them as they are
    text.text = output.empty() || json::is_null(output) ? json_text("\"\"") : texts_.quote(output);
    result.content.push_back(text);
  }
  if (shape == tool_shape::apply_patch) result.is_error = json::is_text(json::find(item, "status"), "failed");
  return result;
}

json_text item_reader::after_mark(json_text value, std::string_view mark) {
  return quoted(texts_, json::inside(value).substr(mark.size()));
}

void item_reader::read_reasoning(json_text item, std::vector<part>& out) {
  part made{.kind = part_kind::reasoning};
  made.id = given(json::find(item, "id"));
  const auto summary = joined_texts(json::find(item, "summary"), texts_);
  const auto content = joined_texts(json::find(item, "content"), texts_);
  const auto sealed = given(json::find(item, "encrypted_content"));
  const auto secret = json::inside(sealed);
  if (ours_ && secret.starts_with(call_mark)) {
    const auto rest = secret.substr(call_mark.size());
    if (const auto colon = rest.rfind(':'); colon != std::string_view::npos)
      signatures_.push_back({rest.substr(0, colon), quoted(texts_, rest.substr(colon + 1))});
    return;
  }
  if (ours_ && secret.starts_with(redacted_mark)) {
    made.kind = part_kind::redacted_reasoning;
    made.data = after_mark(sealed, redacted_mark);
    out.push_back(made);
    return;
  }
  if (ours_ && secret.starts_with(signature_mark)) made.signature = after_mark(sealed, signature_mark);
  else if (ours_) made.data = sealed;          // OpenAI's: nobody else could read it
  else made.signature = sealed;
  made.text = summary.empty() ? content : summary;
  if (made.text.empty() && secret.empty()) return;
  if (made.text.empty()) made.text = "\"\"";
  out.push_back(made);
  if (!summary.empty() && !content.empty()) {
    part thoughts{.kind = part_kind::reasoning};
    thoughts.text = content;
    out.push_back(thoughts);
  }
}

void item_reader::sign_calls(std::vector<neutral::message>& messages) const {
  if (signatures_.empty()) return;
  for (auto& message : messages)
    for (auto& call : message.parts)
      if (call.kind == part_kind::tool_call)
        for (const auto& each : signatures_)
          if (json::inside(call.id) == each.call_id) call.signature = each.signature;
}

void append_flat(std::string& out, std::string_view value) {
  if (std::memchr(value.data(), '\n', value.size()) == nullptr && std::memchr(value.data(), '\r', value.size()) == nullptr) {
    out += value;
    return;
  }
  for (const char c : value) out += c == '\n' || c == '\r' ? ' ' : c;
}

void append_escaped_again(std::string& out, std::string_view inside) {
  for (std::size_t begin = 0; begin < inside.size();) {
    const auto at = std::min(inside.find_first_of("\"\\", begin), inside.size());
    out += inside.substr(begin, at - begin);
    if (at == inside.size()) return;
    out += '\\';
    out += inside[at];
    begin = at + 1;
  }
}

void write_annotations(json::out& list, json_text citations) {
  const auto write = [&](json_text one) {
    const auto type = json::inside(json::find(one, "type"));
    if ((type == "file_citation" && !json::find(one, "file_id").empty()) || type == "container_file_citation" || type == "file_path" ||
        (type == "url_citation" && !json::find(one, "url").empty())) {
      list.place();
      append_flat(list.str(), one);
      list.placed();
      return;
    }
    if (const auto file = json::find(one, "file_citation"); json::is_object(file)) {   // another provider's: it has no id of OpenAI's
      const auto filename = json::find(file, "filename");
      const auto index = json::find(file, "start_index");
      list.begin_object();
      list.text("type", "file_citation");
      list.raw("file_id", json::is_string(filename) ? filename : json_text("\"\""));
      list.raw("filename", json::is_string(filename) ? filename : json_text("\"\""));
      list.raw("index", json::as_count(index) ? index : json_text("0"));
      list.end_object();
      return;
    }
    // Chat's nested form, and whatever else names an address: Anthropic's search results.
    const auto nested = json::find(one, "url_citation");
    const auto source = json::is_object(nested) ? nested : one;
    const auto url = json::find(source, "url");
    if (!json::has_text(url)) return;
    const auto number = [&](std::string_view name) {
      const auto value = json::find(source, name);
      return json::as_count(value) ? value : json_text("0");
    };
    const auto title = json::find(source, "title");
    list.begin_object();
    list.text("type", "url_citation");
    list.raw("url", url);
    list.raw("title", json::is_string(title) ? title : json_text("\"\""));
    list.raw("start_index", number("start_index"));
    list.raw("end_index", number("end_index"));
    list.end_object();
  };
  if (json::is_object(citations)) return write(citations);
  json::elements walk(citations);
  for (std::string_view one; walk.next(one);) write(one);
}

}  // namespace switchyard::providers::responses
