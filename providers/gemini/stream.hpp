// Following one of Gemini's streams for a client that speaks Gemini.
#pragma once

#include "providers/wire.hpp"

#include <memory>
#include <string_view>

namespace switchyard::providers::gemini {

/// See wire::open_stream(). `as_array`: the client did not ask for events, so it gets one JSON array made of them.
[[nodiscard]] std::unique_ptr<stream_decoder> open_stream(bool as_array, std::string_view credential);

/// Google's error object, {"error":{…}}, for one of ours.
void append_error(std::string& out, const error& what);

}  // namespace switchyard::providers::gemini
