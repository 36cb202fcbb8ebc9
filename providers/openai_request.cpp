#include "providers/openai_request.hpp"

#include "providers/input_estimate.hpp"
#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace switchyard::providers {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t longest_model = 256;    // characters
constexpr std::size_t most_fallbacks = 16;
constexpr std::size_t few_names = 24;         // up to here comparing every pair is cheaper than sorting

[[nodiscard]] error refused(std::string message, std::string param = {}) {
  return client_error(error_code::invalid_request, std::move(message), std::move(param));
}

/// A model's name ends up in headers, logs and metrics: no control characters, and not endless.
[[nodiscard]] bool is_model_name(std::string_view name) noexcept {
  std::size_t characters = 0;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) return false;
    characters += (byte & 0xC0) != 0x80;
  }
  return characters >= 1 && characters <= longest_model;
}

/// The member a request of that kind cannot do without.
[[nodiscard]] std::string_view required_member(api operation) noexcept {
  switch (operation) {
    case api::chat_completions: return "messages";
    case api::completions: return "prompt";
    case api::responses:
    case api::embeddings: return "input";
  }
  return "messages";
}

/// Reads one body. The parsed document and the scanner walk the top level side by side: the one knows values, the other places.
class reader {
 public:
  reader(api operation, std::string_view body) : required_(required_member(operation)), scan_(body) {
    out_.operation = operation;
    out_.body = body;
  }

  [[nodiscard]] result<api_request> read(simdjson::dom::object object) {
    out_.after_open_brace = scan_.after_open_brace();
    names_.reserve(few_names);
    json::member place;
    std::size_t comma = 0;   // before the current member; 0: it is the first
    for (const auto field : object) {
      if (!scan_.next(place)) return internal_error("the request's members could not be located");
      names_.push_back(field.key);
      if (auto problem = read_member(field.key, field.value, place, comma)) return *std::move(problem);
      comma = json::skip_space(out_.body, place.end);
    }
    if (auto problem = finish()) return *std::move(problem);
    return std::move(out_);
  }

 private:
  using problem = std::optional<error>;

  [[nodiscard]] problem read_member(std::string_view name, element value, const json::member& place, std::size_t comma) {
    if (name == "model") return read_model(value, place);
    if (name == required_) return read_required(value, place);
    if (name == "stream") return read_stream(value);
    if (name == "fallbacks") return read_fallbacks(value, place, comma);
    if (name == "stream_options") {
      out_.has_stream_options = true;
      bool wanted = false;
      out_.wants_usage = value.at_pointer("/include_usage").get(wanted) == simdjson::SUCCESS && wanted;
    } else if (name == "max_completion_tokens" || name == "max_output_tokens") {
      read_limit(value, true);
    } else if (name == "max_tokens") {
      read_limit(value, false);
    } else if (name == "tools" || name == "functions" || name == "response_format") {
      out_.input_tokens += static_cast<std::int64_t>(place.value.size() / 4);
    } else if (name == "instructions" && out_.operation == api::responses) {
      out_.input_tokens += estimate_input_tokens(place.value);
    }
    return {};
  }

  [[nodiscard]] problem read_model(element value, const json::member& place) {
    std::string_view model;
    if (value.is_null()) return refused("you must provide a model parameter", "model");
    if (value.get(model) != simdjson::SUCCESS) return refused("Invalid type for 'model': expected a string.", "model");
    if (model.empty()) return refused("you must provide a model parameter", "model");
    if (!is_model_name(model))
      return refused("Invalid 'model': at most 256 characters and no control characters are allowed.", "model");
    out_.model = model;
    out_.model_value = {place.value_begin, place.end};
    return {};
  }

