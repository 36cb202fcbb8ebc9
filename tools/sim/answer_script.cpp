#include "tools/sim/answer_script.hpp"

#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

// std::regex recurses for every character it repeats over; longer lines are looked at up to here.
constexpr std::size_t longest_line = 2048;   // bytes

error wrong(std::string what) { return client_error(error_code::invalid_request, std::move(what)); }

bool found_in(const std::regex& wanted, std::string_view text) {
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, std::min(end, longest_line));
    if (std::regex_search(line.begin(), line.end(), wanted)) return true;
    if (end == text.size()) return false;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

outcome answer_script::load(std::string_view text) {
  boost::system::error_code failed;
  const json::value read = json::parse(json::string_view(text.data(), text.size()), failed);
  const json::value* steps = !failed && read.is_object() ? read.get_object().if_contains("steps") : nullptr;
  if (!steps || !steps->is_array()) return wrong("expected a JSON object with an array `steps`");
  std::deque<step> loaded;
  for (const json::value& entry : steps->get_array()) {
    if (!entry.is_object()) return wrong("a step must be an object");
    step next;
    for (const auto& field : entry.get_object()) {
      const std::string_view name = field.key();
      const json::value& v = field.value();
      if (name == "when" && v.is_string()) {
        try {
          next.when.emplace(std::string(v.get_string()), std::regex::ECMAScript);
        } catch (const std::regex_error&) {
          return wrong("a step's `when` is no regular expression: " + std::string(v.get_string()));
        }
      } else if (name == "text" && v.is_string()) {
        next.text = v.get_string();
      } else if (name == "needs_tools" && v.is_bool()) {
        next.needs_tools = v.get_bool();
      } else if (name == "calls" && v.is_array()) {
        for (const json::value& made : v.get_array()) {
          const json::value* called = made.is_object() ? made.get_object().if_contains("name") : nullptr;
          const json::value* arguments = made.is_object() ? made.get_object().if_contains("arguments") : nullptr;
          if (!called || !called->is_string() || (arguments && !arguments->is_object())) return wrong("a step's call needs a name and an object `arguments`");
          next.calls.emplace_back(called->get_string(), arguments ? json::serialize(*arguments) : "{}");
        }
      } else {
        return wrong("unknown or wrong field of a step: " + std::string(name));
      }
    }
    if (next.text.empty() && next.calls.empty()) return wrong("a step needs text or calls");
    loaded.push_back(std::move(next));
  }
  const std::lock_guard held(lock_);
  left_ = std::move(loaded);
  used_ = 0;
  return done{};
}

void answer_script::clear() {
  const std::lock_guard held(lock_);
  left_.clear();
  used_ = 0;
}

std::optional<generated> answer_script::take(const conversation& asked) {
  const std::lock_guard held(lock_);
  if (left_.empty()) return std::nullopt;
  const step& next = left_.front();
  if (next.needs_tools && asked.tools.empty()) return std::nullopt;
  if (next.when && !found_in(*next.when, asked.last_text())) return std::nullopt;
  generated out;
  out.text = next.text;
  out.tokens = count_tokens(out.text);
  for (const auto& [name, arguments] : next.calls) {
    out.calls.push_back({"call_" + stable_id(name + arguments, used_ * 1000 + out.calls.size()), name, arguments});
    out.tokens += count_tokens(name) + count_tokens(arguments);
  }
  if (!out.calls.empty()) out.why = ending::tool_calls;
  left_.pop_front();
  ++used_;
  return out;
}

std::string answer_script::to_json() const {
  const std::lock_guard held(lock_);
  return json::serialize(json::object{{"used", used_}, {"left", left_.size()}});
}

}  // namespace switchyard::sim
