// Anthropic's messages as a dialect.
//
// Requests towards Anthropic, where the formats differ:
//   system, developer     all of them become `system`, in order, wherever they stood: only new models take them between the turns
//   turns                 neighbours of one role become one; tool results come first in theirs; text of white space alone is left out; a
//                         turn left empty, too; the last assistant turn ends without white space. Where there is only a system prompt, a
//                         user says "Continue.": Anthropic wants at least one turn
//   max_tokens            the request's, else 32000 (models since 3.7), 8192 (3.5), 4096 (older ones and those that are no Claude)
//   temperature           up to 1; more is cut and named in x-switchyard-dropped. Left out where thinking or the model forbids it
//   reasoning             see thinking.hpp
//   n                     more than 1 is refused: half of the answers would be missing
//   response_format       a JSON schema: output_config.format, for models since 4.1; a bare json_object is dropped
//   tools                 one without parameters gets an empty object; hosted tools of other formats are dropped
#include "providers/anthropic/blocks.hpp"
#include "providers/anthropic/messages.hpp"

namespace switchyard::providers {

namespace {

class messages final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "messages"; }
  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    return anthropic::read_messages_request(body, texts);
  }
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                      neutral::dropped_fields& dropped) const override {
    return anthropic::write_messages_request(what, where, out, dropped);
  }
  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return anthropic::read_message(body, texts);
  }
  void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) const override {
    anthropic::write_message(what, context, out);
  }
  [[nodiscard]] bool has_place_for(const neutral::part& what, bool) const noexcept override { return anthropic::has_block(what); }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override {
    return anthropic::open_message_reader(credential);
  }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context& context) const override {
    return anthropic::open_message_writer(context);
  }
};

}  // namespace

const dialect& messages_dialect() noexcept {
  static const messages format;
  return format;
}

}  // namespace switchyard::providers
