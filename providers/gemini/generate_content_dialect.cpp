// Gemini's generateContent and streamGenerateContent.
//
//   request    = {"contents":[{"role":"user"|"model","parts":[part…]}…], "systemInstruction"?:{"parts":[…]}, "tools"?:[tool…],
//                 "toolConfig"?:{"functionCallingConfig":{"mode":"AUTO"|"ANY"|"NONE","allowedFunctionNames"?}},
//                 "generationConfig"?:{…}, "safetySettings"?, "cachedContent"?, "labels"?, "serviceTier"?}
//   tool       = {"functionDeclarations":[{"name","description"?,"parameters"|"parametersJsonSchema"}…]} | {"googleSearch":{…}} | …
//   answer     = {"candidates":[{"content":{"parts":[part…],"role":"model"},"finishReason","index",
//                 "groundingMetadata"?, "citationMetadata"?, "logprobsResult"?}…], "promptFeedback"?:{"blockReason"},
//                 "usageMetadata", "modelVersion", "responseId"}
//   part: see parts.hpp; usageMetadata: usage_metadata.hpp; schemas: schema.hpp; sources: citations.hpp
//
// Where the neutral form and Gemini's differ:
//   - The system's messages have one place: all of them go to systemInstruction, in order. If there is nothing else they are the user's.
//   - Calls without an id get one; a result without one answers the first open call of its name.
//   - Schemas are written as parametersJsonSchema / responseJsonSchema: both APIs of Google's take them (the official client sends what
//     tools of others declare so), and nothing of them is lost. Gemini 1, Gemma and LearnLM know only the older fields, into which schemas
//     are converted.
//   - Gemini 3 refuses calls in a history without the signature it gave them; calls of other models get the one Google documents for that.
#include "providers/gemini/answer.hpp"
#include "providers/gemini/parts.hpp"
#include "providers/gemini/request.hpp"

namespace switchyard::providers {

namespace {

class generate_content_format final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "generate_content"; }

  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    return gemini::read_request(body, texts);
  }
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                      neutral::dropped_fields& dropped) const override {
    return gemini::write_request(what, where, out, dropped);
  }
  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return gemini::read_answer(body, texts);
  }
  void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) const override {
    gemini::write_answer(what, context, out);
  }
  [[nodiscard]] bool has_place_for(const neutral::part& what, bool) const noexcept override {
    using neutral::part_kind;
    switch (what.kind) {
      case part_kind::image:
      case part_kind::audio:
      case part_kind::video:
      case part_kind::file: return !what.data.empty() || !what.url.empty();
      case part_kind::foreign: return gemini::is_own(what);
      default: return neutral::is_speech(what.kind);   // not redacted thoughts: clients could not give them back as what they are
    }
  }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override {
    return gemini::open_reader(credential);
  }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context) const override {
    return gemini::open_writer(context);
  }
  [[nodiscard]] std::string_view stream_content_type(const answer_context& context) const noexcept override {
    return context.as_array ? "application/json; charset=UTF-8" : "text/event-stream; charset=utf-8";
  }
};

}  // namespace

const dialect& generate_content_dialect() noexcept {
  static const generate_content_format format;
  return format;
}

}  // namespace switchyard::providers
