// Content blocks of requests, answers and tool results as neutral parts.
//
//   block = {"text":T} | {"image"|"video"|"audio":{"format","source":{"bytes"|"s3Location":{"uri"}}}} |
//           {"document":{"format","name","source":{"bytes"|"text"|"content":[{"text"}]|"s3Location"},"context","citations"}} |
//           {"toolUse":{"toolUseId","name","input"}} | {"toolResult":{"toolUseId","content":[block|{"json":V}],"status"}} |
//           {"reasoningContent":{"reasoningText":{"text","signature"}|"redactedContent":B}} | {"cachePoint":{"type","ttl"}} |
//           {"guardContent":{"text":{"text","qualifiers"}|"image"}} | {"citationsContent":{"content":[{"text"}],"citations":[...]}} |
//           {"searchResult"|"toolAddition"|"toolRemoval":{...}}          the last three only Bedrock knows: foreign
#include "providers/bedrock/converse.hpp"

namespace switchyard::providers::converse {

using neutral::json_text;
using neutral::part;
using neutral::part_kind;

namespace {

[[nodiscard]] json_text given(json_text value) noexcept { return json::is_null(value) ? json_text{} : value; }

/// The insides of [{"text":T}, ...] as one JSON string.
[[nodiscard]] json_text joined_texts(json_text list, neutral::arena& texts) {
  json::elements walk(list);
  json_text first;
  std::string all;
  for (std::string_view entry; walk.next(entry);) {
    const auto text = json::find(entry, "text");
    if (!json::is_string(text)) continue;
    if (first.empty()) first = text;
    all += json::inside(text);
  }
  if (first.empty()) return "\"\"";
  return json::inside(first).size() == all.size() ? first : texts.keep("\"" + all + "\"");
}

}  // namespace

bool block_reader::read(json_text block, std::vector<part>& parts) {
  json::members walk(block);
  json::member m;
  std::size_t members = 0;
  for (json::member next; walk.next(next);) {
    if (json::is_null(next.value)) continue;   // the other members of the union, as some clients write them
    m = next;
    ++members;
  }
  if (!walk.ok() || members != 1) return false;
  if (m.name == "text") {
    if (!json::is_string(m.value)) return false;
    parts.push_back({.kind = part_kind::text, .text = m.value});
  } else if (m.name == "image") {
    read_media(media::image, m.value, parts);
  } else if (m.name == "document") {
    read_media(media::document, m.value, parts);
  } else if (m.name == "video") {
    read_media(media::video, m.value, parts);
  } else if (m.name == "audio") {
    read_media(media::audio, m.value, parts);
  } else if (m.name == "toolUse") {
    read_tool_use(m.value, block, parts);
  } else if (m.name == "toolResult") {
    read_tool_result(m.value, parts);
  } else if (m.name == "reasoningContent") {
    read_reasoning(m.value, parts);
  } else if (m.name == "cachePoint") {
    read_cache_point(m.value, parts);
  } else if (m.name == "citationsContent") {
    read_citations(m.value, parts);
  } else if (m.name == "json") {
    parts.push_back({.kind = part_kind::text, .text = texts_.quote(m.value)});
  } else if (const auto text = json::find(json::find(m.value, "text"), "text"); m.name == "guardContent" && json::is_string(text)) {
    unknown_.push_back("guardContent");   // that a guardrail is to look at it
    parts.push_back({.kind = part_kind::text, .text = text, .original = block});
  } else if (m.name == "guardContent" && json::is_object(json::find(m.value, "image"))) {
    unknown_.push_back("guardContent");
    read_media(media::image, json::find(m.value, "image"), parts);
  } else {
    add_foreign(m.name, block, parts);
  }
  return true;
}

std::optional<std::size_t> block_reader::read_all(json_text blocks, std::vector<part>& parts) {
  json::elements walk(blocks);
  std::size_t index = 0;
  for (std::string_view block; walk.next(block); ++index)
    if (!json::is_object(block) || !read(block, parts)) return index;
  return walk.ok() ? std::nullopt : std::optional(index);
}

void block_reader::read_tool_use(json_text value, json_text block, std::vector<part>& parts) {
  part out{.kind = part_kind::tool_call};
  bool hosted = false;
  json::members walk(value);
  for (json::member m; walk.next(m);) {
    if (m.name == "toolUseId")
      out.id = m.value;
    else if (m.name == "name")
      out.name = m.value;
    else if (m.name == "input")
      out.arguments = given(m.value);
    else if (m.name == "type")
      hosted = json::is_text(m.value, "server_tool_use");
  }
  if (hosted) return add_foreign("toolUse", block, parts);
  if (out.arguments.empty()) out.arguments = "{}";
  parts.push_back(std::move(out));
}

void block_reader::read_tool_result(json_text value, std::vector<part>& parts) {
  part out{.kind = part_kind::tool_result};
  json::members walk(value);
  for (json::member m; walk.next(m);) {
    if (m.name == "toolUseId") {
      out.id = m.value;
    } else if (m.name == "status") {
      out.is_error = json::is_text(m.value, "error");
    } else if (m.name == "content") {
      json::elements blocks(m.value);
      for (std::string_view block; blocks.next(block);)
        if (!read(block, out.content)) unknown_.push_back("toolResult.content");
    }
  }
  parts.push_back(std::move(out));
}

void block_reader::read_media(media kind, json_text value, std::vector<part>& parts) {
  constexpr part_kind kinds[] = {part_kind::image, part_kind::file, part_kind::video, part_kind::audio};
  part out{.kind = kinds[static_cast<std::size_t>(kind)]};
  json::members walk(value);
  for (json::member m; walk.next(m);) {
    if (m.name == "format") {
      out.media_type = media_type_of(kind, m.value, texts_);
    } else if (m.name == "name") {
      out.name = given(m.value);
    } else if (m.name == "source") {
      json::members source(m.value);
      for (json::member s; source.next(s);) {
        if (s.name == "bytes") {
          out.data = given(s.value);
        } else if (s.name == "text") {
          out.text = given(s.value);
        } else if (s.name == "content") {
          out.text = joined_texts(s.value, texts_);
        } else if (s.name == "s3Location") {
          out.url = given(json::find(s.value, "uri"));
          if (!json::find(s.value, "bucketOwner").empty()) unknown_.push_back("s3Location.bucketOwner");
        }
      }
    } else if (m.name == "citations" && json::is_text(json::find(m.value, "enabled"), "false")) {
      continue;
    } else if (!json::is_null(m.value)) {
      unknown_.push_back(texts_.keep("document." + std::string(m.name)));   // context, citations
    }
  }
  if (kind == media::document && out.media_type.empty() && !out.text.empty()) out.media_type = "\"text/plain\"";
  parts.push_back(std::move(out));
}

void block_reader::read_reasoning(json_text value, std::vector<part>& parts) {
  if (const auto sealed = json::find(value, "redactedContent"); json::is_string(sealed)) {
    parts.push_back({.kind = part_kind::redacted_reasoning, .data = unwrapped_blob(sealed, texts_)});
    return;
  }
  part out{.kind = part_kind::reasoning, .text = "\"\""};
  json::members walk(json::find(value, "reasoningText"));
  for (json::member m; walk.next(m);) {
    if (m.name == "text" && json::is_string(m.value)) out.text = m.value;
    if (m.name == "signature" && json::has_text(m.value)) out.signature = m.value;
  }
  parts.push_back(std::move(out));
}

void block_reader::read_citations(json_text value, std::vector<part>& parts) {
  part out{.kind = part_kind::text};
  out.text = joined_texts(json::find(value, "content"), texts_);
  if (const auto list = json::find(value, "citations"); json::has_entries(list)) out.citations = list;
  parts.push_back(std::move(out));
}

void block_reader::read_cache_point(json_text value, std::vector<part>& parts) {
  parts.push_back({.kind = part_kind::cache_point, .cache_control = cache_control_of(value, texts_)});
}

void block_reader::add_foreign(std::string_view name, json_text block, std::vector<part>& parts) {
  parts.push_back({.kind = part_kind::foreign, .name = texts_.keep("\"messages." + std::string(name) + "\""), .original = block});
}

json_text cache_control_of(json_text cache_point, neutral::arena& texts) {
  const auto ttl = json::find(cache_point, "ttl");
  if (!json::has_text(ttl)) return R"({"type":"ephemeral"})";
  return texts.keep(R"({"type":"ephemeral","ttl":)" + std::string(ttl) + "}");
}

neutral::finish_reason finish_of(json_text stop_reason) noexcept {
  using neutral::finish_reason;
  struct row {
    std::string_view theirs;
    finish_reason ours;
  };
  constexpr row rows[] = {
      {"end_turn", finish_reason::stop},
      {"tool_use", finish_reason::tool_calls},
      {"max_tokens", finish_reason::length},
      {"stop_sequence", finish_reason::stop_sequence},
      {"guardrail_intervened", finish_reason::content_filter},
      {"content_filtered", finish_reason::content_filter},
      {"malformed_tool_use", finish_reason::malformed_call},
      {"malformed_model_output", finish_reason::other},
      {"model_context_window_exceeded", finish_reason::context_exceeded},
  };
  const auto text = json::inside(stop_reason);
  for (const auto& [theirs, ours] : rows)
    if (theirs == text) return ours;
  return text.empty() ? finish_reason::none : finish_reason::other;
}

void read_usage(json_text object, neutral::token_counts& out) noexcept {
  std::optional<std::int64_t> beside_cache;
  json::members walk(object);
  for (json::member m; walk.next(m);) {
    const auto count = json::as_count(m.value);
    if (!count) continue;
    if (m.name == "inputTokens")
      beside_cache = count;
    else if (m.name == "outputTokens")
      out.output = count;
    else if (m.name == "cacheReadInputTokens")
      out.cached_input = count;
    else if (m.name == "cacheWriteInputTokens")
      out.cache_write = count;
  }
  if (beside_cache) out.input = *beside_cache + out.cached_input.value_or(0) + out.cache_write.value_or(0);
}

}  // namespace switchyard::providers::converse
