// Cohere's chat as a dialect. It is spoken to providers only: no client comes with it, so that half is chat completions'.
#include "providers/cohere/chat.hpp"

namespace switchyard::providers {

namespace {

class cohere_format final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "cohere"; }
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                      neutral::dropped_fields& dropped) const override {
    return cohere::write_request(what, where, out, dropped);
  }
  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return cohere::read_answer(body, texts);
  }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override { return cohere::open_reader(credential); }

  // Towards clients.
  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    return chat_dialect().read_request(body, texts);
  }
  void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) const override {
    chat_dialect().write_answer(what, context, out);
  }
  [[nodiscard]] bool has_place_for(const neutral::part& what, bool in_stream) const noexcept override {
    return chat_dialect().has_place_for(what, in_stream);
  }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context) const override { return chat_dialect().open_writer(context); }
};

}  // namespace

const dialect& cohere_dialect() noexcept {
  static const cohere_format format;
  return format;
}

}  // namespace switchyard::providers
