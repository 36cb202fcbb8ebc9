// The messages array of a Converse request: opens and closes messages as blocks come.
//
// What Converse demands beside its grammar, and what is done about it:
//   turns alternate                neighbours of one role become one message
//   the user begins                most models: a user's "." is put before an assistant's first turn
//   tool results and other content some models take none (Llama, Mistral, Writer) or no document and video (Claude) beside a result: an
//                                  assistant's "." separates them
//   a document needs text          a "." is added to a message with a document and no text
#pragma once

#include "providers/bedrock/converse.hpp"

namespace switchyard::providers::converse {

/// Write the blocks between from() and finish(); the array itself is the caller's.
class message_list final : public block_place {
 public:
  message_list(json::out& out, const model_traits& model) : out_(out), model_(model) {}

  /// Of whom the next blocks are.
  void from(neutral::role role) noexcept { wanted_ = role == neutral::role::assistant ? side::assistant : side::user; }

  void before(const neutral::part& what) override {
    if (now_ == side::nobody && wanted_ == side::assistant && !model_.assistant_first) say_something(side::user);
    if (now_ != wanted_) open(wanted_);
    const bool marker = what.kind == neutral::part_kind::cache_point;
    if (now_ == side::user && !marker && is_apart(what)) {
      say_something(side::assistant);
      open(side::user);
    }
    has_result_ |= what.kind == neutral::part_kind::tool_result;
    has_other_ |= !marker && what.kind != neutral::part_kind::tool_result;
    has_text_ |= what.kind == neutral::part_kind::text || what.kind == neutral::part_kind::refusal;
    has_document_ |= is_document(what);
    any_ = true;
  }

  void finish() {
    if (!any_) say_something(side::user);   // only instructions were given
    close();
  }

 private:
  enum class side { nobody, user, assistant };

  [[nodiscard]] bool is_apart(const neutral::part& what) const noexcept {
    if (what.kind == neutral::part_kind::tool_result) return has_other_ && model_.lone_results;
    if (!has_result_) return false;
    if (model_.lone_results) return true;
    return model_.family == family::claude && (is_document(what) || what.kind == neutral::part_kind::video);
  }
  [[nodiscard]] static bool is_document(const neutral::part& what) noexcept {
    return what.kind == neutral::part_kind::file && !media_of(json::inside(what.media_type));   // a file may be an image
  }

  void open(side who) {
    close();
    now_ = who;
    has_result_ = has_other_ = has_text_ = has_document_ = false;
    out_.begin_object();
    out_.text("role", who == side::user ? "user" : "assistant");
    out_.key("content");
    out_.begin_array();
  }
  void close() {
    if (now_ == side::nobody) return;
    if (has_document_ && !has_text_) put_dot();
    out_.end_array();
    out_.end_object();
    now_ = side::nobody;
  }
  void say_something(side who) {
    open(who);
    put_dot();
    any_ = true;
  }
  void put_dot() {
    out_.begin_object();
    out_.text("text", ".");   // blanks would be refused
    out_.end_object();
  }

  json::out& out_;
  const model_traits& model_;
  side wanted_ = side::user, now_ = side::nobody;
  bool has_result_ = false, has_other_ = false, has_text_ = false, has_document_ = false, any_ = false;
};

}  // namespace switchyard::providers::converse
