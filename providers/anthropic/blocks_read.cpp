#include "providers/anthropic/blocks.hpp"

#include <algorithm>

namespace switchyard::providers::anthropic {

namespace {

using neutral::part;
using neutral::part_kind;

[[nodiscard]] bool given(std::string_view value) noexcept { return !value.empty() && !json::is_null(value); }

/// The texts of text blocks, joined: one JSON string.
[[nodiscard]] std::string_view joined_text(std::string_view content, neutral::arena& texts) {
  if (json::is_string(content)) return content;
  std::string out = "\"";
  json::elements blocks(content);
  for (std::string_view block; blocks.next(block);) {
    const auto text = json::find(block, "text");
    if (!json::has_text(text)) continue;
    if (out.size() > 1) out += "\\n";
    out += json::inside(text);
  }
  return texts.keep(out + '"');
}

/// false: a form of source that is not known here.
[[nodiscard]] bool read_source(std::string_view source, part& out, const block_reading& how) {
  std::string_view type, data, content;
  json::members walk(source);
  for (json::member m; walk.next(m);) {
    if (m.name == "type") type = json::inside(m.value);
    else if (m.name == "media_type") out.media_type = m.value;
    else if (m.name == "data") data = m.value;
    else if (m.name == "url") out.url = m.value;
    else if (m.name == "file_id") out.file_id = m.value;
    else if (m.name == "content") content = m.value;
  }
  if (type == "base64") return out.data = data, json::is_string(data);
  if (type == "text") return out.text = data, json::is_string(data);
  if (type == "url") return json::is_string(out.url);
  if (type == "file") return json::is_string(out.file_id);
  if (type != "content") return false;
  json::elements blocks(content);
  for (std::string_view block; blocks.next(block);)
    if (!json::is_text(json::find(block, "type"), "text")) return false;   // images among the text
  out.text = joined_text(content, how.texts);
  return true;
}

struct block_members {
  std::string_view type, text, source, title, context, citations, cache_control, id, name, input, content, is_error, thinking, signature, data;
};

[[nodiscard]] part foreign(std::string_view block, std::string_view type) {
  part out;
  out.kind = part_kind::foreign;
  out.name = type;
  out.original = block;
  return out;
}

[[nodiscard]] std::string_view read_citations(std::string_view citations, neutral::arena& texts) {
  if (!json::is_array(citations) || !json::has_entries(citations)) return {};
  std::string out = "[";
  json::elements walk(citations);
  for (std::string_view entry; walk.next(entry);) {
    if (out.size() > 1) out += ',';
    out += neutral_citation(entry);
  }
  return texts.keep(out + ']');
}

[[nodiscard]] part read_document(std::string_view block, const block_members& m, const block_reading& how) {
  part out;
  out.kind = part_kind::file;
  out.name = given(m.title) ? m.title : std::string_view{};
  out.context = given(m.context) ? m.context : std::string_view{};
  if (given(m.citations)) out.cite = json::find(m.citations, "enabled");
  return read_source(m.source, out, how) ? out : foreign(block, m.type);
}

[[nodiscard]] part read_search_result(std::string_view block, const block_members& m, const block_reading& how) {
  part out;
  out.kind = part_kind::file;
  out.name = m.title;
  out.text = joined_text(m.content, how.texts);
  out.original = block;
  return out;
}

}  // namespace

void block_reading::skip(std::string_view block_type, std::string_view member) const {
  std::string name = "messages.";
  name.append(block_type).append(".").append(member);
  if (std::find(unknown.begin(), unknown.end(), name) == unknown.end()) unknown.push_back(texts.keep(std::move(name)));
}

part read_block(std::string_view block, const block_reading& how, place_of_block where) {
  block_members b;
  json::members walk(block);
  for (json::member m; walk.next(m);) {
    const auto n = m.name;
    if (n == "type") b.type = m.value;
    else if (n == "text") b.text = m.value;
    else if (n == "source") b.source = m.value;
    else if (n == "title") b.title = m.value;
    else if (n == "context") b.context = m.value;
    else if (n == "citations") b.citations = m.value;
    else if (n == "cache_control") b.cache_control = m.value;
    else if (n == "id" || n == "tool_use_id") b.id = m.value;
    else if (n == "name") b.name = m.value;
    else if (n == "input") b.input = m.value;
    else if (n == "content") b.content = m.value;
    else if (n == "is_error") b.is_error = m.value;
    else if (n == "thinking") b.thinking = m.value;
    else if (n == "signature") b.signature = m.value;
    else if (n == "data") b.data = m.value;
    else if (n == "caller" && json::is_text(json::find(m.value, "type"), "direct")) continue;   // what it is anyway
    else if (given(m.value) && (n == "caller" || n == "toolset_name" || n == "transformations")) how.skip(json::inside(b.type), n);
  }
  const auto type = json::inside(b.type);
  part out;
  if (type == "text") {
    out.kind = part_kind::text;
    out.text = b.text;
    out.citations = read_citations(b.citations, how.texts);
  } else if (type == "image") {
    out.kind = part_kind::image;
    if (!read_source(b.source, out, how)) out = foreign(block, b.type);
  } else if (type == "document") {
    out = read_document(block, b, how);
  } else if (type == "search_result") {
    out = read_search_result(block, b, how);
  } else if (type == "tool_use") {
    out.kind = part_kind::tool_call;
    out.id = b.id;
    out.name = b.name;
    out.arguments = given(b.input) ? b.input : std::string_view("{}");
  } else if (type == "tool_result" && where == place_of_block::message) {
    out.kind = part_kind::tool_result;
    out.id = b.id;
    out.is_error = b.is_error == "true";
    read_content(b.content, out.content, how, place_of_block::tool_result);
  } else if (type == "thinking") {
    out.kind = part_kind::reasoning;
    out.text = b.thinking;
    if (json::has_text(b.signature)) out.signature = b.signature;
  } else if (type == "redacted_thinking") {
    out.kind = part_kind::redacted_reasoning;
    out.data = b.data;
  } else {
    out = foreign(block, b.type);
  }
  if (given(b.cache_control)) out.cache_control = b.cache_control;
  return out;
}

void read_content(std::string_view content, std::vector<part>& out, const block_reading& how, place_of_block where) {
  if (json::is_string(content)) {
    if (!json::has_text(content)) return;
    out.emplace_back().text = content;
    return;
  }
  json::elements blocks(content);
  for (std::string_view block; blocks.next(block);) out.push_back(read_block(block, how, where));
}

std::string neutral_citation(std::string_view citation) {
  std::string_view type, url, source, title, document, file, cited;
  json::members walk(citation);
  for (json::member m; walk.next(m);) {
    if (!given(m.value)) continue;
    if (m.name == "type") type = json::inside(m.value);
    else if (m.name == "url") url = m.value;
    else if (m.name == "source") source = m.value;
    else if (m.name == "title") title = m.value;
    else if (m.name == "document_title") document = m.value;
    else if (m.name == "file_id") file = m.value;
    else if (m.name == "cited_text") cited = m.value;
  }
  std::string text;
  json::out out(text);
  out.begin_object();
  const bool of_url = type == "web_search_result_location" || type == "search_result_location";
  const std::string_view kind = of_url ? "url_citation" : "file_citation";
  out.text("type", kind);
  out.key(kind);
  out.begin_object();
  if (of_url) {
    const auto where = !url.empty() ? url : source;
    out.raw("url", where.empty() ? R"("")" : where);
    out.raw("title", title.empty() ? R"("")" : title);
    out.number("start_index", 0);
    out.number("end_index", 0);
  } else {
    out.raw_if("filename", document);
    out.raw_if("file_id", file);
  }
  out.raw_if("content", cited);
  out.end_object();
  out.raw("anthropic", citation);
  out.end_object();
  return text;
}

}  // namespace switchyard::providers::anthropic
