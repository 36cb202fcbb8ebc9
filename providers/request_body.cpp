#include "providers/request_body.hpp"

#include "providers/input_estimate.hpp"
#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"
#include "providers/redirect_fields.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <optional>

namespace switchyard::providers {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::size_t longest_model = 256;    // characters
constexpr std::size_t most_fallbacks = 16;
constexpr std::int64_t most_tokens = 1'000'000'000'000;   // of a limit: what is above it is added up with others, and is endless anyway
constexpr std::int64_t most_answers = 10'000;  // beyond it is the provider's to refuse
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

/// Reads one body. The parsed document and the scanner walk the top level side by side: the one knows values, the other places.
class reader {
 public:
  reader(const body_grammar& grammar, const operation_target& where, std::string_view body)
      : grammar_(grammar), required_(grammar.required), limit_rank_(grammar.limits.size()), scan_(body) {
    out_.operation = where.operation;
    out_.body = body;
    out_.model = where.model;
    out_.stream = where.stream;
    out_.as_array = where.as_array;
  }

  [[nodiscard]] result<api_request> read(simdjson::dom::object object) {
    out_.after_open_brace = scan_.after_open_brace();
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
    if (name == "model" && grammar_.model_in_body) return read_model(value, place);
    if (name == required_) return read_required(value, place);
    if (name == "stream" && grammar_.stream_in_body) return read_stream(value);
    if (name == "fallbacks") return read_fallbacks(value, place, comma);
    if (auto redirect = refuse_redirect(name, value)) return redirect;
    if (name == "stream_options") {
      out_.has_stream_options = true;
      bool wanted = false;
      out_.wants_usage = value.at_pointer("/include_usage").get(wanted) == simdjson::SUCCESS && wanted;
      return {};
    }
    read_limit(name, value);
    read_answers(name, value);
    if (is_one_of(name, grammar_.input_schemas)) out_.input.add_schema(place.value, family_of(out_.model));
    if (is_one_of(name, grammar_.input_text)) out_.input.add_text(place.value, family_of(out_.model));
    return {};
  }

  [[nodiscard]] static bool is_one_of(std::string_view name, std::span<const std::string_view> names) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  [[nodiscard]] problem read_model(element value, const json::member& place) {
    std::string_view model;
    if (value.is_null()) return refused("you must provide a model parameter", "model");
    if (value.get(model) != simdjson::SUCCESS) return refused("Invalid type for 'model': expected a string.", "model");
    if (model.empty()) return refused("you must provide a model parameter", "model");
    if (!is_model_name(model)) return bad_model_name();
    out_.model = model;
    out_.model_value = {place.value_begin, place.end};
    return {};
  }

  [[nodiscard]] static error bad_model_name() {
    return refused("Invalid 'model': at most 256 characters and no control characters are allowed.", "model");
  }

