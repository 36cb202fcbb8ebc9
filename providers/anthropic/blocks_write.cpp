#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/plain_text.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::anthropic {

namespace {

using neutral::part;
using neutral::part_kind;

constexpr std::string_view ephemeral = R"({"type":"ephemeral"})";
constexpr std::size_t longest_id = 64;

/// Blocks only Anthropic knows, by their type or its end.
constexpr std::array own_types = {"server_tool_use", "mcp_tool_use", "container_upload", "compaction", "tool_reference", "tool_addition",
                                  "browser_state", "document", "image", "search_result"};

[[nodiscard]] bool is_text_media(std::string_view type) noexcept {
  return type.starts_with("text/") || type == "application/json" || type == "application/xml" || type == "application/yaml";
}

/// What the first characters of base64 say, for sources that do not.
[[nodiscard]] std::string_view sniffed(std::string_view base64) noexcept {
  if (base64.starts_with("/9j/")) return "image/jpeg";
  if (base64.starts_with("R0lG")) return "image/gif";
  if (base64.starts_with("UklG")) return "image/webp";
  if (base64.starts_with("JVBE")) return "application/pdf";
  return "image/png";
}

[[nodiscard]] std::string_view media_type_of(const part& p) noexcept {
  const auto said = json::inside(p.media_type);
  if (said == "image/jpg") return "image/jpeg";
  return said.empty() ? sniffed(json::inside(p.data)) : said;
}

/// A file kept by OpenAI is nothing to Anthropic.
[[nodiscard]] bool is_strange_file(std::string_view id) noexcept { return json::inside(id).starts_with("file-"); }

[[nodiscard]] bool has_source(const part& p, neutral::dropped_fields& dropped, std::string_view name) {
  if (p.kind == part_kind::file && !p.data.empty()) {
    const auto type = media_type_of(p);
    if (type == "application/pdf" || is_text_media(type)) return true;
  } else if (!p.data.empty() || !p.url.empty() || (p.kind == part_kind::file && !p.text.empty()) ||
             (!p.file_id.empty() && !is_strange_file(p.file_id))) {
    return true;
  }
  dropped.add(name);
  return false;
}

void write_source(const part& p, json::out& out) {
  out.key("source");
  out.begin_object();
  if (p.kind == part_kind::file && p.data.empty() && !p.text.empty()) {
    out.text("type", "text");
    out.text("media_type", "text/plain");
    out.raw("data", p.text);
  } else if (p.kind == part_kind::file && !p.data.empty() && is_text_media(media_type_of(p))) {
    out.text("type", "text");
    out.text("media_type", "text/plain");
    out.text("data", text_of_base64(json::inside(p.data)));
  } else if (!p.data.empty()) {
    out.text("type", "base64");
    out.text("media_type", media_type_of(p));
    out.raw("data", p.data);
  } else if (!p.url.empty()) {
    out.text("type", "url");
    out.raw("url", p.url);
  } else {
    out.text("type", "file");
    out.raw("file_id", p.file_id);
  }
  out.end_object();
}

void write_file(const part& p, json::out& out) {
  out.text("type", "document");
  write_source(p, out);
  out.raw_if("title", json::has_text(p.name) ? p.name : std::string_view{});
  out.raw_if("context", p.context);
  if (p.cite == "true") {
    out.key("citations");
    out.begin_object();
    out.boolean("enabled", true);
    out.end_object();
  }
}

void write_text(const part& p, bool ends_prompt, json::out& out) {
  out.text("type", "text");
  std::string_view text = json::inside(p.text);
  if (ends_prompt) text = without_space_at_end(text);
  out.key("text");
  out.place();
  out.str().append("\"").append(text).append("\"");
  out.placed();
  if (p.citations.empty()) return;
  const auto mark = out.str().size();
  out.key("citations");
  out.begin_array();
  bool any = false;
  json::elements walk(p.citations);
  for (std::string_view entry; walk.next(entry);) any |= write_citation(entry, out);
  out.end_array();
  if (!any) out.str().resize(mark);
}

void write_result(const part& p, json::out& out) {
  out.text("type", "tool_result");
  out.key("tool_use_id");
  write_tool_id(p.id, out);
  neutral::dropped_fields said_already;
  std::vector<const part*> content;
  for (const auto& inner : p.content)
    if (is_expressible(inner, said_already)) content.push_back(&inner);
  const bool plain = content.size() == 1 && content[0]->kind == part_kind::text && content[0]->cache_control.empty();
  if (plain) {
    out.raw("content", content[0]->text);
  } else if (!content.empty()) {
    out.key("content");
    out.begin_array();
    for (const auto* inner : content) write_block(*inner, {}, out);
    out.end_array();
  }
  if (p.is_error) out.boolean("is_error", true);
}

}  // namespace

bool is_blank(std::string_view text) noexcept { return without_space_at_end(json::inside(text)).empty(); }

bool is_own_block(std::string_view original) noexcept {
  if (!json::find(original, "encrypted_content").empty() && json::is_text(json::find(original, "type"), "compaction")) return false;   // OpenAI's
  const auto type = json::inside(json::find(original, "type"));
  return type.ends_with("_tool_result") || std::find(own_types.begin(), own_types.end(), type) != own_types.end();
}

