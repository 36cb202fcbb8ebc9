// A GenerateContentResponse, whole or cut into chunks of the same shape: as SSE (?alt=sse), else as the entries of one JSON array.
#include "tools/sim/gemini_answer.hpp"

#include "tools/sim/gemini.hpp"
#include "tools/sim/gemini_request.hpp"
#include "tools/sim/tokens.hpp"

#include <boost/json.hpp>

namespace switchyard::sim {
namespace {

namespace json = boost::json;

json::array of_text(std::size_t tokens) { return {json::object{{"modality", "TEXT"}, {"tokenCount", tokens}}}; }

json::object usage_object(std::size_t input, std::size_t output, std::size_t thoughts) {
  json::object usage{{"promptTokenCount", input}, {"candidatesTokenCount", output}, {"totalTokenCount", input + output + thoughts}, {"promptTokensDetails", of_text(input)}};
  if (thoughts > 0) usage["thoughtsTokenCount"] = thoughts;
  return usage;
}

/// A call's part; the first one of an answer is signed by models that sign.
json::object call_part(const tool_call& made, bool sign, bool with_id) {
  json::object function;
  if (with_id) function["id"] = made.id.substr(5, 8);
  function["name"] = made.name;
  function["args"] = json::parse(made.arguments);
  json::object part{{"functionCall", std::move(function)}};
  if (sign) part["thoughtSignature"] = thinking_signature(made.name + made.arguments);
  return part;
}

json::object candidate(json::array parts, std::size_t index, std::string_view finish) {
  json::object out{{"content", {{"parts", std::move(parts)}, {"role", "model"}}}};
  if (!finish.empty()) out["finishReason"] = finish;
  out["index"] = index;
  return out;
}

class chunk_printer {
 public:
  chunk_printer(const conversation& asked, reply& into)
      : model_(asked.model), id_(stable_id(asked.model + asked.last_text(), asked.seed)), input_(asked.input.total()), into_(into) {}

  json::object response(json::array candidates, std::size_t output, std::size_t thoughts) const {
    return {{"candidates", std::move(candidates)}, {"usageMetadata", usage_object(input_, output, thoughts)}, {"modelVersion", model_}, {"responseId", id_}};
  }
  /// Usage grows with the stream.
  void chunk(json::object part, std::size_t index, std::string_view finish, std::size_t tokens, bool is_thought) {
    (is_thought ? thoughts_ : output_) += tokens;
    const std::string text = json::serialize(response({candidate({std::move(part)}, index, finish)}, output_, thoughts_));
    if (into_.content_type == "application/json") into_.events.push_back({(into_.events.empty() ? "[" : ",\r\n") + text, tokens});
    else into_.events.push_back({"data: " + text + "\r\n\r\n", tokens});
  }

 private:
  std::string model_;
  std::string id_;
  std::size_t input_;
  std::size_t output_ = 0;
  std::size_t thoughts_ = 0;
  reply& into_;
};

void stream_one(const generated& answer, std::size_t index, bool signs, chunk_printer& print) {
  const std::string_view finish = answer.why == ending::length ? "MAX_TOKENS" : "STOP";
  for (const std::string_view piece : split_tokens(answer.thinking)) print.chunk({{"text", piece}, {"thought", true}}, index, {}, 1, true);
  const std::vector<std::string_view> pieces = split_tokens(answer.text);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    print.chunk({{"text", pieces[i]}}, index, i + 1 == pieces.size() && answer.calls.empty() ? finish : std::string_view(), 1, false);
  }
  if (pieces.empty() && answer.calls.empty()) print.chunk({{"text", ""}}, index, finish, 0, false);
  for (std::size_t i = 0; i < answer.calls.size(); ++i) {
    const tool_call& made = answer.calls[i];
    print.chunk(call_part(made, i == 0 && (signs || !answer.thinking.empty()), signs), index, i + 1 == answer.calls.size() ? finish : std::string_view(),
                count_tokens(made.name) + count_tokens(made.arguments), false);
  }
}

json::array parts_of(const generated& answer, bool signs) {
  json::array parts;
  if (!answer.thinking.empty()) parts.push_back(json::object{{"text", answer.thinking}, {"thought", true}});
  if (!answer.text.empty() || answer.calls.empty()) parts.push_back(json::object{{"text", answer.text}});
  for (std::size_t i = 0; i < answer.calls.size(); ++i) parts.push_back(call_part(answer.calls[i], i == 0 && (signs || !answer.thinking.empty()), signs));
  return parts;
}

}  // namespace

reply answer_generate(const conversation& asked, const call& from) {
  const std::vector<generated> answers = generate(asked, from);
  reply out{.model = asked.model, .input_tokens = asked.input.total()};
  std::size_t thoughts = 0;
  for (const generated& answer : answers) {
    out.output_tokens += answer.tokens;
    thoughts += answer.thinking_tokens;
  }
  chunk_printer print(asked, out);
  if (asked.stream) {
    const bool events = query_value(from.query, "alt") == "sse";
    if (events) out.content_type = "text/event-stream";
    for (std::size_t i = 0; i < answers.size(); ++i) stream_one(answers[i], i, signs_calls(asked.model), print);
    if (!events) out.last = "]";
    return out;
  }
  json::array candidates;
  for (const generated& answer : answers) {
    candidates.push_back(candidate(parts_of(answer, signs_calls(asked.model)), candidates.size(), answer.why == ending::length ? "MAX_TOKENS" : "STOP"));
  }
  out.body = json::serialize(print.response(std::move(candidates), out.output_tokens - thoughts, thoughts));
  return out;
}

reply answer_gemini_count(const conversation& asked, const call&) {
  const std::size_t total = asked.input.total();
  return {.body = json::serialize(json::object{{"totalTokens", total}, {"promptTokensDetails", of_text(total)}}), .model = asked.model};
}

}  // namespace switchyard::sim
