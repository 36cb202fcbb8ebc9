#include "providers/dialect.hpp"

#include "providers/json_scan.hpp"

namespace switchyard::providers {

std::optional<error> refuse_unanswerable(const neutral::request& what, answers_per_request most) {
  const auto refuse = [](const neutral::setting& field, std::string_view why) {
    std::string name(field.name);
    return client_error(error_code::invalid_request, name + ": " + std::string(why), name);
  };
  if (what.previous_response) return refuse(what.previous_response, "refers to what another provider keeps; send the whole conversation instead");
  if (most == answers_per_request::one && what.choices && json::as_count(what.choices.value).value_or(1) > 1)
    return refuse(what.choices, "this provider gives one answer per request; expected 1");
  return std::nullopt;
}

}  // namespace switchyard::providers
