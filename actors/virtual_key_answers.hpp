// The admin API's questions about virtual keys and their answers. No CAF, no clock.
#pragma once

#include "actors/admin_answers.hpp"
#include "actors/virtual_key_book.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::actors {

/// {"virtual_keys":[...]} without the keys themselves.
[[nodiscard]] std::string virtual_keys_json(const routing::yard& yard, steady_time now, wall_time at);
/// GET virtual-keys/{name}
[[nodiscard]] admin_answer virtual_key_answer(const routing::yard& yard, std::string_view path, steady_time now, wall_time at);
/// {"virtual_key":{...}}, with "key" where there is a new one: the only time it is told.
[[nodiscard]] admin_answer virtual_key_changed_answer(const routing::virtual_key_entry& key, const std::string& shown_once, steady_time now, wall_time at, int status);

/// What a POST, PUT, PATCH or DELETE comes to.
struct virtual_key_asked {
  std::optional<virtual_key_book::change> change;
  std::string what;                              ///< "created", "updated", "rotated", "revoked"
  admin_answer refusal;                          ///< when there is no change
};
[[nodiscard]] virtual_key_asked virtual_key_change(const virtual_key_book& book, const admin_question& question, wall_time now);

}  // namespace switchyard::actors