bool has_block(const part& p) noexcept {
  switch (p.kind) {
    case part_kind::redacted_reasoning: return true;
    case part_kind::foreign: return is_own_block(p.original);
    default: return neutral::is_speech(p.kind);
  }
}

bool is_expressible(const part& p, neutral::dropped_fields& dropped) {
  const auto unless = [&](bool fits, std::string_view name) {
    if (!fits) dropped.add(name);
    return fits;
  };
  switch (p.kind) {
    case part_kind::text:
    case part_kind::refusal: return !is_blank(p.text);
    case part_kind::image:
      if (!p.detail.empty() && !json::is_text(p.detail, "auto")) dropped.add("messages.image.detail");
      return has_source(p, dropped, "messages.image");
    case part_kind::file: return has_source(p, dropped, "messages.file");
    case part_kind::audio: return unless(false, "messages.audio");
    case part_kind::video: return unless(false, "messages.video");
    case part_kind::tool_call: return true;
    case part_kind::tool_result:
      for (const auto& inner : p.content) (void)is_expressible(inner, dropped);
      return true;
    case part_kind::reasoning: return unless(json::has_text(p.signature), "messages.reasoning");   // without proof it is refused
    case part_kind::redacted_reasoning: return unless(json::has_text(p.data), "messages.reasoning");
    case part_kind::cache_point: return false;
    case part_kind::foreign: {
      if (is_own_block(p.original)) return true;
      const auto what = json::inside(p.name);
      return unless(false, what.empty() ? std::string("messages.foreign") : "messages." + std::string(what));
    }
  }
  return false;
}

void write_block(const part& p, block_style style, json::out& out) {
  // Original blocks carry their own cache_control.
  if (p.kind == part_kind::foreign || (p.kind == part_kind::file && is_own_block(p.original))) return out.raw(p.original);
  out.begin_object();
  switch (p.kind) {
    case part_kind::image:
      out.text("type", "image");
      write_source(p, out);
      break;
    case part_kind::file: write_file(p, out); break;
    case part_kind::tool_call:
      out.text("type", "tool_use");
      out.key("id");
      write_tool_id(p.id, out);
      out.raw("name", json::or_empty(p.name));
      out.key("input");
      write_arguments(p.arguments, out);
      break;
    case part_kind::tool_result: write_result(p, out); break;
    case part_kind::reasoning:
      out.text("type", "thinking");
      out.raw("thinking", json::or_empty(p.text));
      out.raw("signature", json::or_empty(p.signature));
      break;
    case part_kind::redacted_reasoning:
      out.text("type", "redacted_thinking");
      out.raw("data", json::or_empty(p.data));
      break;
    default: write_text(p, style.ends_prompt, out); break;
  }
  const bool can_be_cached = p.kind != part_kind::reasoning && p.kind != part_kind::redacted_reasoning;
  if (can_be_cached) out.raw_if("cache_control", !p.cache_control.empty() ? p.cache_control : style.cached ? ephemeral : std::string_view{});
  out.end_object();
}

bool write_citation(std::string_view citation, json::out& out) {
  if (const auto own = json::find(citation, "anthropic"); json::is_object(own)) return out.raw(own), true;
  const auto url = json::find(citation, "url_citation");
  const auto file = json::find(citation, "file_citation");
  if (!json::is_object(url) && !json::is_object(file)) return false;
  const auto or_zero = [](std::string_view value) { return json::as_count(value).value_or(0); };
  out.begin_object();
  if (json::is_object(url)) {
    out.text("type", "web_search_result_location");
    out.raw("cited_text", json::or_empty(json::find(url, "content")));
    out.raw("url", json::or_empty(json::find(url, "url")));
    out.raw("title", json::or_empty(json::find(url, "title")));
    out.text("encrypted_index", "");
  } else {
    const auto title = json::find(file, "filename");
    out.text("type", "char_location");
    out.raw("cited_text", json::or_empty(json::find(file, "content")));
    out.number("document_index", 0);
    out.raw("document_title", json::is_string(title) ? title : std::string_view("null"));
    out.number("start_char_index", or_zero(json::find(file, "start_index")));
    out.number("end_char_index", or_zero(json::find(file, "end_index")));
  }
  out.end_object();
  return true;
}

void write_tool_id(std::string_view id, json::out& out) {
  const auto fits = [](std::string_view text) {
    return !text.empty() && text.size() <= longest_id && std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
  };
  if (fits(json::inside(id))) return out.raw(id);
  // FNV-1a of what the id means, so that a call and its result meet again whatever escapes they were written with.
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : json::unescape(id)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  std::string made = "toolu_";
  for (int shift = 60; shift >= 0; shift -= 4) made += "0123456789abcdef"[(hash >> shift) & 15];
  out.text(made);
}

void write_arguments(std::string_view arguments, json::out& out) {
  if (json::is_object(arguments)) return out.raw(arguments);
  out.begin_object();
  if (!arguments.empty() && !json::is_null(arguments) && (!json::is_string(arguments) || json::has_text(arguments))) out.raw("input", arguments);
  out.end_object();
}

}  // namespace switchyard::providers::anthropic
