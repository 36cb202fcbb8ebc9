// What an OpenAI-compatible provider means by an error: the many shapes of the body, and one judgement from status and body.
#pragma once

#include "providers/failure.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace switchyard::providers {

/// An error body's facts, whatever shape it came in; empty where it says nothing. Unmasked.
struct error_facts {
  std::string message;
  std::string type;
  std::string code;            ///< numbers as text
  std::string param;
  int status = 0;              ///< an HTTP status named in the body; 0: none
  bool openai_shape = false;   ///< {"error":{"message":...}}
};

/// Reads {"error":{...}}, {"error":"..."}, [{"error":{...}}], {"message",...}, {"detail":...}, {"errors":[...]}, the responses API's
/// {"type":"error",...} and plain text. Never fails.
[[nodiscard]] error_facts read_error(std::string_view body);

/// The failure an answer with that status and body stands for. `status` 0: there is none (an error inside a stream), the body decides.
/// `headers` give retry-after.
[[nodiscard]] failure judge_error(int status, std::string_view body, std::span<const header> headers, wall_time now,
                                  std::string_view credential);

/// The responses API's event for a failure within a stream, complete with its blank line:
///   event: error\n data: {"type":"error","code":C,"message":M,"param":P|null,"sequence_number":N,"error":{…}}\n\n
/// The documented event is flat, the SDKs (and OpenAI itself) use the nested object: both are there.
[[nodiscard]] std::string responses_error_event(const error& what, std::int64_t sequence_number);

}  // namespace switchyard::providers
