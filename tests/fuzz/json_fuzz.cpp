// Walking JSON in place (json_scan.hpp) against a parser that makes a tree: on valid text both see the same; on any other nothing breaks.
#include "providers/input_estimate.hpp"
#include "providers/json_fault.hpp"
#include "providers/json_scan.hpp"
#include "providers/redirect_fields.hpp"
#include "providers/token_estimate.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

/// Walks `text` as `value` says it is.
void compare(std::string_view text, simdjson::dom::element value, int depth) {
  if (depth > 4) return;
  if (simdjson::dom::object object; value.get(object) == simdjson::SUCCESS) {
    json::members walk(text);
    json::member m;
    for (const auto& [name, inner] : object) {
      require(walk.next(m));
      require(json::unescape(text.substr(m.begin, m.name.size() + 2)) == name);
      compare(m.value, inner, depth + 1);
    }
    require(!walk.next(m) && walk.ok());
    require(json::has_entries(text) == (object.size() != 0));
  } else if (simdjson::dom::array array; value.get(array) == simdjson::SUCCESS) {
    json::elements walk(text);
    std::string_view element;
    for (const auto inner : array) {
      require(walk.next(element));
      compare(element, inner, depth + 1);
    }
    require(!walk.next(element) && walk.ok());
  } else if (std::string_view plain; value.get(plain) == simdjson::SUCCESS) {
    require(json::is_string(text) && json::unescape(text) == plain);
    require(json::has_text(text) == !plain.empty());
    require(json::text_length(text) <= text.size() - 2);
  } else if (std::int64_t count; value.get(count) == simdjson::SUCCESS) {
    const auto read = json::as_count(text);
    require(count < 0 || count > std::int64_t{1} << 53 ? !read : read == count);
  }
}

/// Nothing is known of the text but its bytes.
void survive(std::string_view text, int depth) {
  if (depth > 4) return;
  json::members walk(text);
  for (json::member m; walk.next(m);) {
    require(m.value.data() >= text.data() && m.value.data() + m.value.size() <= text.data() + text.size());
    survive(m.value, depth + 1);
  }
  json::elements list(text);
  for (std::string_view element; list.next(element);) survive(element, depth + 1);
  std::string quoted;
  json::append_string(quoted, json::unescape(text));
  require(json::is_string(quoted) && json::skip_string(quoted, 0) == quoted.size());
  (void)json::as_count(text);
  (void)json::text_length(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto copy = std::make_unique<char[]>(size);
  std::memcpy(copy.get(), bytes, size);
  const std::string_view text(copy.get(), size);
  survive(text, 0);
  const padded_body body(text);
  bool valid = false;
  {
    json::document document;
    valid = document.parse(body.view());
    if (valid) {
      const auto begin = json::skip_space(text, 0);
      const auto end = json::skip_value(text, begin);
      require(end != json::npos && json::skip_space(text, end) == text.size());
      require(json::nesting_depth(text) <= json::max_depth);
      compare(text.substr(begin, end - begin), document.root(), 0);
      if (const auto refused = refuse_redirect("body", document.root())) require(http_status(*refused) == 400);
    } else {
      require(!document.fault().empty());
    }
  }
  if (valid) {
    require(estimate_input_tokens(text) >= 0);
    require(estimate_json_string_tokens(text) >= 0);
  }
  return 0;
}
