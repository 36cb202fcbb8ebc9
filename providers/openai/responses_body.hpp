// The response object towards a client: its output items as they grow, and the request's fields that it repeats.
//
//   {"id":"resp_…","object":"response","created_at","status","error","incomplete_details","model","output":[item],"usage",
//    "instructions","tools","tool_choice","text","reasoning",…}
//
// Ids are made of the response's own: msg_X_0, fc_X_1, … where the last figure is the item's output_index.
#pragma once

#include "providers/openai/responses.hpp"
#include "providers/packed_text.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::responses {

enum class item_form : std::uint8_t { message, call, reasoning, hosted };

/// A text that grows: of a content part, of thoughts, of a call's arguments. Kept once, packed.
struct output_piece {
  neutral::part_kind kind = neutral::part_kind::text;
  std::uint32_t part = 0;                ///< index of the neutral part
  packed_text text;
  std::string annotations, logprobs;     ///< entries of their lists, without the brackets
  std::uint32_t annotation_count = 0;
  bool open = true;
};

struct output_item {
  item_form form = item_form::message;
  tool_shape shape = tool_shape::function;
  std::string id;                        ///< "msg_…": needs no escaping
  std::string call_id, name, space;      ///< JSON strings
  std::string sealed;                    ///< inside of a string: a reasoning's signature or secret, mark included; a call's signature
  std::string original;                  ///< of a hosted item
  std::vector<output_piece> pieces;
  bool closed = false;

  [[nodiscard]] bool idle() const noexcept;   ///< no piece is open
};

class response_body {
 public:
  explicit response_body(const answer_context& context) : context_(context) {}

  /// What the provider calls its answer; empty: as the context says.
  void start(json_text id, json_text model, std::optional<std::int64_t> created);
  void set_service_tier(json_text tier) { service_tier_ = tier; }

  /// A new item for a part of that kind; nullptr: this format has no place for it.
  output_item* add(const neutral::part& part);
  /// An item that keeps the signature of the call that is item number `call`.
  output_item& add_call_signature(std::size_t call);
  [[nodiscard]] std::vector<output_item>& items() noexcept { return items_; }

  /// See stream_writer::lend_to().
  void lend_to(std::vector<lent_text>* lent) noexcept { lent_ = lent; }

  /// Appends the item as one JSON value. Empty texts where it is only announced.
  void write_item(const output_item& item, std::string_view status, std::string& out) const;
  /// A message's content part, likewise.
  void write_piece(const output_piece& piece, bool announced, std::string& out) const;

  struct state {
    std::string_view status = "in_progress";   ///< "completed", "incomplete", "failed"
    std::string_view incomplete_reason;
    const neutral::token_counts* usage = nullptr;
    const error* problem = nullptr;
    bool last_item_cut = false;                ///< the answer ended within its last item
  };
  void write(const state& now, std::string& out) const;

  /// What a finish means here: completed, or incomplete and why.
  [[nodiscard]] state state_of(neutral::finish_reason finish) const noexcept;

 private:
  [[nodiscard]] std::string make_id(std::string_view prefix) const;
  void write_repeated(json::out& body) const;

  const answer_context context_;
  std::string id_;                       // without "resp_"; needs no escaping
  std::string model_;                    // JSON string
  std::string service_tier_;
  std::int64_t created_ = 0;
  std::vector<output_item> items_;
  std::vector<lent_text>* lent_ = nullptr;
};

/// A call's arguments, an object or a string, as the text its item has: the inside of a JSON string.
void append_arguments(packed_text& out, tool_shape shape, json_text arguments);

}  // namespace switchyard::providers::responses
