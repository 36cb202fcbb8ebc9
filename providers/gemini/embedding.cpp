// Gemini's embeddings.
//
//   embedContent        {"content":{"parts":[{"text":S}…]}, "taskType"?, "title"?, "outputDimensionality"?}
//                       -> {"embedding":{"values":[N…]}}
//   batchEmbedContents  {"requests":[{"model":"models/M","content",…}…]}
//                       -> {"embeddings":[{"values":[N…]}…]}
//   also                "embedContentConfig":{"taskType","title","outputDimensionality",…} around the settings
//
// The parts of a content are one input. Settings stand in each request of a batch; the neutral form has them once: those of the first.
#include "providers/embedding.hpp"

#include "providers/gemini/error.hpp"
#include "providers/gemini/field.hpp"
#include "providers/gemini/usage_metadata.hpp"
#include "providers/json_out.hpp"

#include <algorithm>

namespace switchyard::providers {

namespace {

using namespace gemini;
using neutral::json_text;

[[nodiscard]] error refused(std::string message, std::string param) {
  return client_error(error_code::invalid_request, std::move(message), std::move(param));
}

/// What others call the kind of input, and Gemini's name for it.
struct task_row {
  std::string_view input_type;
  json_text task;
};
constexpr task_row tasks[] = {{"search_document", R"("RETRIEVAL_DOCUMENT")"}, {"document", R"("RETRIEVAL_DOCUMENT")"},
                              {"passage", R"("RETRIEVAL_DOCUMENT")"},         {"search_query", R"("RETRIEVAL_QUERY")"},
                              {"query", R"("RETRIEVAL_QUERY")"},              {"classification", R"("CLASSIFICATION")"},
                              {"clustering", R"("CLUSTERING")"}};

class request_reader {
 public:
  explicit request_reader(neutral::arena& texts) : texts_(texts) {}

  /// One request; `where`: "requests[3]." or nothing.
  [[nodiscard]] std::optional<error> read(std::string_view object, const std::string& where) {
    std::string_view content;
    neutral::embedding_request settings;
    read_settings(object, content, settings);
    if (!json::is_object(content)) return refused("Missing required parameter: '" + where + "content'.", where + "content");
    if (auto wrong = read_content(content, where)) return wrong;
    if (out.inputs.size() == 1) {
      settings.inputs = std::move(out.inputs);
      out = std::move(settings);
    } else if (settings.task_type.value != out.task_type.value) {
      out.unknown.push_back("requests.taskType");
    } else if (settings.dimensions.value != out.dimensions.value) {
      out.unknown.push_back("requests.outputDimensionality");
    }
    return {};
  }

  neutral::embedding_request out;

 private:
  void read_settings(std::string_view object, std::string_view& content, neutral::embedding_request& into) {
    json::members walk(object);
    for (json::member m; walk.next(m);) {
      if (json::is_null(m.value)) continue;
      if (m.name == "content") content = m.value;
      else if (is_field(m.name, "taskType")) into.task_type = {m.value, "taskType"};
      else if (m.name == "title") into.title = {m.value, "title"};
      else if (is_field(m.name, "outputDimensionality")) into.dimensions = {m.value, "outputDimensionality"};
      else if (is_field(m.name, "autoTruncate")) into.truncation = {m.value, "autoTruncate"};
      else if (is_field(m.name, "embedContentConfig")) read_settings(m.value, content, into);
      else if (m.name != "model" && m.name != "fallbacks") into.unknown.push_back(m.name);
    }
  }

  [[nodiscard]] std::optional<error> read_content(std::string_view content, const std::string& where) {
    std::optional<error> wrong;
    json_text only;
    std::string joined;
    for_each(find_field(content, "parts"), [&](std::string_view part) {
      const auto text = find_field(part, "text");
      if (!json::is_string(text)) return wrong = refused("Only text can be embedded by this model.", where + "content.parts"), false;
      if (!only.empty() && joined.empty()) joined.append(json::inside(only));
      if (!only.empty()) joined.append(json::inside(text));
      only = text;
      return true;
    });
    if (wrong) return wrong;
    if (only.empty()) return refused("Invalid value at '" + where + "content': expected at least one part.", where + "content.parts");
    out.inputs.push_back(joined.empty() ? only : texts_.keep("\"" + joined + "\""));
    return {};
  }

