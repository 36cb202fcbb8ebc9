#include "tools/sim/conversation.hpp"

#include "tools/sim/answer_script.hpp"
#include "tools/sim/prose.hpp"
#include "tools/sim/reply.hpp"
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
  if (asked.tools.empty() || asked.choice == tool_choice::none || !asked.results.empty()) return called;
  std::vector<const tool*> allowed;
  for (const tool& offered : asked.tools) {
    const std::vector<std::string>& chosen = asked.chosen_tools;
    if (asked.choice == tool_choice::named && std::find(chosen.begin(), chosen.end(), offered.name) == chosen.end()) continue;
    allowed.push_back(&offered);
    if (asks_for(asked.prompt, offered)) called.push_back(&offered);
  }
  const bool must = asked.choice == tool_choice::required || asked.choice == tool_choice::named;
  if (called.empty() && must && !allowed.empty()) called.push_back(allowed.front());
  if (!asked.parallel_calls && called.size() > 1) return {called.front()};
  return called;
}

void cut_at_stop(generated& out, const std::vector<std::string>& stops) {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops) {
    const std::size_t at = stop.empty() ? std::string::npos : out.text.find(stop);
    if (at >= first) continue;
    first = at;
    out.stopped_by = stop;
  }
  if (first == std::string::npos) return;
  out.text.resize(first);
  out.why = ending::stop_sequence;
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
  out.stopped_by.clear();
}

std::string text_for(const conversation& asked, const model_profile& model, std::uint64_t seed, random_source& random) {
  if (asked.shape == output_shape::json_schema) return json::serialize(make_value(asked.schema, asked.prompt, random));
  if (asked.shape == output_shape::json_object) {
    return json::serialize(json::object{{"answer", compose(model, asked.prompt, seed, 0)}, {"words", json::value_from(content_words(asked.prompt))}});
  }
  if (asked.results.empty()) return compose(model, asked.prompt, seed, asked.min_tokens);
  std::string text;
  for (const tool_result& given : asked.results) {
    if (!text.empty()) text += '\n';
    text += (given.tool_name.empty() ? std::string("The tool") : given.tool_name) + " says: " + given.content;
  }
  return text;
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
  out.text = text_for(asked, model, seed, random);
  cut_at_stop(out, asked.stop);
  return out;
}

/// A thought about the prompt, before everything else; it counts against the length of the answer.
void think(generated& out, const conversation& asked) {
  out.thinking = asked.results.empty() ? "The question is about" : "The tools have answered; the question was about";
  const std::vector<std::string> words = content_words(asked.prompt);
  for (std::size_t i = 0; i < words.size() && i < 6; ++i) out.thinking += (i == 0 ? " " : ", ") + words[i];
  out.thinking += out.calls.empty() ? ". I will answer it directly." : ". I will call a tool for it.";
  out.thinking_tokens = count_tokens(out.thinking);
}

}  // namespace

std::string conversation::last_text() const {
  if (results.empty()) return prompt;
  std::string text;
  for (const tool_result& given : results) text += (text.empty() ? "" : "\n") + given.content;
  return text;
}

std::vector<generated> generate(const conversation& asked, const call& from) {
  const model_profile model = from.models.find(asked.model);
  std::vector<generated> answers;
  const std::optional<generated> scripted = from.script ? from.script->take(asked) : std::nullopt;
  for (int i = 0; i < asked.choices; ++i) {
    generated made = scripted ? *scripted : generate_one(asked, model, asked.seed + static_cast<std::uint64_t>(i));
    if (asked.thinking) think(made, asked);
    if (made.calls.empty()) {
      const std::size_t most = asked.max_tokens.value_or(std::string::npos);
      cut_at_length(made, most - std::min(most, made.thinking_tokens));
    }
    made.tokens += made.thinking_tokens;
    answers.push_back(std::move(made));
  }
  return answers;
}

std::string thinking_signature(std::string_view text) {
  const std::string first = stable_id(text, 52);
  return "EuYB" + first + stable_id(first, 53);
}

bool is_thinking_signature(std::string_view signature) {
  return signature.size() == 52 && signature.starts_with("EuYB") && signature.substr(28) == stable_id(signature.substr(4, 24), 53);
}

std::string stable_id(std::string_view text, std::uint64_t seed) {
  static constexpr char digits[] = "0123456789abcdef";
  random_source random(hash_text(text) ^ (seed + 1));
  std::string id;
  for (int i = 0; i < 24; ++i) id += digits[random.below(16)];
  return id;
}

}  // namespace switchyard::sim