  [[nodiscard]] problem read_required(element value, const json::member& place) {
    const std::string param(required_);
    const auto type = value.type();
    const auto missing = [&] { return refused("Missing required parameter: '" + param + "'.", param); };
    if (out_.operation == api::chat_completions) {
      simdjson::dom::array messages;
      if (value.is_null()) return missing();
      if (value.get(messages) != simdjson::SUCCESS) return refused("Invalid type for 'messages': expected an array of objects.", param);
      if (messages.begin() == messages.end())
        return refused("Invalid 'messages': empty array. Expected an array with minimum length 1.", param);
    } else if (type == element_type::NULL_VALUE) {
      // A stored prompt or a conversation may stand in for the input of a response; that is the provider's to say.
      if (out_.operation != api::responses) return missing();
    } else if (type != element_type::STRING && type != element_type::ARRAY) {
      return refused("Invalid type for '" + param + "': expected a string or an array.", param);
    }
    has_required_ = true;
    out_.input_tokens += estimate_input_tokens(place.value);
    return {};
  }

  [[nodiscard]] problem read_stream(element value) {
    if (value.is_null()) return {};
    if (value.get(out_.stream) != simdjson::SUCCESS) return refused("Invalid type for 'stream': expected a boolean.", "stream");
    return {};
  }

  [[nodiscard]] problem read_fallbacks(element value, const json::member& place, std::size_t comma) {
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return refused("Invalid type for 'fallbacks': expected an array of strings.", "fallbacks");
    for (const auto entry : list) {
      std::string_view target;
      if (entry.get(target) != simdjson::SUCCESS || !is_model_name(target))
        return refused("Invalid 'fallbacks': every entry must be a string such as \"provider/model\".", "fallbacks");
      if (out_.fallbacks.size() == most_fallbacks) return refused("Invalid 'fallbacks': at most 16 entries are allowed.", "fallbacks");
      out_.fallbacks.emplace_back(target);
    }
    if (comma != 0) {
      out_.fallbacks_member = {comma, place.end};
    } else {
      // The first member takes the comma behind it along, if there is one.
      const std::size_t next = json::skip_space(out_.body, place.end);
      out_.fallbacks_member = {place.begin, out_.body[next] == ',' ? next + 1 : place.end};
    }
    return {};
  }

  void read_limit(element value, bool preferred) {
    std::int64_t limit = 0;
    if (value.get(limit) != simdjson::SUCCESS || limit <= 0) return;   // anything else is the provider's to refuse
    if (preferred || out_.max_output_tokens == 0) out_.max_output_tokens = limit;
  }

  [[nodiscard]] problem finish() {
    if (const auto twice = find_duplicate())
      return refused("Duplicate parameter: '" + std::string(twice->substr(0, 64)) + "'.", std::string(twice->substr(0, 64)));
    if (out_.model.empty()) return refused("you must provide a model parameter", "model");
    if (!has_required_ && out_.operation != api::responses)
      return refused("Missing required parameter: '" + std::string(required_) + "'.", std::string(required_));
    if (!has_required_ && !has_name("prompt") && !has_name("conversation") && !has_name("previous_response_id"))
      return refused("Missing required parameter: 'input'.", "input");
    if (out_.operation == api::embeddings) out_.stream = false;   // there are no streamed embeddings
    return {};
  }

  [[nodiscard]] bool has_name(std::string_view name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

  [[nodiscard]] std::optional<std::string_view> find_duplicate() {
    if (names_.size() <= few_names) {
      for (auto later = names_.begin(); later != names_.end(); ++later)
        if (std::find(names_.begin(), later, *later) != later) return *later;
      return std::nullopt;
    }
    std::sort(names_.begin(), names_.end());
    const auto twice = std::adjacent_find(names_.begin(), names_.end());
    if (twice == names_.end()) return std::nullopt;
    return *twice;
  }

  api_request out_;
  std::string_view required_;
  json::members scan_;
  std::vector<std::string_view> names_;
  bool has_required_ = false;
};

}  // namespace

result<api_request> parse_openai_request(api operation, std::string_view body) {
  json::document document;
  if (!document.parse(body))
    return client_error(error_code::invalid_json, "We could not parse the JSON body of your request: " + document.fault() + ".");
  simdjson::dom::object object;
  if (document.root().get(object) != simdjson::SUCCESS) return refused("The request body must be a JSON object.");
  return reader(operation, body).read(object);
}

}  // namespace switchyard::providers