  neutral::arena& texts_;
};

/// {"content":…,"taskType"?…} without its braces.
void write_one(const neutral::embedding_request& what, json_text input, json::out& out) {
  out.key("content");
  out.begin_object();
  out.key("parts");
  out.begin_array();
  out.begin_object();
  out.raw("text", input);
  out.end_object();
  out.end_array();
  out.end_object();
  if (what.task_type) {
    out.raw("taskType", what.task_type.value);
  } else if (what.input_type) {
    for (const auto& row : tasks)
      if (json::is_text(what.input_type.value, row.input_type)) out.raw("taskType", row.task);
  }
  out.raw_if("title", what.title.value);
  out.raw_if("outputDimensionality", what.dimensions.value);
}

[[nodiscard]] outcome check_and_drop(const neutral::embedding_request& what, neutral::dropped_fields& dropped) {
  for (const auto name : what.unknown) dropped.add(name);
  for (const auto input : what.inputs)
    if (!json::is_string(input)) return refused("Gemini embeds text, not token numbers: send strings.", "input");
  if (what.inputs.empty()) return refused("There is nothing to embed.", "input");
  dropped.add_if(what.user);
  dropped.add_if(what.truncation);
  const auto known = [&](const task_row& row) { return json::is_text(what.input_type.value, row.input_type); };
  if (what.input_type && !what.task_type && std::none_of(std::begin(tasks), std::end(tasks), known)) dropped.add(what.input_type.name);
  return done{};
}

[[nodiscard]] result<neutral::embedding_answer> read_vectors(std::string_view body) {
  neutral::embedding_answer out;
  json::members walk(body);
  for (json::member m; walk.next(m);) {
    if (m.name == "error") return judge_error(0, body, {}, wall_time{}, {}).what;
    if (is_field(m.name, "usageMetadata")) out.usage = read_usage_metadata(m.value);
    if (m.name == "embedding" || m.name == "embeddings")
      for_each(m.value, [&](std::string_view embedding) {
        const auto values = find_field(embedding, "values");
        out.vectors.push_back(values.empty() ? json_text("[]") : values);
        return true;
      });
  }
  if (!walk.ok() || out.vectors.empty()) return upstream_failure(error_code::upstream_error, "the provider's answer has no embeddings");
  return out;
}

void write_vector(json_text vector, json::out& out) {
  neutral::arena texts;
  out.begin_object();
  out.raw("values", vector_as_numbers(vector, texts));
  out.end_object();
}

class embed_format final : public embedding_dialect {
 public:
  [[nodiscard]] result<neutral::embedding_request> read_request(std::string_view body, neutral::arena& texts) const override {
    request_reader reader(texts);
    if (auto wrong = reader.read(body, {})) return *std::move(wrong);
    reader.out.single = true;
    return std::move(reader.out);
  }
  [[nodiscard]] outcome write_request(const neutral::embedding_request& what, const write_target&, std::string& into,
                                      neutral::dropped_fields& dropped) const override {
    if (auto checked = check_and_drop(what, dropped); !checked) return checked;
    if (what.inputs.size() > 1) return refused("embedContent takes one input.", "input");
    json::out out(into);
    out.begin_object();
    write_one(what, what.inputs.front(), out);
    out.end_object();
    return done{};
  }
  [[nodiscard]] result<neutral::embedding_answer> read_answer(std::string_view body, neutral::arena&) const override {
    return read_vectors(body);
  }
  void write_answer(const neutral::embedding_answer& what, const neutral::embedding_request&, const answer_context&,
                    std::string& into) const override {
    json::out out(into);
    out.begin_object();
    out.key("embedding");
    write_vector(what.vectors.empty() ? json_text("[]") : what.vectors.front(), out);
    write_usage_metadata(what.usage, out);
    out.end_object();
  }
};

class batch_format final : public embedding_dialect {
 public:
  [[nodiscard]] result<neutral::embedding_request> read_request(std::string_view body, neutral::arena& texts) const override {
    request_reader reader(texts);
    std::optional<error> wrong;
    std::size_t n = 0;
    for_each(find_field(body, "requests"), [&](std::string_view request) {
      return !(wrong = reader.read(request, "requests[" + std::to_string(n++) + "]."));
    });
    if (wrong) return *std::move(wrong);
    json::members walk(body);
    for (json::member m; walk.next(m);)
      if (m.name != "requests" && m.name != "model" && m.name != "fallbacks") reader.out.unknown.push_back(m.name);
    return std::move(reader.out);
  }
  [[nodiscard]] outcome write_request(const neutral::embedding_request& what, const write_target& where, std::string& into,
                                      neutral::dropped_fields& dropped) const override {
    if (auto checked = check_and_drop(what, dropped); !checked) return checked;
    json::out out(into);
    out.begin_object();
    out.key("requests");
    out.begin_array();
    for (const auto input : what.inputs) {
      out.begin_object();
      const bool has_kind = where.model.find('/') != std::string_view::npos;
      out.text("model", has_kind ? std::string(where.model) : std::string("models/").append(where.model));
      write_one(what, input, out);
      out.end_object();
    }
    out.end_array();
    out.end_object();
    return done{};
  }
  [[nodiscard]] result<neutral::embedding_answer> read_answer(std::string_view body, neutral::arena&) const override {
    return read_vectors(body);
  }
  void write_answer(const neutral::embedding_answer& what, const neutral::embedding_request&, const answer_context&,
                    std::string& into) const override {
    json::out out(into);
    out.begin_object();
    out.key("embeddings");
    out.begin_array();
    for (const auto vector : what.vectors) write_vector(vector, out);
    out.end_array();
    write_usage_metadata(what.usage, out);
    out.end_object();
  }
};

}  // namespace

const embedding_dialect& gemini_embedding_dialect() noexcept {
  static const embed_format format;
  return format;
}

const embedding_dialect& gemini_batch_embedding_dialect() noexcept {
  static const batch_format format;
  return format;
}

}  // namespace switchyard::providers
