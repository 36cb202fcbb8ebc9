// The dialect of Bedrock's Converse API, put together from its four directions.
#include "providers/bedrock/converse.hpp"

namespace switchyard::providers {

namespace {

class converse_grammar final : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "converse"; }

  [[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const override {
    return converse::read_request(body, texts);
  }
  [[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                      neutral::dropped_fields& dropped) const override {
    return converse::write_request(what, where, out, dropped);
  }
  [[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const override {
    return converse::read_answer(body, texts);
  }
  void write_answer(const neutral::answer& what, const answer_context&, std::string& out) const override { converse::write_answer(what, out); }
  [[nodiscard]] bool has_place_for(const neutral::part& what, bool in_stream) const noexcept override {
    using neutral::part_kind;
    switch (what.kind) {
      case part_kind::redacted_reasoning: return true;
      case part_kind::image: return !what.data.empty() || (!in_stream && !what.url.empty());
      case part_kind::audio:
      case part_kind::video:
      case part_kind::file: return !in_stream;
      default: return neutral::is_speech(what.kind);
    }
  }
  [[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential) const override { return converse::open_reader(credential); }
  [[nodiscard]] std::unique_ptr<stream_writer> open_writer(const answer_context&) const override { return converse::open_writer(); }
  [[nodiscard]] std::string_view stream_content_type(const answer_context&) const noexcept override { return "application/vnd.amazon.eventstream"; }
};

}  // namespace

const dialect& converse_dialect() noexcept {
  static const converse_grammar grammar;
  return grammar;
}

}  // namespace switchyard::providers
