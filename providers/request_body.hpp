// Reading a client's body once: the facts routing needs and the places that may have to change. One reader, a grammar per operation.
#pragma once

#include "base/result.hpp"
#include "providers/api_request.hpp"

#include <span>
#include <string_view>

namespace switchyard::providers {

/// What the required member must be.
enum class required_shape { objects, objects_or_one, text_or_array, text_array_or_absent, array, object };

/// Where an operation's body has what the reader looks for.
struct body_grammar {
  std::string_view required;                            ///< "messages"
  required_shape shape = required_shape::objects;
  bool model_in_body = true;
  bool stream_in_body = true;
  /// Members that bound the output, JSON pointers; an earlier one beats a later one: {"/max_completion_tokens", "/max_tokens"}.
  std::span<const std::string_view> limits;
  std::span<const std::string_view> input_text;         ///< further members whose text is input: {"instructions"}
  std::span<const std::string_view> input_schemas;      ///< further members whose names count as well as their text: {"tools"}
  /// With text_array_or_absent: one of these may stand in for the required member.
  std::span<const std::string_view> instead;
};

/// See ingress::parse(). Members the grammar does not know are left to the provider, whatever they are called.
[[nodiscard]] result<api_request> read_request_body(const body_grammar& grammar, const operation_target& where, std::string_view body);

}  // namespace switchyard::providers