  [[nodiscard]] problem read_required(element value, const json::member& place) {
    const std::string param(required_);
    const auto type = value.type();
    const bool is_absent = type == element_type::NULL_VALUE;
    switch (grammar_.shape) {
      case required_shape::objects_or_one:
      case required_shape::objects: {
        simdjson::dom::array entries;
        if (is_absent) return missing();
        if (grammar_.shape == required_shape::objects_or_one && type == element_type::OBJECT) break;
        if (value.get(entries) != simdjson::SUCCESS) return refused("Invalid type for '" + param + "': expected an array of objects.", param);
        if (entries.begin() == entries.end())
          return refused("Invalid '" + param + "': empty array. Expected an array with minimum length 1.", param);
        break;
      }
      case required_shape::text_or_array:
      case required_shape::text_array_or_absent:
        if (is_absent && grammar_.shape == required_shape::text_array_or_absent) break;   // that is the provider's to say
        if (is_absent) return missing();
        if (type != element_type::STRING && type != element_type::ARRAY)
          return refused("Invalid type for '" + param + "': expected a string or an array.", param);
        break;
      case required_shape::array:
        if (is_absent) return missing();
        if (type != element_type::ARRAY) return refused("Invalid type for '" + param + "': expected an array.", param);
        break;
      case required_shape::object:
        if (is_absent) return missing();
        if (type != element_type::OBJECT) return refused("Invalid type for '" + param + "': expected an object.", param);
        break;
    }
    has_required_ = true;
    if (required_ == "prompt") read_prompts(value);
    // A model that comes after the text is not known yet, and stands for o200k.
    out_.input.add_text(place.value, family_of(out_.model));
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

  /// The most preferred limit that is a positive number; anything else is the provider's to refuse.
  void read_limit(std::string_view name, element value) {
    for (std::size_t rank = 0; rank < limit_rank_; ++rank) {
      const auto pointer = grammar_.limits[rank].substr(1);
      const auto slash = std::min(pointer.find('/'), pointer.size());
      if (name != pointer.substr(0, slash)) continue;
      std::int64_t limit = 0;
      const auto failure = slash == pointer.size() ? value.get(limit) : value.at_pointer(pointer.substr(slash)).get(limit);
      if (failure != simdjson::SUCCESS || limit <= 0) continue;
      out_.max_output_tokens = std::min(limit, most_tokens);
      limit_rank_ = rank;
    }
  }

  /// Each costs as much output again.
  void read_answers(std::string_view name, element value) {
    std::int64_t count = 0;
    bool given = false;
    if (name == "n" || name == "best_of") given = value.get(count) == simdjson::SUCCESS;
    if (name == "generationConfig" || name == "generation_config")
      given = value.at_pointer("/candidateCount").get(count) == simdjson::SUCCESS || value.at_pointer("/candidate_count").get(count) == simdjson::SUCCESS;
    if (given) each_prompt_ = std::max(each_prompt_, std::min(count, most_answers));
  }

  /// A completion of ["one", "two"] is two; one of [15496, 11] is one, of tokens.
  void read_prompts(element value) {
    simdjson::dom::array entries;
    if (value.get(entries) != simdjson::SUCCESS || entries.size() == 0) return;
    const auto type = (*entries.begin()).type();
    if (type == element_type::STRING || type == element_type::ARRAY) prompts_ = std::min(static_cast<std::int64_t>(entries.size()), most_answers);
  }

  [[nodiscard]] error missing() const {
    const std::string param(required_);
    return refused("Missing required parameter: '" + param + "'.", param);
  }

  [[nodiscard]] problem finish() {
    if (const auto twice = find_duplicate())
      return refused("Duplicate parameter: '" + std::string(twice->substr(0, 64)) + "'.", std::string(twice->substr(0, 64)));
    if (out_.model.empty()) return refused("you must provide a model parameter", "model");
    if (!is_model_name(out_.model)) return bad_model_name();   // one from the path
    const auto given = [&](std::string_view name) { return std::find(names_.begin(), names_.end(), name) != names_.end(); };
    if (!has_required_ && (grammar_.instead.empty() || std::none_of(grammar_.instead.begin(), grammar_.instead.end(), given))) return missing();
    out_.answers = std::max<std::int64_t>(1, prompts_) * each_prompt_;
    if (out_.operation == api::embeddings) out_.stream = false;   // there are no streamed embeddings
    return {};
  }

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
  const body_grammar& grammar_;
  std::string_view required_;
  std::size_t limit_rank_;             // limits before this one are preferred to what was found
  json::members scan_;
  boost::container::small_vector<std::string_view, few_names> names_;
  bool has_required_ = false;
  std::int64_t each_prompt_ = 1;
  std::int64_t prompts_ = 1;
};

}  // namespace

result<api_request> read_request_body(const body_grammar& grammar, const operation_target& where, std::string_view body) {
  json::document document;
  if (!document.parse(body))
    return client_error(error_code::invalid_json, "We could not parse the JSON body of your request: " + document.fault() + ".");
  simdjson::dom::object object;
  if (document.root().get(object) != simdjson::SUCCESS) return refused("The request body must be a JSON object.");
  return reader(grammar, where, body).read(object);
}

}  // namespace switchyard::providers
