// OpenAI's responses API as a dialect: which file does what is said in responses.hpp.
#include "providers/openai/responses.hpp"

namespace switchyard::providers {

namespace {

class responses_format final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "responses"; }
  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    return responses::read_request(body, texts);
  }
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                      neutral::dropped_fields& dropped) const override {
    return responses::write_request(what, where, out, dropped);
  }
  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return responses::read_answer(body, texts);
  }
  void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) const override {
    responses::write_answer(what, context, out);
  }
  [[nodiscard]] bool has_place_for(const neutral::part& what, bool) const noexcept override {
    using neutral::part_kind;
    switch (what.kind) {
      case part_kind::redacted_reasoning: return true;
      case part_kind::image: return !what.data.empty();
      case part_kind::foreign: return responses::is_hosted_item(json::inside(json::find(what.original, "type")));
      default: return neutral::is_speech(what.kind);
    }
  }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override {
    return responses::open_reader(credential);
  }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context) const override {
    return responses::open_writer(context);
  }
};

}  // namespace

const dialect& responses_dialect() noexcept {
  static const responses_format format;
  return format;
}

}  // namespace switchyard::providers
