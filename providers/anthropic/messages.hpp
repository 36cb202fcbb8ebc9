// The grammar of Anthropic's messages API, in the pieces messages_dialect.cpp is put together from.
#pragma once

#include "providers/dialect.hpp"

#include <memory>

namespace switchyard::providers::anthropic {

[[nodiscard]] result<neutral::request> read_messages_request(std::string_view body, neutral::arena& texts);                  // request_read.cpp
[[nodiscard]] outcome write_messages_request(const neutral::request& what, const write_target& where, std::string& out,
                                             neutral::dropped_fields& dropped);                                              // request_write.cpp
[[nodiscard]] result<neutral::answer> read_message(std::string_view body, neutral::arena& texts);                            // answer.cpp
void write_message(const neutral::answer& what, const answer_context& context, std::string& out);                            // answer.cpp
[[nodiscard]] std::unique_ptr<stream_reader> open_message_reader(std::string_view credential);                               // stream_read.cpp
[[nodiscard]] std::unique_ptr<stream_writer> open_message_writer(const answer_context& context);                             // stream_write.cpp

/// "tool_use" and the like, both ways. `called`: the answer has a tool call, whatever the provider says of its end.
[[nodiscard]] neutral::finish_reason finish_of(std::string_view stop_reason) noexcept;
[[nodiscard]] std::string_view stop_reason_of(neutral::finish_reason finish, bool called) noexcept;
/// "msg_…" from the provider's id, else from ours; quoted.
[[nodiscard]] std::string message_id(std::string_view id, std::string_view request_id);

}  // namespace switchyard::providers::anthropic
