#include "routing/cache/request_key.hpp"

#include "base/sha256.hpp"
#include "providers/json_document.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace switchyard::routing {

namespace {

namespace dom = simdjson::dom;
using providers::api;

void append_sized(std::string& out, std::string_view text) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, text.size()).ptr;
  out.append(digits, end);
  out += ':';
  out += text;
}

bool is_left_out(std::string_view name) noexcept { return name == "model" || name == "stream" || name == "stream_options"; }

/// Writes values so that equal ones have equal bytes and different ones different bytes.
class canonical {
 public:
  /// The string that begins at `left_out` becomes a mark.
  canonical(std::string& out, const char* left_out) : out_(out), left_out_(left_out) {}

  void object(const dom::object& from, bool top = false) {
    boost::container::small_vector<std::pair<std::string_view, dom::element>, 16> members;
    for (const auto member : from)
      if (!top || !is_left_out(member.key)) members.emplace_back(member.key, member.value);
    std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out_ += '{';
    for (const auto& [name, inner] : members) {
      append_sized(out_, name);
      value(inner);
    }
    out_ += '}';
  }

 private:
  void value(const dom::element& from) {
    switch (from.type()) {
      case dom::element_type::OBJECT: {
        const dom::object members = from.get_object().value_unsafe();
        return object(members);
      }
      case dom::element_type::ARRAY: {
        const dom::array items = from.get_array().value_unsafe();
        out_ += '[';
        for (const auto item : items) value(item);
        out_ += ']';
        return;
      }
      case dom::element_type::STRING: {
        const auto text = from.get_string().value_unsafe();
        if (text.data() == left_out_) {
          out_ += 'P';
        } else {
          out_ += 's';
          append_sized(out_, text);
        }
        return;
      }
      case dom::element_type::INT64: return number(from.get_int64().value_unsafe());
      case dom::element_type::UINT64: return number(from.get_uint64().value_unsafe());
      case dom::element_type::DOUBLE: {
        const double x = from.get_double().value_unsafe();
        if (x == std::floor(x) && std::abs(x) < 9e15) return number(static_cast<std::int64_t>(x));
        return number(x);
      }
      case dom::element_type::BOOL: out_ += from.get_bool().value_unsafe() ? 't' : 'f'; return;
      case dom::element_type::NULL_VALUE: out_ += '0'; return;
    }
  }
  template <class Number>
  void number(Number x) {
    char digits[40];
    out_ += 'n';
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
    out_ += ';';
  }

  std::string& out_;
  const char* left_out_;
};

/// A turn's content when it is one text: "text", or a list of one text part whose text stands in `text`.
std::optional<std::string_view> one_text(const dom::element& content, std::string_view type) {
  if (std::string_view text; content.get(text) == simdjson::SUCCESS) return text;
  dom::array parts;
  if (content.get(parts) != simdjson::SUCCESS || parts.size() != 1) return std::nullopt;
  const auto part = *parts.begin();
  std::string_view text, kind;
  if (part["text"].get(text) != simdjson::SUCCESS) return std::nullopt;
  if (!type.empty() && (part["type"].get(kind) != simdjson::SUCCESS || kind != type)) return std::nullopt;
  return text;
}

std::optional<std::string_view> last_turn(const dom::object& body, const char* list, const char* content, std::string_view type) {
  dom::array turns;
  if (body[list].get(turns) != simdjson::SUCCESS || turns.size() == 0) return std::nullopt;
  dom::element last;
  for (const auto turn : turns) last = turn;
  std::string_view role;
  const auto has_role = last["role"].get(role) == simdjson::SUCCESS;
  if (has_role ? role != "user" : type != "gemini") return std::nullopt;
  dom::element inner;
  if (last[content].get(inner) != simdjson::SUCCESS) return std::nullopt;
  return one_text(inner, type == "gemini" ? std::string_view() : type);
}

std::optional<std::string_view> prompt_in(api operation, const dom::object& body) {
  switch (operation) {
    case api::chat_completions: return last_turn(body, "messages", "content", "text");
    case api::messages: return last_turn(body, "messages", "content", "text");
    case api::converse: return last_turn(body, "messages", "content", "");
    case api::generate_content: return last_turn(body, "contents", "parts", "gemini");
    case api::completions:
    case api::responses: {
      const char* name = operation == api::responses ? "input" : "prompt";
      if (std::string_view text; body[name].get(text) == simdjson::SUCCESS) return text;
      return operation == api::responses ? last_turn(body, "input", "content", "input_text") : std::nullopt;
    }
    default: return std::nullopt;
  }
}

cache_hash digest(std::string_view text) {
  const auto whole = sha256(text);
  cache_hash out;
  std::copy_n(whole.begin(), out.size(), out.begin());
  return out;
}

}  // namespace

std::size_t cache_hash_hash::operator()(const cache_hash& hash) const noexcept {
  std::size_t out;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

std::optional<request_key> key_of(const providers::api_request& request, const cache_place& where) {
  if (providers::is_count(request.operation)) return std::nullopt;
  providers::json::document document;
  dom::object body;
  if (!document.parse_copy(request.body) || document.root().get(body) != simdjson::SUCCESS) return std::nullopt;
  const auto prompt = prompt_in(request.operation, body);

  thread_local std::string text;
  text.clear();
  for (const auto part : {where.scope, where.tenant, where.route, where.asked, providers::to_string(request.operation)}) append_sized(text, part);
  text.append(reinterpret_cast<const char*>(&where.embedding), sizeof where.embedding);
  if (request.as_array) text += 'a';
  canonical(text, prompt ? prompt->data() : nullptr).object(body, true);

  request_key out;
  out.partition = digest(text);
  text.assign(reinterpret_cast<const char*>(out.partition.data()), out.partition.size());
  if (prompt) {
    text += *prompt;
    out.prompt.emplace(*prompt);
  }
  out.exact = digest(text);
  if (text.capacity() > (1u << 20)) std::string().swap(text);
  return out;
}

}  // namespace switchyard::routing
