// What every format says alike of a failure, once its own file has found out of what kind it is.
#pragma once

#include "providers/wire.hpp"

#include <string>
#include <string_view>

namespace switchyard::providers {

/// Of kind bad_response: the provider's bytes are not what they should be.
[[nodiscard]] failure bad_response(std::string message);

/// A provider's answer is JSON throughout, as slices of it will stand in another body.
[[nodiscard]] outcome valid_json(std::string_view body);
/// Of a complete 2xx body: is it JSON? Of more than 256 KiB only that it is UTF-8: its members are walked anyway.
[[nodiscard]] outcome check_answer(std::string_view body);
inline constexpr std::size_t fully_checked = 256u << 10;

/// A failure of that kind. `message` and `param` as the provider gave them: they are masked, then cut.
[[nodiscard]] failure failure_of(failure_kind kind, int status, std::string_view message, std::string_view param, std::string_view credential);

/// What became of a complete 2xx body that inspect() or a dialect did not take: they know no key, and may have quoted the provider.
[[nodiscard]] failure bad_answer(const error& why, std::string_view credential);

/// The provider's own body, masked, for a client of the same format. Empty where masking spoilt it.
[[nodiscard]] std::string body_for_client(std::string_view body, std::string_view credential);

/// The retry-after of the head, in the error as well.
void take_retry_after(failure& what, milliseconds after);

}  // namespace switchyard::providers
