#include "tools/sim/conversation.hpp"

#include "tools/sim/prose.hpp"
#include "tools/sim/schema_value.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

/// Does the prompt name the tool, a part of its name, or one of its parameters?
bool asks_for(std::string_view prompt, const tool& offered) {
  if (mentions(prompt, offered.name)) return true;
  std::string part;
  for (char c : offered.name + "_") {
    if (c != '_' && c != '-' && c != '.') {
      part += c;
      continue;
    }
    if (part.size() >= 4 && mentions(prompt, part)) return true;
    part.clear();
  }
  const json::value* properties = offered.parameters.is_object() ? offered.parameters.get_object().if_contains("properties") : nullptr;
  if (!properties || !properties->is_object()) return false;
  const json::object& fields = properties->get_object();
  return std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return mentions(prompt, field.key()); });
}

std::vector<const tool*> tools_to_call(const conversation& asked) {
  std::vector<const tool*> called;
  if (asked.tools.empty() || asked.choice == tool_choice::none || asked.result) return called;
  for (const tool& offered : asked.tools) {
    const bool wanted = asked.choice == tool_choice::named ? offered.name == asked.chosen_tool : asks_for(asked.prompt, offered);
    if (wanted) called.push_back(&offered);
  }
  if (called.empty() && asked.choice == tool_choice::required) called.push_back(&asked.tools.front());
  if (!asked.parallel_calls && called.size() > 1) return {called.front()};
  return called;
}

void cut_at_stop(generated& out, const std::vector<std::string>& stops) {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops) {
    if (!stop.empty()) first = std::min(first, out.text.find(stop));
  }
  if (first != std::string::npos) out.text.resize(first);
}

void cut_at_length(generated& out, std::size_t most) {
  const std::vector<std::string_view> pieces = split_tokens(out.text);
  out.tokens = pieces.size();
  if (pieces.size() <= most) return;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < most; ++i) bytes += pieces[i].size();
  out.text.resize(bytes);
  out.tokens = most;
  out.why = ending::length;
}

generated generate_one(const conversation& asked, const model_profile& model, std::uint64_t seed) {
  generated out;
  random_source random(hash_text(asked.prompt, hash_text(model.id)) + seed);
  for (const tool* called : tools_to_call(asked)) {
    const json::value arguments = called->parameters.is_object() ? make_value(called->parameters, asked.prompt, random) : json::value(json::object{});
    out.calls.push_back({"call_" + stable_id(called->name + asked.prompt, seed), called->name, json::serialize(arguments)});
    out.tokens += count_tokens(called->name) + count_tokens(out.calls.back().arguments);
  }
  if (!out.calls.empty()) {
    out.why = ending::tool_calls;
    return out;
  }
  if (asked.shape == output_shape::json_schema) {
    out.text = json::serialize(make_value(asked.schema, asked.prompt, random));
  } else if (asked.shape == output_shape::json_object) {
    out.text = json::serialize(json::object{{"answer", compose(model, asked.prompt, seed, 0)}, {"words", json::value_from(content_words(asked.prompt))}});
  } else if (asked.result) {
    out.text = (asked.result->tool_name.empty() ? std::string("The tool") : asked.result->tool_name) + " says: " + asked.result->content;
  } else {
    out.text = compose(model, asked.prompt, seed, asked.min_tokens);
  }
  cut_at_stop(out, asked.stop);
  cut_at_length(out, asked.max_tokens.value_or(std::string::npos));
  return out;
}

}  // namespace

std::vector<generated> generate(const conversation& asked, const model_profile& model) {
  std::vector<generated> answers;
  for (int i = 0; i < asked.choices; ++i) answers.push_back(generate_one(asked, model, asked.seed + static_cast<std::uint64_t>(i)));
  return answers;
}

std::string stable_id(std::string_view text, std::uint64_t seed) {
  static constexpr char digits[] = "0123456789abcdef";
  random_source random(hash_text(text) ^ (seed + 1));
  std::string id;
  for (int i = 0; i < 24; ++i) id += digits[random.below(16)];
  return id;
}

}  // namespace switchyard::sim
