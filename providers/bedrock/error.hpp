// What Bedrock's errors mean, and how ours are called in its words.
//
//   error:      {"message": M}  with the name in the head: x-amzn-errortype: ValidationException:http://...
//               or in the body: {"__type": "com.amazon.coral.service#UnrecognizedClientException", "message" or "Message": M}
//   in streams: a frame of :message-type exception, :exception-type throttlingException, payload {"message": M},
//               or of :message-type error, :error-code and :error-message, without a payload
#pragma once

#include "providers/bedrock/event_stream.hpp"
#include "providers/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::providers {

/// See wire::classify().
[[nodiscard]] failure judge_bedrock_error(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                          std::string_view credential);
/// A frame that is no event.
[[nodiscard]] failure judge_bedrock_exception(const event_frame& frame, std::string_view credential);
/// A stream that cannot be read on.
[[nodiscard]] failure bad_bedrock_stream(std::string_view why);

/// The exception of Bedrock's that says the same: "ThrottlingException".
[[nodiscard]] std::string_view bedrock_exception_of(const error& what) noexcept;
/// {"message":M,"code":C}; C is ours ("rate_limited"), for clients that know Switchyard.
void append_bedrock_error(std::string& out, const error& what);
/// A whole exception frame; streams know five exceptions only.
void append_bedrock_exception(std::string& out, const error& what);

}  // namespace switchyard::providers
