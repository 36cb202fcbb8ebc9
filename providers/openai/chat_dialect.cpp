// OpenAI's chat completions: the dialect that most of the world speaks. Its parts are declared in chat.hpp.
#include "providers/openai/chat.hpp"

namespace switchyard::providers {

namespace {

class chat_format final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "chat"; }
  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    return chat::read_request(body, texts);
  }
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                      neutral::dropped_fields& dropped) const override {
    return chat::write_request(what, where, out, dropped);
  }
  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return chat::read_answer(body, texts);
  }
  void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) const override {
    chat::write_answer(what, context, out);
  }
  [[nodiscard]] bool has_place_for(const neutral::part& what, bool in_stream) const noexcept override {
    using neutral::part_kind;
    switch (what.kind) {
      case part_kind::redacted_reasoning: return true;
      case part_kind::image: return !what.data.empty() || !what.url.empty();
      case part_kind::audio: return !in_stream && !what.data.empty();
      default: return neutral::is_speech(what.kind);
    }
  }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override { return chat::open_reader(credential); }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context) const override { return chat::open_writer(context); }
};

}  // namespace

const dialect& chat_dialect() noexcept {
  static const chat_format format;
  return format;
}

}  // namespace switchyard::providers
