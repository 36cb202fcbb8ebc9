// What tells one wire from another: its paths, whom it lets in, and how it says that something is wrong.
#pragma once

#include "tools/sim/key_ring.hpp"
#include "tools/sim/reply.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::sim {

enum class trouble {
  status,          ///< whatever `status` says
  unauthorized,    ///< a credential that is not known
  rate_limited,    ///< with the provider's own limit headers
  out_of_quota,    ///< nothing left to spend
};

struct complaint {
  trouble what = trouble::status;
  int status = 500;                ///< for trouble::status; the others have their wire's own
  std::string message = {};        ///< empty: the provider's usual words
  int retry_after_s = 1;           ///< for trouble::rate_limited

  [[nodiscard]] std::string_view or_usual(std::string_view words) const noexcept { return message.empty() ? words : std::string_view(message); }
};

using answer_function = reply (*)(const call&);

/// A path of a wire format. Every '*' of `path` stands for one or more characters.
struct wire_route {
  std::string_view method;
  std::string_view path;
  answer_function answer;
  std::string_view only_with = {};   ///< a header that must be there, where wires share a path
};

struct wire {
  std::string_view name;
  std::span<const wire_route> routes;
  /// Does an unknown path belong to this wire rather than to the others?
  bool (*claims)(const call&);
  /// The refusal of a call without an acceptable credential; nothing: come in.
  std::optional<reply> (*admit)(const call&, const key_ring&);
  /// The answer that a provider gives instead of the one asked for.
  reply (*refuse)(const complaint&, const call&);
  /// The same inside a stream that began well: the bytes to send after `sent` events of it.
  std::string (*break_off)(const complaint&, const reply& begun, std::size_t sent);
  /// An event of a stream like `begun` that no reader can make sense of.
  std::string (*broken_event)(const reply& begun, std::size_t sent);
  /// The start of an event that announces more than anybody should buffer.
  std::string (*endless_event)();
  std::string_view stream_type;      ///< content type of its usual stream
  std::string_view broken_body;      ///< a whole answer, cut in its middle
};

struct found_route {
  const wire* spoken = nullptr;      ///< never null: unknown paths are refused in the likeliest wire's shape
  const wire_route* route = nullptr;
  bool known_path = false;           ///< with another method
};

/// Looks a call up in every simulated wire. A further wire adds itself to the list in wires.cpp.
[[nodiscard]] found_route find_route(const call& asked) noexcept;
/// The usual words of a status.
[[nodiscard]] std::string_view usual_words(int status) noexcept;

}  // namespace switchyard::sim
