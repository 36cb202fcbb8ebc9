#include "providers/gemini/schema.hpp"

#include "providers/gemini/field.hpp"

#include <algorithm>

namespace switchyard::providers::gemini {

namespace {

constexpr std::size_t deepest = 64;            // levels of a schema
constexpr std::size_t most_references = 8;     // inlined within each other
constexpr std::size_t largest = 1u << 20;      // bytes of an inlined schema; beyond it references are plain objects

void append_in_case(std::string& out, std::string_view word, bool upper) {
  if (word.find('\\') != std::string_view::npos) return (void)out.append(word);   // no type's name has escapes, whose letters must stay
  for (const char c : word) {
    if (upper && c >= 'a' && c <= 'z') out += static_cast<char>(c - 'a' + 'A');
    else if (!upper && c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    else out += c;
  }
}

[[nodiscard]] bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// OpenAPI's subset -> JSON Schema

void read_schema(std::string_view schema, json::out& out, std::size_t depth);

void read_map(std::string_view map, json::out& out, std::size_t depth) {
  out.begin_object();
  json::members walk(map);
  for (json::member m; walk.next(m);) {
    out.key(m.name);
    read_schema(m.value, out, depth);
  }
  out.end_object();
}

void read_list(std::string_view list, json::out& out, std::size_t depth) {
  out.begin_array();
  for_each(list, [&](std::string_view entry) { return read_schema(entry, out, depth), true; });
  out.end_array();
}

void read_type(std::string_view type, bool nullable, json::out& out) {
  if (json::is_text(type, "TYPE_UNSPECIFIED")) return;
  if (!json::is_string(type)) return out.raw("type", type);   // a list: JSON Schema already
  std::string word = "\"";
  append_in_case(word, json::inside(type), false);
  word += '"';
  if (!nullable) return out.raw("type", word);
  out.key("type");
  out.begin_array();
  out.raw(word);
  out.raw(R"("null")");
  out.end_array();
}

void read_schema(std::string_view schema, json::out& out, std::size_t depth) {
  if (!json::is_object(schema) || depth == deepest) return out.raw(json::is_object(schema) ? std::string_view("{}") : schema);
  const bool nullable = json::find(schema, "nullable") == "true";
  out.begin_object();
  json::members walk(schema);
  for (json::member m; walk.next(m);) {
    if (json::is_null(m.value)) continue;
    if (m.name == "type") read_type(m.value, nullable, out);
    else if (m.name == "nullable" || is_field(m.name, "propertyOrdering")) continue;
    else if (m.name == "properties" || m.name == "$defs") out.key(m.name), read_map(m.value, out, depth + 1);
    else if (m.name == "defs") out.key("$defs"), read_map(m.value, out, depth + 1);
    else if (is_field(m.name, "anyOf")) out.key("anyOf"), read_list(m.value, out, depth + 1);
    else if (m.name == "items") out.key("items"), read_schema(m.value, out, depth + 1);
    else if (is_field(m.name, "additionalProperties")) out.key("additionalProperties"), read_schema(m.value, out, depth + 1);
    else if (m.name == "ref") out.raw("$ref", m.value);
    else {
      // Google writes 64-bit numbers as strings.
      bool counted = false;
      for (const std::string_view count : {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
        if (is_field(m.name, count)) out.raw(count, json::is_string(m.value) ? json::inside(m.value) : m.value), counted = true;
      if (!counted) out.raw(m.name, m.value);
    }
  }
  out.end_object();
}

// JSON Schema -> OpenAPI's subset

class openapi_writer {
 public:
  openapi_writer(std::string_view root, json::out& out, std::vector<std::string>& lost) : root_(root), out_(out), lost_(lost) {}

  void write(std::string_view schema, std::size_t depth, std::size_t references) {
    out_.begin_object();
    if (json::is_object(schema) && depth < deepest) write_members(schema, depth, references, false);
    out_.end_object();
  }

 private:
  void lose(std::string_view keyword) {
    if (std::find(lost_.begin(), lost_.end(), keyword) == lost_.end()) lost_.emplace_back(keyword);
  }

  [[nodiscard]] std::string_view target_of(std::string_view reference) const noexcept {
    auto path = json::inside(reference);
    if (!path.starts_with("#/")) return {};
    path.remove_prefix(2);
    auto at = root_;
    while (!path.empty() && !at.empty()) {
      const auto slash = std::min(path.find('/'), path.size());
      at = json::find(at, path.substr(0, slash));
      path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return at;
  }

  /// The members of `schema` into the object that is open. `inlined`: something around it has a description of its own.
  void write_members(std::string_view schema, std::size_t depth, std::size_t references, bool inlined) {
    if (const auto reference = json::find(schema, "$ref"); !reference.empty()) {
      const auto target = target_of(reference);
      const auto description = json::find(schema, "description");
      if (!description.empty() && !inlined) out_.raw("description", description);
      if (!json::is_object(target) || references == most_references || out_.str().size() > largest) {
        lose("$ref");
        return out_.raw("type", R"("OBJECT")");
      }
      return write_members(target, depth + 1, references + 1, inlined || !description.empty());
    }
    const auto type = json::find(schema, "type");
    bool nullable = json::find(schema, "nullable") == "true";
    write_type(schema, type, nullable);
    const bool described = inlined || !json::find(schema, "description").empty();
    json::members walk(schema);
    for (json::member m; walk.next(m);) {
      if (m.name == "anyOf" || m.name == "oneOf" || m.name == "allOf") write_alternatives(m, depth, references, described, nullable);
      else if (m.name == "description" || m.name == "default") inlined ? void() : out_.raw(m.name, m.value);
      else write_member(m, type, depth, references, nullable);
    }
    if (nullable) out_.boolean("nullable", true);
    if (json::is_text(type, "array") && json::find(schema, "items").empty())
      out_.raw("items", R"({"type":"STRING"})");   // Gemini refuses lists of anything
  }

  void write_type(std::string_view schema, std::string_view type, bool& nullable) {
    if (type.empty()) {
      const auto sole = json::find(schema, "const");
      const auto list = json::find(schema, "enum");
      if (json::is_string(sole) || json::is_array(list)) out_.raw("type", R"("STRING")");
      else if (!json::find(schema, "properties").empty()) out_.raw("type", R"("OBJECT")");
      return;
    }
    std::vector<std::string_view> names;
    if (json::is_string(type)) names.push_back(type);
    json::elements walk(type);
    for (std::string_view name; walk.next(name);) {
      if (json::is_text(name, "null")) nullable = true;
      else names.push_back(name);
    }
    const auto write_name = [&](std::string_view name) {
      std::string word = "\"";
      append_in_case(word, json::inside(name), true);
      out_.raw("type", word + '"');
    };
    if (names.size() == 1) return write_name(names.front());
    if (names.empty() || !json::find(schema, "anyOf").empty()) return;
    out_.key("anyOf");
    out_.begin_array();
    for (const auto name : names) {
      out_.begin_object();
      write_name(name);
      out_.end_object();
    }
    out_.end_array();
  }

  void write_member(const json::member& m, std::string_view type, std::size_t depth, std::size_t references, bool& nullable) {
    if (is_one_of(m.name, {"type", "nullable", "title", "$schema", "$id", "$comment", "$defs", "definitions", "strict"})) return;
    if (is_one_of(m.name, {"minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern",
                                  "required", "minProperties", "maxProperties", "example", "propertyOrdering"})) {
      out_.raw(m.name, m.value);
    } else if (m.name == "properties") {
      if (!json::has_entries(m.value)) return;   // an empty object is refused
      out_.key(m.name);
      out_.begin_object();
      json::members walk(m.value);
      for (json::member property; walk.next(property);) {
        out_.key(property.name);
        write(property.value, depth + 1, references);
      }
      out_.end_object();
    } else if (m.name == "items") {
      out_.key(m.name);
      write(m.value, depth + 1, references);
    } else if (m.name == "enum") {
      write_enum(m.value, type, nullable);
    } else if (m.name == "const") {
      if (!json::is_string(m.value)) return lose("const");
      out_.key("enum");
      out_.begin_array();
      out_.raw(m.value);
      out_.end_array();
    } else if (m.name == "format") {
      const bool taken = json::is_text(type, "string") ? is_one_of(json::inside(m.value), {"enum", "date-time"})
                                                       : is_one_of(json::inside(m.value), {"float", "double", "int32", "int64"});
      if (taken) out_.raw(m.name, m.value);
      else lose("format");
    } else if (m.name != "additionalProperties" || m.value != "false") {
      lose(m.name);   // exclusiveMinimum, patternProperties, not, …
    }
  }

  /// Only strings can be listed.
  void write_enum(std::string_view list, std::string_view type, bool& nullable) {
    std::vector<std::string_view> words;
    bool others = false;
    json::elements walk(list);
    for (std::string_view value; walk.next(value);) {
      if (json::is_null(value)) nullable = true;
      else if (json::is_string(value)) words.push_back(value);
      else others = true;
    }
    if (others || words.empty() || (json::is_string(type) && !json::is_text(type, "string"))) return lose("enum");
    out_.key("enum");
    out_.begin_array();
    for (const auto word : words) out_.raw(word);
    out_.end_array();
  }

  /// `described`: the schema around them has said what it is.
  void write_alternatives(const json::member& m, std::size_t depth, std::size_t references, bool described, bool& nullable) {
    std::vector<std::string_view> list;
    json::elements walk(m.value);
    for (std::string_view alternative; walk.next(alternative);) {
      if (json::is_text(json::find(alternative, "type"), "null")) nullable = true;
      else list.push_back(alternative);
    }
    if (list.empty()) return;
    if (list.size() == 1 || m.name == "allOf") {
      if (list.size() > 1) lose("allOf");
      return write_members(list.front(), depth + 1, references, described);
    }
    out_.key("anyOf");
    out_.begin_array();
    for (const auto alternative : list) write(alternative, depth + 1, references);
    out_.end_array();
  }

  std::string_view root_;
  json::out& out_;
  std::vector<std::string>& lost_;
};

}  // namespace

neutral::json_text to_json_schema(std::string_view openapi, neutral::arena& texts) {
  std::string text;
  json::out out(text);
  read_schema(openapi, out, 0);
  return texts.keep(std::move(text));
}

void write_openapi_schema(std::string_view schema, json::out& out, std::vector<std::string>& lost) {
  openapi_writer(schema, out, lost).write(schema, 0, 0);
}

}  // namespace switchyard::providers::gemini
